/**
 * Runs one job: a try, and while tries are left, a wait and the next try.
 *
 * The traverser makes a `RunningJob`, forks `run` as the job's fiber (uninterruptible, so that the last log is kept)
 * and gets a job log of each try. The runner sends nothing and decides nothing about other jobs.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import * as GoDuration from "../domain/GoDuration.ts"
import type { Job } from "../domain/JobChain.ts"
import type { JobData } from "../domain/JobData.ts"
import type { JobLog } from "../domain/JobLog.ts"
import type { JobState } from "../domain/JobState.ts"
import { interruptUnsafe, type Reason } from "./Interruption.ts"
import type { JobContext } from "./JobContext.ts"
import type { JobOutput, OutputTail } from "./JobOutput.ts"
import * as JobResult from "./JobResult.ts"
import type { PreparedJob } from "./JobType.ts"

/** What a running job needs of whoever runs it. */
export interface Host {
  readonly requestId: string
  readonly clock: Clock.Clock
  readonly output: JobOutput["Service"]
  readonly dataOf: (running: RunningJob) => JobData
  readonly setData: (running: RunningJob, data: JobData) => void
  readonly statusChanged: (running: RunningJob) => void
  readonly outputWritten: (running: RunningJob, stream: keyof OutputTail, chunk: Uint8Array) => void
  /** Takes the log of a try after which tries are left, and completes `running.recorded` when it is kept. */
  readonly tryEnded: (running: RunningJob, log: JobLog) => void
}

/** A job that runs or waits between two tries. It is also the `JobContext` that its tries see. */
export class RunningJob implements JobContext {
  readonly host: Host
  /** The job's index in its chain. */
  readonly job: number
  readonly jobId: string
  readonly spec: Job
  try: number
  retriesLeft: number
  fiber: Fiber.Fiber<JobLog | undefined> | undefined = undefined
  prepared: PreparedJob | undefined = undefined
  /** Whether a crash cut this very try off before. */
  recovered = false
  startedAt = 0
  status = ""
  /** Between two tries. */
  isWaiting = false
  /** It is over, or did not stop in time: whatever it, or a fiber it has left behind, still does is ignored. */
  isAbandoned = false
  hasWritten = false
  stopReason: Reason | undefined = undefined
  /** What its clean-up or its type's `stop` failed with, on being interrupted. */
  stopFailure: string | undefined = undefined
  recorded: Deferred.Deferred<void> | undefined = undefined
  private decoders: Record<keyof OutputTail, Decoder> | undefined = undefined
  private stopSignal: Deferred.Deferred<Reason> | undefined = undefined
  /** Done when the type's `stop`, once asked, has ended. */
  private stopping: Deferred.Deferred<void> | undefined = undefined

  constructor(host: Host, job: number, jobId: string, spec: Job, jobTry: number, retriesLeft: number) {
    this.host = host
    this.job = job
    this.jobId = jobId
    this.spec = spec
    this.try = jobTry
    this.retriesLeft = retriesLeft
  }

  get requestId(): string {
    return this.host.requestId
  }

  /** The wait before the job's next try, in milliseconds. */
  get retryWait(): number {
    return GoDuration.parse(this.spec.retryWait ?? "") ?? 0
  }

  get idempotencyKey(): string {
    return `${this.requestId}/${this.jobId}/${this.try}`
  }

  get data(): JobData {
    return this.host.dataOf(this)
  }

  get stopped(): Effect.Effect<Reason> {
    return Effect.suspend(() => {
      if (this.stopReason !== undefined) return Effect.succeed(this.stopReason)
      this.stopSignal ??= Deferred.makeUnsafe()
      return Deferred.await(this.stopSignal)
    })
  }

  setData(data: JobData): Effect.Effect<void> {
    return Effect.sync(() => {
      if (!this.isAbandoned) this.host.setData(this, data)
    })
  }

  setStatus(status: string): Effect.Effect<void> {
    return Effect.sync(() => {
      if (this.isAbandoned) return
      this.status = status
      this.host.statusChanged(this)
    })
  }

