/**
 * A job that runs or waits between two tries, with what is known of it meanwhile. It is also the `JobContext` of its tries.
 *
 * The traverser makes one and `JobRunner.start` runs it; what it needs of the traverser is its `Host`.
 *
 * A job is interrupted once, for good (`interrupt`); a try of it may also be asked to end because it takes too long
 * (`timeOutTry`), and the job then goes on. Either way the type's `stop` is asked where there is one, and what does not end
 * within the grace time is interrupted all the same.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as GoDuration from "../domain/GoDuration.ts"
import type { Job } from "../domain/JobChain.ts"
import type { JobData } from "../domain/JobData.ts"
import type { JobLog } from "../domain/JobLog.ts"
import * as Failure from "./Failure.ts"
import { interruptUnsafe, type Reason } from "./Interruption.ts"
import type { JobContext } from "./JobContext.ts"
import type { JobOutput, OutputTail } from "./JobOutput.ts"
import type { PreparedJob } from "./JobType.ts"
import type { Fork } from "./Reporter.ts"
import type { ScheduleStep, TryFailure } from "./TypeRetrying.ts"

/** What a running job needs of whoever runs it. */
export interface Host {
  readonly requestId: string
  readonly clock: Clock.Clock
  readonly output: JobOutput["Service"]
  readonly fork: Fork
  /** The grace time of jobs that do not say their own, in milliseconds. */
  readonly stopGrace: number | undefined
  readonly dataOf: (running: RunningJob) => JobData
  readonly setData: (running: RunningJob, data: JobData) => void
  readonly statusChanged: (running: RunningJob) => void
  readonly takeSignal: (
    running: RunningJob,
    name: string,
    timeout: Duration.Input
  ) => Effect.Effect<JobData | undefined>
  readonly outputWritten: (running: RunningJob, stream: keyof OutputTail, chunk: Uint8Array) => void
  /** How long the job has run in this try of its sequence, in milliseconds. */
  readonly elapsedOf: (running: RunningJob) => number
  /** Takes the log of a try after which tries are left, and completes `running.recorded` when it is kept. */
  readonly tryEnded: (running: RunningJob, log: JobLog) => void
  /** Takes the end of the job: the log of its last try, none where it was interrupted while it waited for another one. */
  readonly jobEnded: (running: RunningJob, log: JobLog | undefined) => void
  /** Gives up on the job if it does not end soon: it was told to, because it takes too long. */
  readonly expectEnd: (running: RunningJob) => void
}

/** A job that runs or waits between two tries. It is also the `JobContext` that its tries see. */
export class RunningJob implements JobContext {
  readonly host: Host
  /** The job's index in its chain. */
  readonly job: number
  readonly jobId: string
  readonly spec: Job
  try: number
  /** The number of this try among those of this sequence try. */
  latestTry: number
  /** Of its try, or of its wait between two tries. */
  fiber: Fiber.Fiber<unknown, unknown> | undefined = undefined
  prepared: PreparedJob | undefined = undefined
  /** Ids of the signals that this try has taken. */
  signals: ReadonlyArray<string> = noSignals
  /** Why its condition could not be told: it fails without being run. */
  unclear: string | undefined = undefined
  /** Whether a crash cut this very try off before. */
  recovered = false
  startedAt = 0
  status = ""
  /** Between two tries. */
  isWaiting = false
  /** The wait between the tries, in milliseconds. */
  wait = 0
  /** When it is over, in Unix milliseconds. */
  waitsUntil = 0
  /** It is over, or did not stop in time: whatever it, or a fiber it has left behind, still does is ignored. */
  isAbandoned = false
  hasWritten = false
  /** Why the job is interrupted for good. */
  interruption: Reason | undefined = undefined
  /** Which limit the try, or the job, has gone beyond. */
  limit: string | undefined = undefined
  /** It was told to end with this try, however that ends. */
  isLastTry = false
  /** How its last try failed. */
  failure: TryFailure | undefined = undefined
  /** Why it does not try again after that. */
  refusal: string | undefined = undefined
  /** What its clean-up or its type's `stop` failed with, on being interrupted. */
  stopFailure: string | undefined = undefined
  recorded: Deferred.Deferred<void> | undefined = undefined
  /** Gives up on it when it does not end. */
  stopTimer: Fiber.Fiber<unknown> | undefined = undefined
  /** Its type's schedule of tries, where it has got to. */
  scheduleStep: ScheduleStep | undefined = undefined
  /** Why this try was asked to end. */
  private asked: Reason | undefined = undefined
  /** They ask this try to end, or end it. */
  private tryTimers: ReadonlyArray<Fiber.Fiber<unknown>> | undefined = undefined
  private decoders: Record<keyof OutputTail, Decoder> | undefined = undefined
  private stopSignal: Deferred.Deferred<Reason> | undefined = undefined
  /** Done when the type's `stop`, once asked, has ended. */
  private stopping: Deferred.Deferred<void> | undefined = undefined

  constructor(host: Host, job: number, jobId: string, spec: Job, jobTry: number, latestTry: number) {
    this.host = host
    this.job = job
    this.jobId = jobId
    this.spec = spec
    this.try = jobTry
    this.latestTry = latestTry
  }

  get requestId(): string {
    return this.host.requestId
  }

  get stopReason(): Reason | undefined {
    return this.asked
  }

  /** How often the chain lets the job try again after this try. */
  get retriesLeft(): number {
    return Math.max(0, (this.spec.retry ?? 0) + 1 - this.latestTry)
  }

  /** The wait before the job's next try that its chain gives, in milliseconds. */
  get retryWait(): number {
    return GoDuration.parse(this.spec.retryWait ?? "") ?? 0
  }

