/**
 * The states of jobs and chains, and the numbers that stand for them on the wire and in stores.
 *
 * Words everywhere in code and output; numbers only in wire values and in a chain's typed arrays.
 * The numbers are the reference's (spincycle proto.STATE_*) and are never given anew.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/** Schema for a state as a word. Jobs are never `"SUSPENDED"`; `"UNKNOWN"` as a job's outcome counts as a failure. */
export const JobState = Schema.Literals([
  "UNKNOWN",
  "PENDING",
  "RUNNING",
  "COMPLETE",
  "FAIL",
  "STOPPED",
  "SUSPENDED"
])
export type JobState = typeof JobState.Type

export const UNKNOWN = 0
export const PENDING = 1
export const RUNNING = 2
export const COMPLETE = 3
export const FAIL = 4
/** 5 is reserved by the reference and means nothing. */
export const STOPPED = 6
export const SUSPENDED = 7
/** Of a job that is not in its chain for now, see `Expansion`. It stands for no word and is never on the wire. */
export const ABSENT = 8

const codes: Readonly<Record<JobState, number>> = {
  UNKNOWN,
  PENDING,
  RUNNING,
  COMPLETE,
  FAIL,
  STOPPED,
  SUSPENDED
}

const words: ReadonlyArray<JobState | undefined> = [
  "UNKNOWN",
  "PENDING",
  "RUNNING",
  "COMPLETE",
  "FAIL",
  undefined,
  "STOPPED",
  "SUSPENDED"
]

/** Returns the wire number of a state. */
export const toCode = (state: JobState): number => codes[state]

/** Returns the state a wire number stands for; `"UNKNOWN"` for every number that stands for none. */
export const fromCode = (code: number): JobState => words[code] ?? "UNKNOWN"

/** Returns whether a job in a state has failed: FAIL, or UNKNOWN, which counts as a failure. */
export const isFailure = (code: number): boolean => code === FAIL || code === UNKNOWN

/** Returns whether a chain in a state is over, for good unless it is retried. */
export const isOver = (code: number): boolean => code === COMPLETE || code === FAIL || code === STOPPED

/** Returns a state for people: its word, or the bare number where no word belongs to it. */
export const describe = (code: number): string => words[code] ?? String(code)
