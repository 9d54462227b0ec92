/**
 * How a run of a chain ended: what `Traverser.run`, `stop` and `suspend` answer with.
 *
 * @since 0.1.0
 */
import type * as Chain from "../domain/Chain.ts"
import * as Elapsed from "../domain/Elapsed.ts"
import * as Ending from "../domain/Ending.ts"
import * as JobState from "../domain/JobState.ts"
import * as JobReaper from "./JobReaper.ts"

/** How a run of a chain ended. */
export interface ChainResult {
  readonly requestId: string
  /** COMPLETE, FAIL, STOPPED or SUSPENDED. */
  readonly state: JobState.JobState
  readonly finishedJobs: number
  /** How many jobs ended how: tells apart what states do not. */
  readonly endings: Ending.Counts
  /** Present where the chain has failed because it took longer than its `timeout`. */
  readonly timedOut?: TimedOut
}

/** What a chain that took too long did not come to. */
export interface TimedOut {
  /** Which limit that was, in words. */
  readonly why: string
  /** The ids of the jobs that did not run any more, in the order of the chain: whatever they waited for. */
  readonly neverRan: ReadonlyArray<string>
}

/** Returns the result of a run that a reaper has brought to its end. */
export const make = (
  chain: Chain.Chain,
  { finishedJobs, state }: JobReaper.RequestOutcome,
  reaper: JobReaper.JobReaper
): ChainResult => {
  const result = { requestId: chain.requestId, state, finishedJobs, endings: Ending.count(chain) }
  // It may have been complete all the same.
  const hasTimedOut = reaper === JobReaper.timedOut && state === "FAIL"
  const why = hasTimedOut ? Elapsed.ofChainUsedUp(chain.elapsed, chain.jobChain.timeout) : undefined
  if (why === undefined) return result
  return {
    ...result,
    timedOut: { why, neverRan: chain.graph.ids.filter((_, job) => chain.states[job] === JobState.PENDING) }
  }
}