  get stopGrace(): number | undefined {
    const { stopGrace } = this.spec
    return stopGrace ? GoDuration.parse(stopGrace) : this.host.stopGrace
  }

  get idempotencyKey(): string {
    return `${this.requestId}/${this.jobId}/${this.try}`
  }

  get data(): JobData {
    return this.host.dataOf(this)
  }

  get stopped(): Effect.Effect<Reason> {
    return Effect.suspend(() => {
      if (this.asked !== undefined) return Effect.succeed(this.asked)
      this.stopSignal ??= Deferred.makeUnsafe()
      return Deferred.await(this.stopSignal)
    })
  }

  // What a context can do may be taken out of it, `({ setData }) => …`: so these are getters, which cost a job nothing that
  // does not use them, while functions as fields would cost every job.
  get setData(): JobContext["setData"] {
    return (data) =>
      Effect.sync(() => {
        if (!this.isAbandoned) this.host.setData(this, data)
      })
  }

  get setStatus(): JobContext["setStatus"] {
    return (status) =>
      Effect.sync(() => {
        if (this.isAbandoned) return
        this.status = status
        this.host.statusChanged(this)
      })
  }

  get takeSignal(): JobContext["takeSignal"] {
    return (name, timeout = Duration.infinity) => this.host.takeSignal(this, name, timeout)
  }

  get write(): JobContext["write"] {
    return (stream, chunk) =>
      Effect.suspend(() => {
        if (this.isAbandoned) return Effect.void
        const bytes = typeof chunk === "string" ? encoder.encode(chunk) : chunk
        this.hasWritten = true
        this.host.outputWritten(this, stream, bytes)
        return this.host.output.write(this, stream, bytes)
      })
  }

  /** Returns the decoder of a stream's text, which keeps what is left of a character cut in two. */
  decoder(stream: keyof OutputTail): Decoder {
    this.decoders ??= { stdout: new TextDecoder(), stderr: new TextDecoder() }
    return this.decoders[stream]
  }

  /** Interrupts the job with a reason, or asks its type's `stop`. Only the first reason counts. */
  interrupt(reason: Reason): void {
    if (this.interruption !== undefined) return
    this.interruption = reason
    if (!this.isWaiting) this.askToEnd(reason)
    else if (this.fiber !== undefined) interruptUnsafe(this.fiber, reason)
  }

  /** Interrupts the job for good because it, or what it is part of, takes too long. */
  timeOut(limit: string): void {
    if (this.interruption !== undefined) return
    this.limit ??= limit
    this.interrupt("timeout")
    this.host.expectEnd(this)
  }

  /** Interrupts this try because it takes too long. */
  timeOutTry(limit: string): void {
    if (this.asked !== undefined) return
    this.limit = limit
    this.askToEnd("timeout")
    this.host.expectEnd(this)
  }

  /** Asks this try to end after a time such as "1m30s". */
  timeTry(timeout: string): void {
    const timeOut = Effect.sync(() => this.timeOutTry(`the try took longer than ${timeout}`))
    this.forkTimer(Effect.andThen(Effect.sleep(GoDuration.parse(timeout) ?? 0), timeOut))
  }

  /** Lets this try end by itself, and no other follow. */
  endWithThisTry(reason: Reason): void {
    this.isLastTry = true
    if (this.isWaiting) this.interrupt(reason)
  }

  /** Takes what was asked of the last try back: the next one begins. */
  beginTry(): void {
    if (this.asked === undefined) return
    this.asked = this.interruption
    this.limit = undefined
    this.stopSignal = undefined
    this.stopping = undefined
  }

  private askToEnd(reason: Reason): void {
    if (this.asked !== undefined) return
    this.asked = reason
    if (this.stopSignal !== undefined) Deferred.doneUnsafe(this.stopSignal, Exit.succeed(reason))
    const { prepared } = this
    if (prepared?.stop === undefined) {
      if (this.fiber !== undefined) interruptUnsafe(this.fiber, reason)
      return
    }
    // Made first: `stop` may end the job before `fork` returns.
    const stopping = Deferred.makeUnsafe<void>()
    this.stopping = stopping
    this.host.fork(Effect.suspend(() => prepared.stop?.(this) ?? Effect.void)).addObserver((exit) => {
      if (Exit.isFailure(exit)) this.stopFailure = Failure.describe(exit.cause)
      Deferred.doneUnsafe(stopping, Exit.void)
    })
    const { stopGrace } = this
    if (stopGrace === undefined || this.fiber?.pollUnsafe() !== undefined) return
    const kill = Effect.sync(() => {
      if (this.stopping === stopping && this.fiber !== undefined) interruptUnsafe(this.fiber, reason)
    })
    this.forkTimer(Effect.andThen(Effect.sleep(stopGrace), kill))
  }

  private forkTimer(effect: Effect.Effect<void>): void {
    const timer = this.host.fork(effect)
    this.tryTimers = this.tryTimers === undefined ? [timer] : [...this.tryTimers, timer]
  }

  /** Its try has ended: nothing asks it to end any more. */
  endTryTimers(): void {
    if (this.tryTimers === undefined) return
    for (const timer of this.tryTimers) timer.interruptUnsafe()
    this.tryTimers = undefined
  }

  /** Whether its try leaves nothing to wait for or to fetch when it ends. */
  get isQuiet(): boolean {
    return !this.hasWritten && this.stopping === undefined
  }

  /** Waits for the type's `stop`, where it was asked. */
  get stopEnded(): Effect.Effect<void> {
    return this.stopping === undefined ? Effect.void : Deferred.await(this.stopping)
  }
}

const noSignals: ReadonlyArray<string> = []

type Decoder = InstanceType<typeof TextDecoder>

const encoder = new TextEncoder()
