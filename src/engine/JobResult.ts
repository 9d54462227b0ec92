/**
 * What a job says of a try when it wants to say everything itself.
 *
 * A job that just succeeds, with or without data, is COMPLETE; one that fails is FAIL. A job that knows an exit code, or
 * ends in another state, succeeds with a `JobResult` instead (spincycle job.Return).
 *
 * @since 0.1.0
 */
import type { JobData } from "../domain/JobData.ts"
import type { JobState } from "../domain/JobState.ts"

export interface JobResult extends JobResultFields {
  readonly [TypeId]: typeof TypeId
}

export interface JobResultFields {
  /**
   * COMPLETE and STOPPED end the job's tries, FAIL and UNKNOWN go on while tries are left. A state no job can end in
   * (PENDING, RUNNING, SUSPENDED) counts as UNKNOWN.
   */
  readonly state: JobState
  /** The exit code; 0 unless said. */
  readonly exit: number
  /** Empty for none. */
  readonly error: string
  /** A failure of running the job, as opposed to one the job reports: in the log it wins over `error`. Changes no state. */
  readonly runError?: string
  /** Replaces what the job wrote to its output in the job log. */
  readonly stdout?: string
  readonly stderr?: string
  /** Merged into the job's data, whatever the state. */
  readonly data?: JobData
}

const TypeId = "~jobchain/JobResult"

/** Returns a result; COMPLETE with exit 0 and no error where nothing else is said. */
export const make = (fields: Partial<JobResultFields> = {}): JobResult => ({
  [TypeId]: TypeId,
  state: "COMPLETE",
  exit: 0,
  error: "",
  ...fields
})

/** Returns whether a job's success value is a `JobResult`. */
export const isJobResult = (value: unknown): value is JobResult =>
  typeof value === "object" && value !== null && TypeId in value
