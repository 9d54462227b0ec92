/**
 * Runs a chain from its first job to its outcome. To follow a chain through the engine, start here.
 *
 * `run` begins a `Traversal` and lets the running `JobReaper` work through what happens; `stop` and `suspend` interrupt
 * what runs and swap the reaper for theirs. Whichever reaper is at work when all is over finalizes: the outcome is kept,
 * the final state or suspended chain is sent, exactly once, and everyone who waits for the result gets it.
 *
 * ```
 *            run                    all done
 *   (made) ───────► running ─────────────────────► over: COMPLETE, FAIL
 *      │               │ stop      ┌──────────┐
 *      │               ├─────────► │ stopping │ ──► over: COMPLETE, FAIL, STOPPED
 *      └─ stop, ───────┤ timeout   └──────────┘
 *         suspend      │ suspend   ┌────────────┐
 *                      └─────────► │ suspending │ ──► over: COMPLETE, FAIL, SUSPENDED
 *                                  └────────────┘
 * ```
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import * as Chain from "../domain/Chain.ts"
import type * as Explanation from "../domain/Explanation.ts"
import type { SuspendedJobChain } from "../domain/JobChain.ts"
import type { JobData } from "../domain/JobData.ts"
import * as JobState from "../domain/JobState.ts"
import type { JobStatus } from "../domain/Request.ts"
import type { Signal } from "../domain/Signal.ts"
import type { ChainEvent } from "./ChainEvent.ts"
import * as ChainResult from "./ChainResult.ts"
import * as Finalizing from "./Finalizing.ts"
import type { Happening } from "./Happening.ts"
import * as JobReaper from "./JobReaper.ts"
import * as ReaperFactory from "./ReaperFactory.ts"
import type { Resumption } from "./Resumption.ts"
import type { RunningJob } from "./RunningJob.ts"
import * as Traversal from "./Traversal.ts"
import type { TraversalServices } from "./TraversalServices.ts"

/** The process is shutting down: chains are being suspended, and none is started or stopped any more. */
export class ShuttingDown extends Schema.TaggedError<ShuttingDown>()("ShuttingDown", { requestId: Schema.String }) {
  override get message(): string {
    return `Shutting down: the chain of request "${this.requestId}" is being suspended or was not started`
  }
}

/** The chain was stopped, and is over, but the clean-up of some of its jobs failed. */
export class StopFailed extends Schema.TaggedError<StopFailed>()("StopFailed", {
  requestId: Schema.String,
  state: JobState.JobState,
  failures: Schema.Array(Schema.Struct({ jobId: Schema.String, reason: Schema.String }))
}) {
  override get message(): string {
    return `The chain of request "${this.requestId}" is ${this.state}, but not every job could be stopped cleanly:` +
      this.failures.map(({ jobId, reason }) => `\n  ${jobId}: ${reason}`).join("")
  }
}

/** The chain is over here and takes no more signals: it has ended, or is suspended and goes on elsewhere. */
export class ChainOver extends Schema.TaggedError<ChainOver>()("ChainOver", { requestId: Schema.String }) {
  override get message(): string {
    return `The chain of request "${this.requestId}" is over here and takes no more signals`
  }
}

export interface Traverser {
  readonly requestId: string
  /**
   * Runs the chain and returns its result. Run again, it returns the same result. Interrupted, it suspends the chain,
   * waits for that, and leaves the result to `result`.
   */
  readonly run: Effect.Effect<ChainResult.ChainResult>
  /**
   * Ends the chain for good and returns its result when all is over. Does nothing to a chain that is over or being
   * stopped; fails with `ShuttingDown`, and changes nothing, while the chain is being suspended or when it has been.
   */
  readonly stop: Effect.Effect<ChainResult.ChainResult, ShuttingDown | StopFailed>
  /** Ends this run of the chain, to be resumed, and returns its result. Does nothing to a chain that is over or being stopped. */
  readonly suspend: Effect.Effect<ChainResult.ChainResult>
  /**
   * Sends the chain a signal, which jobs wait for by `JobContext.takeSignal`; is over when it is kept. Before the chain is run
   * it is kept with the first step of the run. One with an `id` that the chain knows is no second signal.
   */
  readonly signal: (name: string, data?: JobData, id?: string) => Effect.Effect<void, ChainOver>
  /** Waits for the result. */
  readonly result: Effect.Effect<ChainResult.ChainResult>
  /** Returns the status of every job that runs now. */
  readonly running: Effect.Effect<ReadonlyArray<JobStatus>>
  /** Returns where every job of the chain stands now: a snapshot from which it could go on. */
  readonly snapshot: Effect.Effect<SuspendedJobChain>
  /** Says of every job that does not run now why it does not, during the run and after its end. */
  readonly explain: Effect.Effect<ReadonlyArray<Explanation.Explanation>>
  /** What happens, from when the stream is run until the chain is over; first, where every job stands. */
  readonly events: Stream.Stream<ChainEvent>
}

