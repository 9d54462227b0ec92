/**
 * Runs one job: a try, and while tries are left, a wait and the next try.
 *
 * The traverser makes a `RunningJob`, forks `run` as the job's fiber (uninterruptible, so that the last log is kept)
 * and gets a job log of each try. The runner sends nothing and decides nothing about other jobs.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import * as GoDuration from "../domain/GoDuration.ts"
import type { JobData } from "../domain/JobData.ts"
import type { JobLog } from "../domain/JobLog.ts"
import type { JobState } from "../domain/JobState.ts"
import * as Failure from "./Failure.ts"
import { interruptUnsafe } from "./Interruption.ts"
import type { OutputTail } from "./JobOutput.ts"
import * as JobResult from "./JobResult.ts"
import type { PreparedJob } from "./JobType.ts"
import * as Retrying from "./Retrying.ts"
import type { RunningJob } from "./RunningJob.ts"

/**
 * Runs a job to the log of its last try; `undefined` when it was interrupted while it waited for another one.
 *
 * Written with plain functions and one frame a try: a generator costs more than all else that the engine does for a job.
 */
export const run = (running: RunningJob, prepared: PreparedJob): Effect.Effect<JobLog | undefined> => {
  running.startedAt = running.host.clock.currentTimeMillisUnsafe()
  // Asked to end before it began, a type with a `stop` would never hear of it.
  const attempt = Effect.suspend(() => running.stopReason === undefined ? prepared.run(running) : Effect.interrupt)
  return Effect.matchCauseEffect(attemptIn(running, prepared, attempt), {
    onFailure: (cause) => endTry(running, prepared, endOfCause(running, cause)),
    onSuccess: (value) => endTry(running, prepared, endOfValue(running, prepared, value))
  })
}

const attemptIn = (
  running: RunningJob,
  prepared: PreparedJob,
  attempt: Effect.Effect<unknown, unknown>
): Effect.Effect<unknown, unknown> => {
  if (running.needsTryFiber) return onFiberOfItsOwn(running, attempt)
  return prepared.stop === undefined ? Effect.interruptible(attempt) : attempt
}

/** Runs a try so that it can be interrupted without its job: because it takes too long, or to kill it. */
const onFiberOfItsOwn = (
  running: RunningJob,
  attempt: Effect.Effect<unknown, unknown>
): Effect.Effect<unknown, unknown> =>
  Effect.suspend(() => {
    const { host: { fork }, prepared, spec: { timeout } } = running
    const fiber = fork(attempt)
    running.tryFiber = fiber
    // A job that asked for a stop in its very first step was not to be reached then.
    if (running.stopReason !== undefined && prepared?.stop === undefined) interruptUnsafe(fiber, running.stopReason)
    const timer = timeout ? fork(timeOutTry(running, timeout)) : undefined
    return Effect.flatMap(Fiber.await(fiber), (exit) => {
      timer?.interruptUnsafe()
      running.tryFiber = undefined
      return exit
    })
  })

const timeOutTry = (running: RunningJob, timeout: string) =>
  Effect.andThen(
    Effect.sleep(GoDuration.parse(timeout) ?? 0),
    Effect.sync(() => running.timeOutTry(`the try took longer than ${timeout}`))
  )

const endTry = (running: RunningJob, prepared: PreparedJob, own: End): Effect.Effect<JobLog | undefined> => {
  const end = endOfAsked(running, own)
  const finishedAt = running.host.clock.currentTimeMillisUnsafe()
  return running.isQuiet
    ? goOn(running, prepared, end, logOf(running, end, noOutput, finishedAt))
    : Effect.flatMap(
      outputOf(running),
      (output) => goOn(running, prepared, end, logOf(running, end, output, finishedAt))
    )
}

/** Waits for the type's `stop`, where it was asked, and then takes what the try has written. */
const outputOf = (running: RunningJob): Effect.Effect<OutputTail> =>
  Effect.flatMap(running.stopEnded, () => {
    if (!running.hasWritten) return Effect.succeed(noOutput)
    running.hasWritten = false
    return running.host.output.end(running)
  })

