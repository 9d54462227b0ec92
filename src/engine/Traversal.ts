/**
 * One run of a chain, from its first job to its outcome: the loop behind a `Traverser`.
 *
 * What happens (a job ended, a try ended, a wait is over) goes into one queue. A reaper takes all that waits there and
 * `step` does the rest: reap, checkpoint once, send what the checkpoint reports, start what became able to. The order
 * matters: nothing is reported or started before the checkpoint that says so is kept. Progress is changed only here, by
 * plain code that never waits in between.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Queue from "effect/Queue"
import * as DataFlow from "../domain/DataFlow.ts"
import * as Expansion from "../domain/Expansion.ts"
import * as Explanation from "../domain/Explanation.ts"
import { at } from "../domain/Graph.ts"
import type { Job } from "../domain/JobChain.ts"
import type { JobData } from "../domain/JobData.ts"
import type { JobLog } from "../domain/JobLog.ts"
import * as JobState from "../domain/JobState.ts"
import * as Progress from "../domain/Progress.ts"
import * as Rewind from "../domain/Rewind.ts"
import * as Sequences from "../domain/Sequences.ts"
import { ChainNews } from "./ChainNews.ts"
import { type Checkpoint, forSignal } from "./Checkpoint.ts"
import { CheckpointDraft } from "./CheckpointDraft.ts"
import * as Expander from "./Expander.ts"
import type { Happening } from "./Happening.ts"
import { Inbox } from "./Inbox.ts"
import type { JobOutput, OutputTail } from "./JobOutput.ts"
import * as JobReaper from "./JobReaper.ts"
import { JobStarter } from "./JobStarter.ts"
import * as LanedLine from "./LanedLine.ts"
import type { JobLine } from "./Line.ts"
import { LogSender } from "./LogSender.ts"
import type { Fork } from "./Reporter.ts"
import * as Resumption from "./Resumption.ts"
import * as Retrying from "./Retrying.ts"
import { type Host, RunningJob } from "./RunningJob.ts"
import { type SentSignal, SignalBox } from "./SignalBox.ts"
import { type Skipped, StartConditions } from "./StartConditions.ts"
import { StartQueue } from "./StartQueue.ts"
import { StopTimers } from "./StopTimers.ts"
import { type Limit, TimeLimits } from "./TimeLimits.ts"
import type { TraversalServices } from "./TraversalServices.ts"
import { Waits } from "./Waits.ts"

/** A clean-up that failed when its job was interrupted. */
export interface StopFailure {
  readonly jobId: string
  readonly reason: string
}

/** Whoever moves a chain from one reaper to the next. */
interface Lifecycle {
  /** The chain has used up its time; `limit` is what to say of it. */
  readonly chainTimedOut: (limit: string) => void
}

/** After so many jobs started and ended the loop lets timers, I/O and a stop request through. */
const workPerSlice = 512

export class Traversal implements Host {
  readonly requestId: string
  readonly chain: Progress.Chain
  readonly clock: Clock.Clock
  readonly output: JobOutput["Service"]
  readonly services: TraversalServices
  readonly news: ChainNews
  readonly inbox: Inbox
  readonly fork: Fork
  readonly running = new Map<number, RunningJob>()
  readonly stopFailures: Array<StopFailure> = []
  readonly stopGrace: number | undefined
  /** Whether jobs may still be started: until a stop or suspend. */
  startsJobs = true
  /** Work done since the loop last let others through. */
  work = 0
  readonly starts: StartQueue
  private readonly line: JobLine
  /** How many of its jobs may run at once. */
  private readonly concurrency: number
  private readonly conditions: StartConditions
  /** Made with the first signal that comes or is waited for. */
  private box: SignalBox | undefined = undefined
  private readonly waits: Waits
  readonly limits: TimeLimits
  private readonly stopTimers: StopTimers
  private readonly starter: JobStarter
  /** Jobs whose try a crash has cut off, until they start again. */
  private readonly recovered: Map<number, string>
  private readonly sender: LogSender
  private readonly draft: CheckpointDraft
  private readonly lifecycle: Lifecycle

