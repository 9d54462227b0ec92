/**
 * What a done job means for its chain: four answers, for a chain that runs, is being stopped or suspended, or has used up its time.
 *
 * A reaper decides and changes the chain's progress; it acts on nothing else. `Traversal` calls `reap` for every done job
 * and `finalize` when all is over, and `ReaperFactory` makes the streams that do so. Names and rules are the reference's
 * (spincycle chain.RunningChainReaper, StoppedChainReaper, SuspendedChainReaper), sequences within sequences are ours.
 *
 * @since 0.1.0
 */
import * as Chain from "../domain/Chain.ts"
import { at } from "../domain/Graph.ts"
import type { SuspendedJobChain } from "../domain/JobChain.ts"
import * as JobState from "../domain/JobState.ts"
import * as Progress from "../domain/Progress.ts"
import type { FailedTry } from "../domain/RetryPolicy.ts"
import * as Rewind from "../domain/Rewind.ts"

/** A job that is done. */
export interface DoneJob {
  /** The job's index in its chain. */
  readonly job: number
  readonly state: JobState.JobState
  /** It did not stop in time: it has failed for good, and no sequence is retried for it. */
  readonly isTooLate: boolean
  /** How its last try failed, where that matters to its sequence's retry policy. */
  readonly failed?: FailedTry | undefined
}

/** A sequence that was rewound for its next try. */
export interface Rewound {
  /** The index of its first job, which is to start again when `running` have ended. */
  readonly first: number
  /** The jobs of its extent that still run: to be interrupted. */
  readonly running: ReadonlyArray<number>
}

/** How a run of a chain ended. */
export interface RequestOutcome {
  /** COMPLETE, FAIL, STOPPED or SUSPENDED. */
  readonly state: JobState.JobState
  readonly finishedJobs: number
  /** The chain to be resumed, where it is SUSPENDED. */
  readonly suspended: SuspendedJobChain | undefined
}

export interface JobReaper {
  /** Takes a done job into the chain's progress. Returns the sequence that was rewound because of it, if any. */
  readonly reap: (chain: Chain.Chain, done: DoneJob) => Rewound | undefined
  /** Whether nothing is left to do for a chain of which no job runs. */
  readonly isDone: (chain: Chain.Chain) => boolean
  /** Says how the run ended, once no job runs, and sets the chain's state. */
  readonly finalize: (chain: Chain.Chain) => RequestOutcome
}

/** Reaps until the chain is done: a failed job's sequence is retried while it may be. */
export const running: JobReaper = {
  reap: (chain, done) => takeIn(chain, done) ?? retrySequence(chain, done),
  isDone: Progress.isIdle,
  finalize: (chain) => finish(chain, Progress.isComplete(chain) ? "COMPLETE" : "FAIL")
}

/** Reaps what still ends after a stop: nothing is retried. */
export const stopped: JobReaper = {
  reap: takeIn,
  isDone: () => true,
  finalize: (chain) =>
    finish(chain, Progress.isComplete(chain) ? "COMPLETE" : Progress.failed(chain) > 0 ? "FAIL" : "STOPPED")
}

/** Reaps what still ends after the chain has used up its time: nothing is retried, and it has failed. */
export const timedOut: JobReaper = {
  reap: takeIn,
  isDone: () => true,
  finalize: (chain) => finish(chain, Progress.isComplete(chain) ? "COMPLETE" : "FAIL")
}

/** Reaps what still ends after a suspend: a failed job's sequence is rewound while it may be, to start on resume. */
export const suspended: JobReaper = {
  reap: (chain, done) => takeIn(chain, done) ?? retrySequence(chain, done),
  isDone: () => true,
  finalize: (chain) => {
    if (Progress.isComplete(chain)) return finish(chain, "COMPLETE")
    if (Progress.failed(chain) > 0) return finish(chain, "FAIL")
    Chain.setState(chain, "SUSPENDED")
    return { state: "SUSPENDED", finishedJobs: chain.finishedJobs, suspended: Chain.toSuspended(chain) }
  }
}

function takeIn(chain: Chain.Chain, { isTooLate, job, state }: DoneJob): undefined {
  if (chain.rewinding[job] === 1 && !isTooLate) {
    Rewind.endRewinding(chain, job)
  } else if (state === "COMPLETE") {
    Progress.complete(chain, job)
  } else {
    chain.rewinding[job] = 0
    Progress.setState(chain, job, JobState.toCode(state))
  }
}

const retrySequence = (chain: Chain.Chain, { failed, isTooLate, job }: DoneJob): Rewound | undefined => {
  if (isTooLate || !JobState.isFailure(at(chain.states, job))) return undefined
  const first = Rewind.sequenceToRetry(chain, job, failed)
  return first < 0 ? undefined : { first, running: Rewind.rewind(chain, first) }
}

const finish = (chain: Chain.Chain, state: JobState.JobState): RequestOutcome => {
  Chain.setState(chain, state)
  return { state, finishedJobs: chain.finishedJobs, suspended: undefined }
}
