/**
 * Runs one job: a try, and while tries are left, a wait and the next try.
 *
 * Each try is a fiber, and so is each wait. What follows when one ends is plain code in its observer, which makes a job log of
 * each try and hands it to the job's `Host`: most jobs end with their first try and need nothing more. The runner sends nothing
 * and decides nothing about other jobs.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
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
 * Begins to run a job. Its host is told of each try that ended, and once that the job has: with the log of its last try, or
 * without one when it was interrupted while it waited for another. That may be before `start` returns.
 */
export const start = (running: RunningJob, prepared: PreparedJob): void => {
  const { host } = running
  running.startedAt = host.clock.currentTimeMillisUnsafe()
  // Asked to end before it began, a type with a `stop` would never hear of it.
  const attempt = running.stopReason === undefined ? Effect.suspend(() => prepared.run(running)) : Effect.interrupt
  const fiber = host.fork(attempt)
  running.fiber = fiber
  // A job that asked for a stop in its very first step was not to be reached then.
  if (running.stopReason !== undefined && prepared.stop === undefined) interruptUnsafe(fiber, running.stopReason)
  const { timeout } = running.spec
  if (timeout && fiber.pollUnsafe() === undefined) running.timeTry(timeout)
  whenOver(running, fiber, (exit) => endTry(running, prepared, exit))
}

/** Goes on when a fiber is over, at once where it is; a job whose runner breaks is over. */
const whenOver = <A, E>(
  running: RunningJob,
  fiber: Fiber.Fiber<A, E>,
  goOn: (exit: Exit.Exit<A, E>) => void
): void => {
  const guarded = (exit: Exit.Exit<A, E>) => {
    try {
      goOn(exit)
    } catch (defect) {
      running.host.jobEnded(running, broken(running, Cause.die(defect)))
    }
  }
  const exit = fiber.pollUnsafe()
  if (exit === undefined) fiber.addObserver(guarded)
  else guarded(exit)
}

/** Does something that must not be cut off, and goes on with what it returns. */
const afterwards = <A>(running: RunningJob, effect: Effect.Effect<A>, goOn: (value: A) => void): void =>
  whenOver(running, running.host.fork(effect, { uninterruptible: true }), (exit) => {
    if (Exit.isSuccess(exit)) goOn(exit.value)
    else running.host.jobEnded(running, broken(running, exit.cause))
  })

const endTry = (running: RunningJob, prepared: PreparedJob, exit: Exit.Exit<unknown, unknown>): void => {
  running.endTryTimers()
  const own = Exit.isSuccess(exit) ? endOfValue(running, prepared, exit.value) : endOfCause(running, exit.cause)
  const end = endOfAsked(running, own)
  const finishedAt = running.host.clock.currentTimeMillisUnsafe()
  if (running.isQuiet) return goOn(running, prepared, end, logOf(running, end, noOutput, finishedAt))
  afterwards(running, outputOf(running), (output) => {
    goOn(running, prepared, end, logOf(running, end, output, finishedAt))
  })
}

/** Waits for the type's `stop`, where it was asked, and then takes what the try has written. */
const outputOf = (running: RunningJob): Effect.Effect<OutputTail> =>
  Effect.flatMap(running.stopEnded, () => {
    if (!running.hasWritten) return Effect.succeed(noOutput)
    running.hasWritten = false
    return running.host.output.end(running)
  })

/** Ends the job with a try's log, or waits and tries again. */
const goOn = (running: RunningJob, prepared: PreparedJob, end: End, log: JobLog): void => {
  const { host } = running
  if (log.state === "COMPLETE" || log.state === "STOPPED") return host.jobEnded(running, log)
  const failure = { error: end.failure, exit: log.exit, message: log.error }
  running.failure = failure
  if (running.interruption !== undefined || running.isLastTry) return host.jobEnded(running, log)
  const { retry } = prepared
  if (retry === undefined && !running.spec.retryPolicy) {
    if (running.retriesLeft > 0) return tryAgain(running, prepared, log, running.retryWait)
    return host.jobEnded(running, log)
  }
  afterwards(running, Retrying.decide(running, retry, failure), (decision) => {
    if ("wait" in decision && !running.isLastTry) return tryAgain(running, prepared, log, decision.wait)
    if ("refusal" in decision) running.refusal = decision.refusal
    host.jobEnded(running, log)
  })
}

const tryAgain = (running: RunningJob, prepared: PreparedJob, log: JobLog, milliseconds: number): void => {
  const { host } = running
  const recorded = Deferred.makeUnsafe<void>()
  running.latestTry++
  running.recovered = false
  running.isWaiting = true
  running.wait = milliseconds
  // At the earliest: the wait begins when the end of the try is recorded.
  running.waitsUntil = log.finishedAt + milliseconds
  running.startedAt = log.finishedAt
  running.recorded = recorded
  running.beginTry()
  host.tryEnded(running, log)
  const fiber = host.fork(Effect.andThen(Deferred.await(recorded), Effect.sleep(milliseconds)))
  running.fiber = fiber
  // It may have been interrupted since its try ended.
  if (running.interruption !== undefined) interruptUnsafe(fiber, running.interruption)
  whenOver(running, fiber, (waited) => {
    // The interruption may have come just after the wait.
    if (Exit.isFailure(waited) || running.interruption !== undefined) return host.jobEnded(running, endOfWait(running))
    running.isWaiting = false
    start(running, prepared)
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