  constructor(
    chain: Progress.Chain,
    services: TraversalServices,
    queue: Queue.Queue<Happening>,
    resumption: Resumption.Resumption,
    lifecycle: Lifecycle
  ) {
    this.lifecycle = lifecycle
    this.requestId = chain.requestId
    this.chain = chain
    this.clock = services.clock
    this.output = services.output
    this.services = services
    this.inbox = new Inbox(queue)
    this.news = new ChainNews(chain, services.clock)
    this.fork = services.fork
    this.draft = new CheckpointDraft(chain)
    const { stopGrace } = services.settings
    this.stopGrace = stopGrace === undefined ? undefined : Duration.toMillis(stopGrace)
    this.limits = new TimeLimits(chain, services.clock, this.fork, (limit) => {
      this.happen({ _tag: "LimitReached", limit })
    })
    this.waits = new Waits(this.fork, (wait) => this.happen({ _tag: "WaitEnded", wait }))
    const { givenUp, recovered, waits } = Resumption.indexed(resumption, chain.graph)
    this.line = LanedLine.lineFor(
      chain,
      services.limits,
      services.clock,
      this.fork,
      () => this.happen({ _tag: "Woken" })
    )
    this.concurrency = Math.min(services.settings.concurrency, chain.jobChain.limits?.jobs ?? Number.POSITIVE_INFINITY)
    this.starts = new StartQueue(chain, this.line, waits, () => services.random.nextDoubleUnsafe())
    this.conditions = new StartConditions(chain, services.conditions)
    this.recovered = recovered
    this.stopTimers = new StopTimers(this, services.settings.stopTimeout)
    this.starter = new JobStarter(this, services.factory, givenUp)
    this.sender = new LogSender(this)
  }

  /** Puts the runnable jobs in line. */
  begin(): void {
    this.chain.state = JobState.RUNNING
    this.limits.begin()
    this.starts.begin()
    this.happen({ _tag: "Woken" })
    this.news.chainStarted()
  }

  /**
   * Starts nothing more and interrupts what runs; whatever has not ended after the stop timeout is given up. `limit` says which
   * one was reached where the reason is a timeout.
   */
  interrupt(reason: "stop" | "suspend" | "timeout", limit?: string): void {
    this.startsJobs = false
    this.line.standBack()
    if (reason === "stop") this.chain.data.closedAt = this.chain.completed
    for (const job of this.waits.jobs) this.cancelWait(job)
    for (const running of this.running.values()) {
      if (limit !== undefined && running.interruption === undefined) running.limit ??= limit
      running.interrupt(reason)
    }
    this.stopTimers.expectAllToEnd()
    this.news.chainStopping(reason)
  }

  happen(happening: Happening): void {
    this.inbox.add(happening)
  }

  /** Takes in one thing that has happened, in the way of the reaper at work. */
  takeIn(reaper: JobReaper.JobReaper, happening: Happening): void {
    switch (happening._tag) {
      case "JobEnded":
        if (!happening.running.isAbandoned) this.endJob(reaper, happening.running, happening.log, "by itself")
        return
      case "GivenUp":
        if (!happening.running.isAbandoned) this.endJob(reaper, happening.running, happening.log, "given up")
        return
      case "TryEnded":
        if (!happening.running.isAbandoned) this.endTry(happening.running, happening.log)
        return
      case "LogSent":
        return this.sender.sent(happening.pending)
      case "WaitEnded":
        if (this.waits.end(happening.wait)) this.starts.endWait(happening.wait.job)
        return
      case "StopTimedOut":
        for (const [running, log] of happening.logs) {
          if (this.running.get(running.job) !== running) continue
          running.isAbandoned = true
          this.endJob(reaper, running, log, "abandoned")
        }
        return
      case "LimitReached":
        return this.timeOut(happening.limit)
      case "Signalled":
        return this.receive(happening.sent)
      case "Woken":
        return
    }
  }

  /** Moves jobs that may start to RUNNING, up to the limit and to a slice of work; `startJobs` runs them. */
  chooseStarting(): void {
    const { chain, recovered, running } = this
    const { starting } = this.draft
    const workMax = this.work + workPerSlice
    while (
      this.startsJobs && running.size < this.concurrency && starting.length < workPerSlice && this.work < workMax
    ) {
      const job = this.starts.take()
      if (job === undefined) return
      const resumesWait = this.starts.resumesWait(job)
      const wait = this.starts.beginWait(job, this.clock)
      if (wait > 0) {
        const until = this.noteWait(job, this.waitFor(job), wait)
        this.waits.begin(job, wait, until)
        if (resumesWait) this.limits.resumeJob(job)
        continue
      }
      const verdict = this.conditions.judge(job)
      if (verdict?._tag === "Skipped") {
        this.skip(job, verdict)
        continue
      }
      Progress.start(chain, job)
      this.line.admit(job)
      const next = new RunningJob(
        this,
        job,
        chain.graph.ids[job] as string,
        chain.jobs[job] as Job,
        at(chain.totalTries, job),
        at(chain.latestTries, job)
      )
      if (recovered.size > 0) next.recovered = recovered.delete(job)
      next.unclear = verdict?.error
      running.set(job, next)
      starting.push(next)
    }
    // What waits for a place in the chain itself is not to keep other chains from theirs.
    if (running.size >= this.concurrency) this.line.standBack()
  }

