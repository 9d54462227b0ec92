/**
 * How each job of a chain has ended, told apart more finely than states do.
 *
 * On the wire an abandoned job is FAIL like one that failed by itself, and one that never ran PENDING like one that still may.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { at } from "./Graph.ts"
import * as JobState from "./JobState.ts"

/**
 * Schema for how a job ended: `skipped` is COMPLETE because its condition, or that of a sequence around it, was not met, `timed
 * out` is FAIL because of a limit, `abandoned` is FAIL because it did not stop in time and may still run, `never ran` is
 * PENDING in a chain that is over.
 */
export const Ending = Schema.Literals([
  "complete",
  "skipped",
  "failed",
  "timed out",
  "abandoned",
  "stopped",
  "never ran"
])
export type Ending = typeof Ending.Type

/** What a chain keeps, because a job's state does not say it. `sequence skipped`: not by its own condition. */
export const specials = ["skipped", "sequence skipped", "timed out", "abandoned"] as const
export type Special = typeof specials[number]

/** What this looks at of a `Chain`. */
interface Ended {
  readonly states: Uint8Array
  readonly counts: Int32Array
  readonly endings: ReadonlyMap<number, Special>
}

/** How many jobs ended how. */
export type Counts = Readonly<Record<Ending, number>>

/** Returns how a job of a chain that is over has ended. */
export const of = ({ endings, states }: Ended, job: number): Ending => {
  const special = endings.get(job)
  return special === undefined ? byState[JobState.fromCode(at(states, job))] : toWord(special)
}

/** Returns whether a job was skipped. */
export const isSkipped = (ending: string | null | undefined): boolean =>
  ending === "skipped" || ending === "sequence skipped"

/** Returns how many jobs of a chain that is over have ended how. */
export const count = ({ counts, endings }: Ended): Counts => {
  const special = { skipped: 0, "timed out": 0, abandoned: 0 }
  for (const ending of endings.values()) special[toWord(ending)]++
  return {
    complete: at(counts, JobState.COMPLETE) - special.skipped,
    failed: at(counts, JobState.FAIL) + at(counts, JobState.UNKNOWN) - special["timed out"] - special.abandoned,
    ...special,
    stopped: at(counts, JobState.STOPPED),
    "never ran": at(counts, JobState.PENDING) + at(counts, JobState.RUNNING)
  }
}

/** Returns how a job ended, in a word. */
export const toWord = (ending: Special): Exclude<Special, "sequence skipped"> =>
  ending === "sequence skipped" ? "skipped" : ending

const byState: Readonly<Record<JobState.JobState, Ending>> = {
  COMPLETE: "complete",
  FAIL: "failed",
  UNKNOWN: "failed",
  STOPPED: "stopped",
  PENDING: "never ran",
  RUNNING: "never ran",
  SUSPENDED: "stopped"
}
