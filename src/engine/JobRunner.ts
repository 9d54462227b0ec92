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
import * as Result from "effect/Result"
import type { JobData } from "../domain/JobData.ts"
import type { JobLog } from "../domain/JobLog.ts"
import type { JobState } from "../domain/JobState.ts"
import * as Failure from "./Failure.ts"
import type { OutputTail } from "./JobOutput.ts"
import * as JobResult from "./JobResult.ts"
import type { PreparedJob } from "./JobType.ts"
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
  logOf(running, failed(Failure.describe(cause)), noOutput, running.host.clock.currentTimeMillisUnsafe())

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
  const error = Failure.describe(cause)
  if (running.stopReason !== undefined && Cause.hasInterrupts(cause)) running.stopFailure = error
  return failed(error)
}