  /** Whether anything has come together since the last checkpoint. */
  get hasChanged(): boolean {
    return !this.draft.isEmpty
  }

  /** Brings the times that are measured up to now. */
  settleTimes(): void {
    for (const first of this.limits.settle()) this.draft.changed.push(first)
  }

  /** Makes a checkpoint of what has come together since the last one. */
  checkpointOf(outcome?: JobReaper.RequestOutcome): Checkpoint {
    this.settleTimes()
    return this.draft.take(outcome)
  }

  /** Sends the logs of the checkpoint that was just kept. What is over lets others start. */
  sendLogs(): void {
    this.sender.send(this.draft.takeLogs())
  }

  /** Runs the jobs of the checkpoint that was just kept, or takes their start back where a stop came in between. */
  startJobs(): void {
    const starting = this.draft.takeStarting()
    this.work += starting.length
    for (const running of starting) {
      if (this.startsJobs) this.starter.start(running)
      else this.unstartJob(running)
    }
  }

  /** Whether more jobs can be started right now. */
  get canStart(): boolean {
    return this.startsJobs && this.running.size < this.concurrency && this.starts.hasNext
  }

  /** Whether nothing is left to happen, as the reaper at work sees it: one about to be swapped must not end a run. */
  isOver(reaper: JobReaper.JobReaper): boolean {
    return this.running.size === 0 && this.sender.isIdle && this.waits.isEmpty && !this.hasChanged &&
      reaper.isDone(this.chain)
  }

  /** Lets go of everything that would outlive the run. */
  close(): void {
    this.stopTimers.close()
    this.limits.close()
    this.line.close()
    this.box?.close()
    this.news.close()
  }

  get signals(): SignalBox {
    const { chain, clock, draft } = this
    this.box ??= new SignalBox(chain, draft, clock, (running, isWaiting) => this.noteSignalWait(running, isWaiting))
    return this.box
  }

  /** Tells of the signals that the checkpoint that was just kept has. */
  deliverSignals(): void {
    this.box?.deliver()
  }

  takeSignal(running: RunningJob, name: string, timeout: Duration.Input): Effect.Effect<JobData | undefined> {
    return Effect.suspend(() => {
      const until = this.clock.currentTimeMillisUnsafe() + Duration.toMillis(timeout)
      return this.signals.take(running, name, until)
    })
  }

  /** Says of every job that does not run why it does not. */
  explain(): ReadonlyArray<Explanation.Explanation> {
    const { line, running, starts, waits } = this
    return Explanation.explain(this.chain, {
      waitOf: (job) => {
        const retrying = running.get(job)
        if (retrying?.isWaiting === true) return { for: "retry", until: retrying.waitsUntil }
        const until = waits.untilOf(job)
        // After a crash a job waits here, too, for its own next try.
        return until === undefined ? undefined : { for: this.waitFor(job), until }
      },
      limitOf: (job) =>
        starts.placeOf(job) ??
          line.reasonOf(job) ??
          (running.size < this.concurrency
            ? undefined
            : `${running.size} jobs of the chain at once`),
      heldBy: (job) => starts.heldBy(job)
    })
  }

  dataOf(running: RunningJob): JobData {
    return DataFlow.view(this.chain.data, running.job)
  }

  setData({ job }: RunningJob, data: JobData): void {
    DataFlow.write(this.chain.data, job, data)
    this.draft.changed.push(job)
  }

  elapsedOf({ job }: RunningJob): number {
    return this.limits.elapsedOf(job)
  }

  expectEnd(running: RunningJob): void {
    this.stopTimers.expectEnd(running)
  }

  statusChanged(running: RunningJob): void {
    this.news.statusChanged(running)
  }