/** What a traverser is made with. */
interface Options {
  readonly services: TraversalServices
  readonly resumption: Resumption
  /** Called when the chain has left its repo. */
  readonly isOver: () => void
}

/** Makes the traverser of a chain that is in its repo. Use `TraverserFactory`. */
export const make = (chain: Chain.Chain, options: Options): Effect.Effect<Traverser> =>
  // Unbounded: a job has at most a few entries at a time, so the chain's size is the bound, and chains can grow.
  Effect.map(Queue.unbounded<Happening>(), (queue) => new ChainTraverser(chain, queue, options))

/**
 * Which reaper is at work, and the moves from one to the next. Each move is one step of plain code.
 *
 * What can be done with it are getters of the class: with many small chains at once, making all of it for each is felt, and
 * getters of an object literal give every object a shape of its own, which keeps dead chains until all garbage is collected. So
 * does a closure that is put into an object after it was made, with V8 13.6.
 */
class ChainTraverser implements Traverser {
  private readonly traversal: Traversal.Traversal
  private readonly isOver: () => void
  private readonly ending = Deferred.makeUnsafe<ChainResult.ChainResult>()
  private phase: "made" | "running" | "stopping" | "suspending" | "over" = "made"
  private reaper: Fiber.Fiber<void> | undefined

  constructor(chain: Chain.Chain, queue: Queue.Queue<Happening>, { isOver, resumption, services }: Options) {
    this.traversal = new Traversal.Traversal(chain, services, queue, resumption, this)
    this.isOver = isOver
  }

  get requestId(): string {
    return this.traversal.requestId
  }

  get run(): Effect.Effect<ChainResult.ChainResult> {
    return Effect.uninterruptibleMask((restore) => {
      this.begin()
      return Effect.onInterrupt(restore(this.result), () => this.suspend)
    })
  }

  get result(): Effect.Effect<ChainResult.ChainResult> {
    return Deferred.await(this.ending)
  }

  get stop(): Effect.Effect<ChainResult.ChainResult, ShuttingDown | StopFailed> {
    return Effect.suspend((): Effect.Effect<ChainResult.ChainResult, ShuttingDown | StopFailed> => {
      const { requestId, stopFailures } = this.traversal
      if (this.phase === "suspending") return Effect.fail(new ShuttingDown({ requestId }))
      if (this.phase === "over" || this.phase === "stopping") {
        // What is suspended goes on elsewhere, and is not stopped by stopping this run of it.
        return Effect.flatMap(
          this.result,
          (result) =>
            result.state === "SUSPENDED" ? Effect.fail(new ShuttingDown({ requestId })) : Effect.succeed(result)
        )
      }
      this.end("stop")
      return Effect.flatMap(this.result, (result) =>
        stopFailures.length === 0
          ? Effect.succeed(result)
          : Effect.fail(new StopFailed({ requestId, state: result.state, failures: stopFailures })))
    })
  }

  get suspend(): Effect.Effect<ChainResult.ChainResult> {
    return Effect.suspend(() => {
      if (this.phase === "made" || this.phase === "running") this.end("suspend")
      return this.result
    })
  }

  get signal(): Traverser["signal"] {
    return (name, data, id) =>
      Effect.suspend(() =>
        this.take({ id: id ?? this.traversal.signals.nextId(), name, ...(data === undefined ? {} : { data }) })
      )
  }