/** Ends the job with a try's log, or waits and tries again. */
const goOn = (
  running: RunningJob,
  prepared: PreparedJob,
  end: End,
  log: JobLog
): Effect.Effect<JobLog | undefined> => {
  if (log.state === "COMPLETE" || log.state === "STOPPED") return Effect.succeed(log)
  const failure = { error: end.failure, exit: log.exit, message: log.error }
  running.failure = failure
  if (running.interruption !== undefined || running.isLastTry) return Effect.succeed(log)
  const { retry } = prepared
  if (retry === undefined && !running.spec.retryPolicy) {
    return running.retriesLeft > 0 ? tryAgain(running, prepared, log, running.retryWait) : Effect.succeed(log)
  }
  return Effect.flatMap(Retrying.decide(running, retry, failure), (decision) => {
    if ("wait" in decision && !running.isLastTry) return tryAgain(running, prepared, log, decision.wait)
    if ("refusal" in decision) running.refusal = decision.refusal
    return Effect.succeed(log)
  })
}

const tryAgain = (
  running: RunningJob,
  prepared: PreparedJob,
  log: JobLog,
  milliseconds: number
): Effect.Effect<JobLog | undefined> => {
  running.latestTry++
  running.recovered = false
  running.isWaiting = true
  running.wait = milliseconds
  // At the earliest: the wait begins when the end of the try is recorded.
  running.waitsUntil = log.finishedAt + milliseconds
  running.startedAt = log.finishedAt
  running.recorded = Deferred.makeUnsafe()
  running.beginTry()
  running.host.tryEnded(running, log)
  const wait = Effect.andThen(Deferred.await(running.recorded), Effect.sleep(milliseconds))
  return Effect.flatMap(Effect.exit(Effect.interruptible(wait)), (waited) => {
    // The interruption may have come just after the wait.
    if (Exit.isFailure(waited) || running.interruption !== undefined) return Effect.succeed(endOfWait(running))
    running.isWaiting = false
    return run(running, prepared)
  })
}

/** A job whose time ran out while it waited has failed with a try that never ran; a stopped one has no log of it. */
const endOfWait = (running: RunningJob): JobLog | undefined =>
  running.limit === undefined || running.interruption !== "timeout" ? undefined : neverRan(running, running.limit)

/** Returns the log of a try that does not run any more, because what it is part of has used up its time. */
export const neverRan = (running: RunningJob, limit: string): JobLog => {
  running.startedAt = 0
  return logOf(running, timedOut(limit), noOutput, 0)
}

/** Returns the log of a job that could not be made. */
export const unmade = (running: RunningJob, reason: string): JobLog =>
  logOf(running, failed(`problem creating job runner: ${reason}`), noOutput, 0)

/** Returns the log of a job that fails without being run, such as one that too many crashes met. */
export const refused = (running: RunningJob, reason: string): JobLog => logOf(running, failed(reason), noOutput, 0)

/** Returns the log of a job that did not stop in time. */
export const tooLate = (running: RunningJob, output: OutputTail): JobLog =>
  logOf(
    running,
    failed(running.limit === undefined ? didNotStop : `timed out: ${running.limit}; ${didNotStop}`),
    output,
    running.host.clock.currentTimeMillisUnsafe()
  )

const didNotStop = "job did not stop in time"

/** Returns the log of a job whose runner itself broke, which is a defect in a layer it uses. */
export const broken = (running: RunningJob, cause: Cause.Cause<unknown>): JobLog =>
  logOf(running, failed(Failure.describe(cause)), noOutput, running.host.clock.currentTimeMillisUnsafe())

export const noOutput: OutputTail = { stdout: "", stderr: "" }

interface End extends Omit<JobResult.JobResultFields, "data" | "runError"> {
  /** What it failed with, where it did with something. */
  readonly failure?: unknown
}

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

const timedOut = (limit: string): End => failed(`timed out: ${limit}`)

/**
 * What a try that was asked to end has ended as. After an interruption everything but COMPLETE is STOPPED; what took too long
 * is FAIL, whatever it says of itself.
 */
const endOfAsked = (running: RunningJob, end: End): End => {
  const { interruption, limit } = running
  if (limit !== undefined && (interruption === undefined || interruption === "timeout")) return timedOut(limit)
  return interruption === undefined || end.state === "COMPLETE" || end.state === "STOPPED"
    ? end
    : { ...end, state: "STOPPED" }
}

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
  const error = Failure.describe(cause)
  if (running.stopReason !== undefined && Cause.hasInterrupts(cause)) running.stopFailure = error
  return { ...failed(error), failure: cause.reasons.find(Cause.isFailReason)?.error }
}