  outputWritten(running: RunningJob, stream: keyof OutputTail, chunk: Uint8Array): void {
    this.news.outputWritten(running, stream, chunk)
  }

  tryEnded(running: RunningJob, log: JobLog): void {
    this.happen({ _tag: "TryEnded", running, log })
  }

  jobEnded(running: RunningJob, log: JobLog | undefined): void {
    this.happen({ _tag: "JobEnded", running, log })
  }

  private endJob(
    reaper: JobReaper.JobReaper,
    running: RunningJob,
    ended: JobLog | undefined,
    how: "by itself" | "given up" | "abandoned"
  ): void {
    const { chain } = this
    const { failure, job, stopFailure } = running
    const { expansion, log } = running.spec.each ? Expander.prepare(chain, job, ended) : { log: ended }
    this.running.delete(job)
    running.isAbandoned = true
    running.stopTimer?.interruptUnsafe()
    this.line.release(job)
    this.limits.endJob(job)
    this.work++
    if (stopFailure !== undefined) this.noteStopFailure(running, stopFailure)
    if (log !== undefined) this.addLog(running, log, true)
    const rewound = reaper.reap(chain, {
      job,
      state: log?.state ?? "STOPPED",
      isTooLate: how !== "by itself",
      failed: failure && Retrying.toFailedTry(failure)
    })
    if (JobState.isFailure(at(chain.states, job))) this.noteFailure(running, how)
    if (running.signals.length > 0) this.signals.settle(running, chain.states[job] === JobState.COMPLETE)
    this.draft.changed.push(job)
    const expanded = expansion === undefined ? undefined : this.expand(expansion)
    this.news.jobEnded(job, expanded)
    if (rewound !== undefined) this.rewind(rewound, running)
    if (log === undefined || this.services.repo.keepsReports) this.starts.jobOver(job)
  }

  /** A job has failed for good: keeps what its state does not say. */
  private noteFailure(running: RunningJob, how: "by itself" | "given up" | "abandoned"): void {
    const { job, limit } = running
    const { endings, reasons } = this.chain
    if (how === "abandoned") endings.set(job, "abandoned")
    else if (limit !== undefined) endings.set(job, "timed out")
    reasons.set(job, how === "by itself" ? Retrying.whyNot(this.chain, running) : finalReasons[how])
  }

  /** The instances of a fan-out join the chain in the step in which its first job is COMPLETE. */
  private expand(expansion: Expansion.Expansion): Expansion.Expanded {
    const expanded = Expansion.apply(this.chain, expansion)
    this.draft.added.push(...expanded.added)
    this.draft.changed.push(...expanded.joined, ...expanded.left)
    this.starts.grow(expanded)
    return expanded
  }

  /** A job or sequence has used up its time: what runs of it is interrupted, what waits in it starts in vain. */
  private timeOut(limit: Limit): void {
    const text = this.limits.textOf(limit)
    if (limit.of === "chain") return this.lifecycle.chainTimedOut(text)
    for (const job of this.limits.expire(limit)) {
      this.running.get(job)?.timeOut(text)
      if (this.waits.cancel(job)) this.starts.endWait(job)
    }
  }

  private receive(sent: SentSignal): void {
    if (this.signals.takeIn(sent)) this.news.signalReceived(sent.signal.name)
  }

  /** A store is to know that a crash meets no work then. */
  private noteSignalWait({ isAbandoned, job }: RunningJob, isWaiting: boolean): void {
    if (isAbandoned) return
    this.draft.waiting.push({ job, until: isWaiting ? forSignal : 0 })
    if (isWaiting) this.happen({ _tag: "Woken" })
  }

  /** A stop answers with it; a suspend or rewind has nobody to tell. */
  private noteStopFailure({ interruption, jobId }: RunningJob, reason: string): void {
    if (interruption === "stop") this.stopFailures.push({ jobId, reason })
    else {
      const { requestId } = this
      this.fork(Effect.annotateLogs(Effect.logWarning("The clean-up of a job failed:", reason), { requestId, jobId }))
    }
  }

  private endTry(running: RunningJob, log: JobLog): void {
    this.addLog(running, log, false)
    if (running.signals.length > 0) this.signals.settle(running, false)
    // A job that waits between tries is already on its next one.
    Progress.countTry(this.chain, running.job, 1)
    running.try = at(this.chain.totalTries, running.job)
    running.stopTimer?.interruptUnsafe()
    this.limits.elapsedOf(running.job)
    this.draft.changed.push(running.job)
    running.waitsUntil = this.noteWait(running.job, "retry", running.wait)
  }