  get running(): Effect.Effect<ReadonlyArray<JobStatus>> {
    const { chain, running } = this.traversal
    return Effect.sync(() => Array.from(running.values(), (one) => statusOf(chain, one)))
  }

  get snapshot(): Effect.Effect<SuspendedJobChain> {
    return Effect.sync(() => Chain.toSuspended(this.traversal.chain))
  }

  get explain(): Effect.Effect<ReadonlyArray<Explanation.Explanation>> {
    return Effect.sync(() => this.traversal.explain())
  }

  get events(): Stream.Stream<ChainEvent> {
    return this.traversal.news.events
  }

  private take(signal: Signal): Effect.Effect<void, ChainOver> {
    const { requestId, signals } = this.traversal
    if (this.phase === "over") return Effect.fail(new ChainOver({ requestId }))
    if (this.phase === "made") return Effect.sync(() => void signals.add(signal))
    return Effect.callback((resume) => {
      const answer = (isKept: boolean) => resume(isKept ? Effect.void : Effect.fail(new ChainOver({ requestId })))
      const sent = { signal, answer }
      signals.expect(sent)
      this.traversal.happen({ _tag: "Signalled", sent })
    })
  }

  private begin(): void {
    if (this.phase !== "made") return
    this.phase = "running"
    this.traversal.begin()
    this.reaper = this.reap(JobReaper.running)
  }

  chainTimedOut(limit: string): void {
    if (this.phase === "running") this.end("timeout", limit)
  }

  private end(reason: "stop" | "suspend" | "timeout", limit?: string): void {
    this.phase = reason === "suspend" ? "suspending" : "stopping"
    this.traversal.interrupt(reason, limit)
    const next = reapers[reason]
    const begin = Effect.sync(() => {
      // The old reaper may have been about to finalize, and has then done so.
      if (this.phase === "over") return
      // It may also have taken in all that happened: the next one looks at least once at where things stand.
      this.traversal.happen({ _tag: "Woken" })
      this.reaper = this.reap(next)
    })
    this.traversal.fork(this.reaper === undefined ? begin : ReaperFactory.swap(this.reaper, begin))
  }

  /** Lets a reaper work until all is over, and finalizes. Only a reaper that is swapped for another one ends without. */
  private reap(reaper: JobReaper.JobReaper): Fiber.Fiber<void> {
    const { traversal } = this
    const step = (batch: ReadonlyArray<Happening>) => Traversal.step(traversal, reaper, batch)
    const work = ReaperFactory.make(traversal.inbox.queue, step, Effect.suspend(() => this.finalize(reaper)))
    const fiber = traversal.fork(work)
    fiber.addObserver((exit) => {
      if (Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause)) this.fail(exit.cause)
    })
    return fiber
  }

  private finalize(reaper: JobReaper.JobReaper): Effect.Effect<void> {
    this.phase = "over"
    return Effect.map(Finalizing.finalize(this.traversal, reaper), (outcome) => {
      this.isOver()
      const { chain, news } = this.traversal
      news.chainEnded(outcome.state, outcome.finishedJobs)
      this.traversal.close()
      Deferred.doneUnsafe(this.ending, Exit.succeed(ChainResult.make(chain, outcome, reaper)))
    })
  }

  /** A layer broke its contract: whoever waits is told, rather than left waiting. */
  private fail(cause: Cause.Cause<never>): void {
    this.phase = "over"
    for (const running of this.traversal.running.values()) running.interrupt("stop")
    this.isOver()
    this.traversal.close()
    Deferred.doneUnsafe(this.ending, Exit.failCause(cause))
  }
}

const reapers = { stop: JobReaper.stopped, suspend: JobReaper.suspended, timeout: JobReaper.timedOut }

const statusOf = (chain: Chain.Chain, running: RunningJob): JobStatus => {
  const { name, type } = chain.jobs[running.job] ?? {}
  return {
    requestId: chain.requestId,
    jobId: running.jobId,
    type: type ?? "",
    name: name ?? "",
    startedAt: running.startedAt,
    state: "RUNNING",
    status: running.isWaiting ? `(retry sleep) ${running.status}` : running.status,
    try: running.try
  }
}
