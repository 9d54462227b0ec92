/**
 * Sequences that are tried again: which one, when a job has failed, and what goes back to its start.
 *
 * `JobReaper` asks and rewinds; what a sequence's policy and time allow is looked at here and nowhere else.
 *
 * @since 0.1.0
 */
import * as DataFlow from "./DataFlow.ts"
import * as GoDuration from "./GoDuration.ts"
import { at } from "./Graph.ts"
import type { Job } from "./JobChain.ts"
import * as JobState from "./JobState.ts"
import * as Progress from "./Progress.ts"
import * as RetryPolicy from "./RetryPolicy.ts"
import * as Sequences from "./Sequences.ts"

/**
 * Returns the sequence that is retried when a job has failed: its own or, outward, one around it; -1 when none may be.
 *
 * How it failed matters to sequences with a retry policy; left out, they are taken to allow it.
 */
export const sequenceToRetry = (chain: Progress.Chain, job: number, failed?: RetryPolicy.FailedTry): number => {
  const own = at(chain.sequences.sequenceOf, job)
  if (own < 0 || chain.sequences.retriable.length === 0) return -1
  if (mayRetry(chain, own, failed)) return own
  return Sequences.enclosing(chain.sequences, own).find((outer) => mayRetry(chain, outer, failed)) ?? -1
}

/**
 * Rewinds a sequence for its next try: every job of its extent goes back to PENDING with the data it had in the chain.
 *
 * Returns the jobs that still run. They are marked as rewinding and go back with `endRewinding` when they have ended.
 */
export const rewind = (chain: Progress.Chain, first: number): ReadonlyArray<number> => {
  const extent = presentExtent(chain, first)
  const inside = new Set(extent)
  for (const job of extent) resetOutside(chain, job, inside)
  const running: Array<number> = []
  for (const job of extent) {
    if (job !== first) {
      chain.sequenceTries[job] = 0
      if (chain.elapsed.sequences.size > 0) chain.elapsed.sequences.delete(job)
    }
    if (chain.states[job] === JobState.RUNNING) {
      chain.rewinding[job] = 1
      running.push(job)
    } else {
      if (chain.states[job] === JobState.COMPLETE) chain.finishedJobs--
      backToPending(chain, job)
    }
  }
  return running
}

/** Returns the jobs of a sequence's extent that are in the chain now, its first job first. */
export const presentExtent = (chain: Progress.Chain, first: number): ReadonlyArray<number> => {
  const extent = Sequences.extent(chain.sequences, first)
  return chain.counts[JobState.ABSENT] === 0 ? extent : extent.filter((job) => Progress.isPresent(chain, job))
}

/** Rewinds a job that still ran when its sequence was rewound and has ended now. */
export const endRewinding = (chain: Progress.Chain, job: number): void => {
  chain.rewinding[job] = 0
  backToPending(chain, job)
}

const mayRetry = (chain: Progress.Chain, first: number, failed: RetryPolicy.FailedTry | undefined): boolean =>
  at(chain.sequenceTries, first) <= (chain.jobs[first]?.sequenceRetry ?? 0) &&
  refusalOfRetry(chain, first, failed) === undefined

/** Returns why a sequence may not be tried again, although it has tries left; `undefined` where it may. */
export const refusalOfRetry = (
  chain: Progress.Chain,
  first: number,
  failed: RetryPolicy.FailedTry | undefined
): string | undefined => {
  const { sequenceRetryPolicy: policy, sequenceTimeout } = chain.jobs[first] as Job
  if (hasTimedOut(chain, first)) return `it took longer than ${sequenceTimeout}`
  if (!policy || failed === undefined) return undefined
  const elapsed = chain.elapsed.sequences.get(first) ?? 0
  return RetryPolicy.refusal(policy, failed, elapsed, sequenceRetryWait(chain, first))
}

const backToPending = (chain: Progress.Chain, job: number): void => {
  Progress.setState(chain, job, JobState.PENDING)
  chain.latestTries[job] = 0
  if (chain.endings.size > 0) chain.endings.delete(job)
  if (chain.reasons.size > 0) chain.reasons.delete(job)
  if (chain.elapsed.jobs.size > 0) chain.elapsed.jobs.delete(job)
  DataFlow.reset(chain.data, job)
}

/** The jobs right after one that is about to be rewound: what has started keeps its data, what has not loses the copies. */
const resetOutside = (chain: Progress.Chain, job: number, inside: ReadonlySet<number>): void => {
  if (chain.states[job] !== JobState.COMPLETE) return
  const { ends, starts, targets } = chain.graph.next
  for (let edge = at(starts, job); edge < at(ends, job); edge++) {
    const next = at(targets, edge)
    if (inside.has(next)) continue
    if (chain.states[next] === JobState.PENDING) DataFlow.reset(chain.data, next)
    else DataFlow.settle(chain.data, next)
  }
}

/**
 * Returns the wait before the next try of the sequence that starts with a job, in milliseconds. `random` is a number from 0 to
 * below 1, which matters where the sequence's retry policy has a jitter.
 */
export const sequenceRetryWait = (chain: Progress.Chain, first: number, random = 0): number => {
  const { sequenceRetryPolicy, sequenceRetryWait } = chain.jobs[first] as Job
  const wait = GoDuration.parse(sequenceRetryWait ?? "") ?? 0
  if (!sequenceRetryPolicy) return wait
  return RetryPolicy.waitBefore(sequenceRetryPolicy, wait, at(chain.sequenceTries, first) - 1, random)
}

/** Returns whether a sequence has used up its time. */
export const hasTimedOut = (chain: Progress.Chain, first: number): boolean => {
  const limit = chain.jobs[first]?.sequenceTimeout
  return Boolean(limit) && (chain.elapsed.sequences.get(first) ?? 0) >= (GoDuration.parse(limit ?? "") ?? 0)
}