  private addLog(running: RunningJob, log: JobLog, isLast: boolean): void {
    this.draft.logs.push({ running, log, isLast })
    if (isLast && !this.services.repo.keepsReports) this.starts.beginReport(running.job)
    this.news.tryEnded(log)
  }

  /** The next try of a sequence: what still runs of the last one is interrupted, and its first job held back until then. */
  private rewind({ first, running }: JobReaper.Rewound, failed: RunningJob): void {
    const { chain, starts } = this
    const extent = Rewind.presentExtent(chain, first)
    const letsFinish = chain.jobs[first]?.sequenceSiblings === "finish"
    for (const job of extent) this.cancelWait(job)
    for (const job of running) {
      if (letsFinish) this.running.get(job)?.endWithThisTry("rewind")
      else this.running.get(job)?.interrupt("rewind")
    }
    this.limits.rewind(first, extent)
    starts.hold(first, extent.filter((job) => this.running.has(job) || starts.isReporting(job)))
    for (const job of extent) this.noteRewound(job)
    this.news.sequenceRewound(first, extent, failed)
  }

  /** What comes right after a rewound job outside of the extent may have another base now. */
  private noteRewound(job: number): void {
    const { ends, starts, targets } = this.chain.graph.next
    this.draft.changed.push(job)
    for (let edge = at(starts, job); edge < at(ends, job); edge++) this.draft.changed.push(at(targets, edge))
  }

  private cancelWait(job: number): void {
    if (this.waits.cancel(job)) this.starts.cancelWait(job)
  }

  /** What a job waits for that does not run. */
  private waitFor(job: number): "retry" | "sequenceRetry" {
    return Sequences.isFirst(this.chain.sequences, job) ? "sequenceRetry" : "retry"
  }

  /** Returns until when, in Unix milliseconds. */
  private noteWait(job: number, reason: "retry" | "sequenceRetry", milliseconds: number): number {
    const until = this.clock.currentTimeMillisUnsafe() + milliseconds
    this.draft.waiting.push({ job, until })
    this.news.jobWaiting(job, reason, until)
    return until
  }

  private skip(job: number, skipped: Skipped): void {
    this.work++
    this.draft.changed.push(job)
    const expanded = this.chain.jobs[job]?.each ? this.expand(Expansion.toNothing(this.chain, job)) : undefined
    this.limits.skipJob(job)
    this.starts.jobOver(job)
    this.news.jobSkipped(job, skipped, expanded)
  }

  private unstartJob(running: RunningJob): void {
    this.running.delete(running.job)
    this.line.release(running.job)
    Progress.unstart(this.chain, running.job)
    this.draft.changed.push(running.job)
  }
}

/**
 * Takes in all that has happened and acts on it; returns whether the run is over.
 *
 * What happens meanwhile is taken in too, since jobs that need not wait for anything end where they are started: a way
 * through the reaper's stream for each would cost more than the job. Not after a stop or suspend: then the next reaper
 * is waiting for its turn.
 */
export const step = Effect.fnUntraced(function*(
  traversal: Traversal,
  reaper: JobReaper.JobReaper,
  batch: ReadonlyArray<Happening>
) {
  let happened = batch
  traversal.inbox.begin()
  do {
    for (const happening of happened) traversal.takeIn(reaper, happening)
    traversal.chooseStarting()
    if (traversal.hasChanged) {
      const kept = traversal.services.repo.set(traversal.checkpointOf())
      // The memory layer has nothing to wait for, and going round by the fiber for that would be felt.
      if (kept !== Effect.void) yield* kept
    }
    traversal.deliverSignals()
    traversal.sendLogs()
    traversal.startJobs()
    if (traversal.work >= workPerSlice) {
      traversal.work = 0
      yield* Effect.yieldNow
    }
    happened = traversal.startsJobs ? traversal.inbox.take() : nothing
  } while (happened.length > 0 || traversal.canStart)
  traversal.inbox.end()
  return traversal.isOver(reaper)
})

const nothing: ReadonlyArray<Happening> = []

/** Why a job is not tried again whatever its policy says. */
const finalReasons = { "given up": "too many crashes met it", abandoned: "it may still run" }