  write(stream: keyof OutputTail, chunk: Uint8Array | string): Effect.Effect<void> {
    return Effect.suspend(() => {
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
  interrupt(reason: Reason, fork: (effect: Effect.Effect<unknown, unknown>) => Fiber.Fiber<unknown, unknown>): void {
    if (this.stopReason !== undefined) return
    this.stopReason = reason
    if (this.stopSignal !== undefined) Deferred.doneUnsafe(this.stopSignal, Exit.succeed(reason))
    const { prepared } = this
    if (prepared?.stop !== undefined && !this.isWaiting) {
      // Made first: `stop` may end the job before `fork` returns.
      const stopping = Deferred.makeUnsafe<void>()
      this.stopping = stopping
      fork(Effect.suspend(() => prepared.stop?.(this) ?? Effect.void)).addObserver((exit) => {
        if (Exit.isFailure(exit)) this.stopFailure = describe(exit.cause)
        Deferred.doneUnsafe(stopping, Exit.void)
      })
    }
    // A type with a `stop` runs uninterruptibly: this only ends its wait between tries.
    if (this.fiber !== undefined) interruptUnsafe(this.fiber, reason)
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

type Decoder = InstanceType<typeof TextDecoder>

const encoder = new TextEncoder()

/**
 * Runs a job to the log of its last try; `undefined` when it was interrupted while it waited for another one.
 *
 * Written with plain functions and one frame a try: a generator costs more than all else that the engine does for a job.
 */
export const run = (running: RunningJob, prepared: PreparedJob): Effect.Effect<JobLog | undefined> => {
  running.startedAt = running.host.clock.currentTimeMillisUnsafe()
  // Asked to end before it began, a type with a `stop` would never hear of it.
  const attempt = Effect.suspend(() => running.stopReason === undefined ? prepared.run(running) : Effect.interrupt)
  return Effect.matchCauseEffect(prepared.stop === undefined ? Effect.interruptible(attempt) : attempt, {
    onFailure: (cause) => endTry(running, prepared, endOfCause(running, cause)),
    onSuccess: (value) => endTry(running, prepared, endOfValue(running, prepared, value))
  })
}

const endTry = (running: RunningJob, prepared: PreparedJob, own: End): Effect.Effect<JobLog | undefined> => {
  const end = stoppedUnlessComplete(running, own)
  const finishedAt = running.host.clock.currentTimeMillisUnsafe()
  return running.isQuiet
    ? goOn(running, prepared, logOf(running, end, noOutput, finishedAt))
    : Effect.flatMap(outputOf(running), (output) => goOn(running, prepared, logOf(running, end, output, finishedAt)))
}

/** Waits for the type's `stop`, where it was asked, and then takes what the try has written. */
const outputOf = (running: RunningJob): Effect.Effect<OutputTail> =>
  Effect.flatMap(running.stopEnded, () => {
    if (!running.hasWritten) return Effect.succeed(noOutput)
    running.hasWritten = false
    return running.host.output.end(running)
  })

/** Ends the job with a try's log, or waits and tries again. */
const goOn = (running: RunningJob, prepared: PreparedJob, log: JobLog): Effect.Effect<JobLog | undefined> => {
  if (log.state === "COMPLETE" || log.state === "STOPPED" || running.retriesLeft <= 0) return Effect.succeed(log)
  running.retriesLeft--
  running.recovered = false
  running.isWaiting = true
  running.startedAt = log.finishedAt
  running.recorded = Deferred.makeUnsafe()
  running.host.tryEnded(running, log)
  const wait = Effect.andThen(Deferred.await(running.recorded), Effect.sleep(running.retryWait))
  return Effect.flatMap(Effect.exit(Effect.interruptible(wait)), (waited) => {
    // The interruption may have come just after the wait.
    if (Exit.isFailure(waited) || running.stopReason !== undefined) return Effect.succeed(undefined)
    running.isWaiting = false
    return run(running, prepared)
  })
}

/** Returns the log of a job that could not be made. */
export const unmade = (running: RunningJob, reason: string): JobLog =>
  logOf(running, failed(`problem creating job runner: ${reason}`), noOutput, 0)

/** Returns the log of a job that is not run again, because too many crashes met it. */
export const givenUp = (running: RunningJob, reason: string): JobLog => logOf(running, failed(reason), noOutput, 0)

/** Returns the log of a job that did not stop in time. */
export const tooLate = (running: RunningJob, output: OutputTail): JobLog =>
  logOf(running, failed("job did not stop in time"), output, running.host.clock.currentTimeMillisUnsafe())

/** Returns the log of a job whose runner itself broke, which is a defect in a layer it uses. */
export const broken = (running: RunningJob, cause: Cause.Cause<unknown>): JobLog =>
  logOf(running, failed(describe(cause)), noOutput, running.host.clock.currentTimeMillisUnsafe())

export const noOutput: OutputTail = { stdout: "", stderr: "" }

type End = Omit<JobResult.JobResultFields, "data" | "runError">

const logOf = (running: RunningJob, end: End, output: OutputTail, finishedAt: number): JobLog => ({
  requestId: running.requestId,
  jobId: running.jobId,
  try: running.try,
  name: running.spec.name ?? "",
  type: running.spec.type ?? "",
  startedAt: running.startedAt,
  finishedAt,
  state: end.state,
  exit: end.exit,
  error: end.error,
  stdout: end.stdout ?? output.stdout,
  stderr: end.stderr ?? output.stderr
})

const failed = (error: string): End => ({ state: "FAIL", exit: 1, error })

/** After an interruption everything but COMPLETE is STOPPED. */
const stoppedUnlessComplete = (running: RunningJob, end: End): End =>
  running.stopReason === undefined || end.state === "COMPLETE" || end.state === "STOPPED"
    ? end
    : { ...end, state: "STOPPED" }

const succeeded: End = { state: "COMPLETE", exit: 0, error: "" }

const endOfValue = (running: RunningJob, prepared: PreparedJob, value: unknown): End => {
  if (JobResult.isJobResult(value)) {
    if (value.data !== undefined) keep(running, value.data)
    const state = canEndAs[value.state] ? value.state : "UNKNOWN"
    return { ...value, state, error: value.runError || value.error }
  }
  if (typeof value !== "object" || value === null) return succeeded
  const data = prepared.toData?.(value) ?? Result.succeed(value as JobData)
  if (Result.isFailure(data)) {
    return failed(`the data it returned does not fit: ${data.failure.message}`)
  }
  keep(running, data.success)
  return succeeded
}

const canEndAs: Readonly<Record<JobState, boolean>> = {
  COMPLETE: true,
  FAIL: true,
  STOPPED: true,
  UNKNOWN: true,
  PENDING: false,
  RUNNING: false,
  SUSPENDED: false
}

const keep = (running: RunningJob, data: JobData): void => {
  if (!running.isAbandoned) running.host.setData(running, data)
}

const endOfCause = (running: RunningJob, cause: Cause.Cause<unknown>): End => {
  const isOwn = cause.reasons.some((reason) => !Cause.isInterruptReason(reason))
  if (!isOwn) return { state: "STOPPED", exit: 1, error: `interrupted: ${running.stopReason ?? "by itself"}` }
  const error = describe(cause)
  if (running.stopReason !== undefined && Cause.hasInterrupts(cause)) running.stopFailure = error
  return failed(error)
}

/** A cause in one line for the job log: a failure by its message, a defect as a panic. */
const describe = (cause: Cause.Cause<unknown>): string => {
  const failure = cause.reasons.find(Cause.isFailReason)
  if (failure !== undefined) return messageOf(failure.error)
  const defect = cause.reasons.find(Cause.isDieReason)
  return defect === undefined ? "interrupted" : `panic from job.Run: ${messageOf(defect.defect)}`
}

const messageOf = (error: unknown): string => {
  if (error instanceof Error) return error.message || error.name
  if (typeof error === "string") return error
  if (typeof error === "object" && error !== null && "message" in error) return String(error.message)
  return JSON.stringify(error) ?? String(error)
}
