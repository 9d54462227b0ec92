/**
 * The signals of a chain that runs, and the jobs that wait for one.
 *
 * ```
 *   comes ─► kept ─► taken by a try ─► the try is COMPLETE: used up
 *              ▲                └────► it ended in another way
 *              └───────────────────────┘
 * ```
 *
 * The first that came goes to the first that takes one. Nobody hears of a signal before the checkpoint that keeps it, and it is gone
 * with the checkpoint in which its job is COMPLETE: a crash loses none and gives none twice.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as JobData from "../domain/JobData.ts"
import type { Chain } from "../domain/Progress.ts"
import type { Signal } from "../domain/Signal.ts"
import { SparseMap, SparseSet } from "../domain/Sparse.ts"
import type { RunningJob } from "./RunningJob.ts"

/** Where the next checkpoint comes together. */
interface Draft {
  readonly signals: Array<Signal>
  readonly usedSignals: Array<string>
}

/** A signal that somebody sends, who is told whether it is kept. */
export interface SentSignal {
  readonly signal: Signal
  readonly answer: (isKept: boolean) => void
}

const noSignals: ReadonlyArray<string> = []

export class SignalBox {
  private readonly chain: Chain
  private readonly draft: Draft
  private readonly clock: Clock.Clock
  /** Called when a job begins to wait for a signal, and when it goes on. */
  private readonly noteWait: (running: RunningJob, isWaiting: boolean) => void
  /** Id of a signal → the job that has taken it. */
  private readonly takers = new SparseMap<string, RunningJob>()
  /** Ids of signals that came and are used up. What this run has seen is the bound. */
  private readonly used = new SparseSet<string>()
  /** Name → those who wait, in the order in which they came. */
  private readonly waiting = new SparseMap<string, Set<Deferred.Deferred<void>>>()
  /** Names of which a signal has come, or is free again, until the next checkpoint is kept. */
  private readonly come = new SparseSet<string>()
  /** Ids of signals of which that checkpoint is the first. */
  private readonly unkept = new SparseSet<string>()
  /** Of which nobody has been told yet. */
  private readonly unanswered = new SparseSet<SentSignal>()
  /** Those of them that the next checkpoint keeps. */
  private takenIn: Array<SentSignal> = []
  private numbered = 0

  constructor(
    chain: Chain,
    draft: Draft,
    clock: Clock.Clock,
    noteWait: (running: RunningJob, isWaiting: boolean) => void
  ) {
    this.chain = chain
    this.draft = draft
    this.clock = clock
    this.noteWait = noteWait
  }

  /** Returns an id that no signal of this chain has. */
  nextId(): string {
    for (;;) {
      const id = `${++this.numbered}`
      if (!this.chain.signals.has(id) && !this.used.has(id)) return id
    }
  }

  /** Takes note of a signal that is on its way to `takeIn`. */
  expect(sent: SentSignal): void {
    this.unanswered.add(sent)
  }

  /** Keeps a signal with the next checkpoint. Returns whether it is a new one. */
  takeIn(sent: SentSignal): boolean {
    this.takenIn.push(sent)
    return this.add(sent.signal)
  }

  /** Keeps a signal, unless it is known. Returns whether it is a new one. */
  add(signal: Signal): boolean {
    if (this.chain.signals.has(signal.id) || this.used.has(signal.id)) return false
    this.chain.signals.set(signal.id, signal)
    this.draft.signals.push(signal)
    this.unkept.add(signal.id)
    this.come.add(signal.name)
    return true
  }

  /** Answers those who sent what has come, and wakes those who wait for it. The checkpoint that says so is kept. */
  deliver(): void {
    if (this.takenIn.length > 0) {
      for (const sent of this.takenIn) if (this.unanswered.delete(sent)) sent.answer(true)
      this.takenIn = []
    }
    if (this.come.size === 0) return
    const waiters = Array.from(this.come).flatMap((name) => [...this.waiting.get(name) ?? []])
    this.come.clear()
    this.unkept.clear()
    for (const waiter of waiters) Deferred.doneUnsafe(waiter, Exit.void)
  }

  /** Nothing is kept any more. */
  close(): void {
    for (const { answer } of this.unanswered) answer(false)
    this.unanswered.clear()
  }

  /**
   * Waits for a signal and takes it: its data, or `undefined` where none has come in time.
   *
   * Taking is one step in which nobody comes between: an interruption or the end of the time never loses a signal.
   */
  take(running: RunningJob, name: string, until: number): Effect.Effect<JobData.JobData | undefined> {
    return Effect.uninterruptibleMask((restore) => {
      const look: Effect.Effect<JobData.JobData | undefined> = Effect.suspend(() => {
        const data = this.claim(running, name)
        if (data !== undefined) return Effect.succeed(data)
        const left = until - this.clock.currentTimeMillisUnsafe()
        if (left <= 0) return Effect.succeed(undefined)
        const arrival = this.arrivalOf(running, name)
        if (left === Number.POSITIVE_INFINITY) return Effect.andThen(restore(arrival), look)
        // Who was woken in the last moment has a look, too.
        return Effect.flatMap(
          restore(Effect.timeoutOption(arrival, left)),
          (come) => Option.isSome(come) ? look : Effect.sync(() => this.claim(running, name))
        )
      })
      return look
    })
  }

  /** A try has ended: what it took is used up where its job is COMPLETE, else free again. */
  settle(running: RunningJob, isComplete: boolean): void {
    for (const id of running.signals) {
      this.takers.delete(id)
      const signal = this.chain.signals.get(id)
      if (signal === undefined) continue
      if (isComplete) {
        this.chain.signals.delete(id)
        this.used.add(id)
        this.draft.usedSignals.push(id)
      } else {
        this.come.add(signal.name)
      }
    }
    running.signals = noSignals
  }

  private claim(running: RunningJob, name: string): JobData.JobData | undefined {
    if (running.isAbandoned) return undefined
    for (const { data, id, name: other } of this.chain.signals.values()) {
      if (other !== name || this.takers.has(id) || this.unkept.has(id)) continue
      this.takers.set(id, running)
      running.signals = [...running.signals, id]
      return data ?? JobData.empty
    }
    return undefined
  }

  private arrivalOf(running: RunningJob, name: string): Effect.Effect<void> {
    return Effect.suspend(() => {
      const waiter = Deferred.makeUnsafe<void>()
      const waiters = this.waiting.get(name) ?? new Set()
      this.waiting.set(name, waiters.add(waiter))
      this.chain.awaited.set(running.job, name)
      this.noteWait(running, true)
      const done = Effect.sync(() => {
        waiters.delete(waiter)
        if (waiters.size === 0) this.waiting.delete(name)
        this.chain.awaited.delete(running.job)
        this.noteWait(running, false)
      })
      return Effect.ensuring(Deferred.await(waiter), done)
    })
  }
}
