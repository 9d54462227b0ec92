/**
 * Expands fan-outs over lists that are known only at run time, in the traversal's step that ends their first jobs.
 *
 * `Expansion` has the rules. A first job whose list does not fit has failed for good, whatever tries it has left: its data, and
 * with that its list, would be the same again.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Expansion from "../domain/Expansion.ts"
import type { JobLog } from "../domain/JobLog.ts"
import type * as Progress from "../domain/Progress.ts"
import type { NewEvent } from "./EventHub.ts"
import * as Snapshot from "./Snapshot.ts"

/** What a fan-out's first job leads to. */
export interface Prepared {
  /** The log of its last try; FAIL where its list does not fit. */
  readonly log: JobLog | undefined
  readonly expansion: Expansion.Expansion | undefined
}

/** Looks at the list of a fan-out's first job, which has ended with a log. */
export const prepare = (chain: Progress.Chain, begin: number, log: JobLog | undefined): Prepared => {
  if (log?.state !== "COMPLETE" || chain.rewinding[begin] === 1) return { log, expansion: undefined }
  const expansion = Expansion.prepare(chain, begin)
  return Result.isSuccess(expansion)
    ? { log, expansion: expansion.success }
    : { log: { ...log, state: "FAIL", exit: 1, error: expansion.failure }, expansion: undefined }
}

/** Returns the event that tells of an expansion. */
export const eventOf = (chain: Progress.Chain, { begin, joined, left }: Expansion.Expanded): NewEvent => ({
  _tag: "jobsAdded",
  jobId: chain.graph.ids[begin] as string,
  jobs: joined.map((job) => Snapshot.ofJob(chain, job)),
  removedJobIds: left.map((job) => chain.graph.ids[job] as string)
})
