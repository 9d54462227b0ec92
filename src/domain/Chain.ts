/**
 * A chain of jobs and how far it has come, by job id.
 *
 * These are the functions of the reference's `chain.Chain` under their names (spincycle job-runner/chain), for those who
 * look at a chain, test with one or drive one by hand. The engine does the same by index with `Progress`. Every function
 * that takes a job id throws an `Error` when the chain has no such job.
 *
 * A chain has one owner. Everyone else gets snapshots: `toSuspended`.
 *
 * @since 0.1.0
 */
import * as Compilation from "./Compilation.ts"
import * as DataFlow from "./DataFlow.ts"
import * as Elapsed from "./Elapsed.ts"
import type * as Graph from "./Graph.ts"
import { at, neighbours } from "./Graph.ts"
import type { Job, JobChain, SuspendedJobChain } from "./JobChain.ts"
import * as JobData from "./JobData.ts"
import * as JobState from "./JobState.ts"
import * as Progress from "./Progress.ts"
import * as Rewind from "./Rewind.ts"
import * as Sequences from "./Sequences.ts"
import type { Slices } from "./Slices.ts"

export type Chain = Progress.Chain

/** Compiles a wire chain that has passed `Validation.faultsOfNew` (NewChain). */
export const make = (jobChain: JobChain, graph?: Graph.Graph): Chain => Compilation.make(jobChain, {}, graph)

/** Compiles a suspended chain that has passed `Validation.faultsOfSuspended`, ready to go on. */
export const fromSuspended = (suspended: SuspendedJobChain, graph?: Graph.Graph): Chain =>
  resume(Compilation.make(chainOf(suspended), suspended, graph))

/** Compiles a new chain in slices. */
export const makeInSlices = (jobChain: JobChain, graph: Graph.Graph): Slices<Chain> =>
  Compilation.makeInSlices(jobChain, {}, graph)

/** Compiles a suspended chain in slices. */
export function* fromSuspendedInSlices(suspended: SuspendedJobChain, graph: Graph.Graph): Slices<Chain> {
  return resume(yield* Compilation.makeInSlices(chainOf(suspended), suspended, graph))
}

const chainOf = (suspended: SuspendedJobChain): JobChain => ({
  ...suspended.jobChain,
  requestId: suspended.requestId ?? ""
})

/**
 * Makes a chain that was suspended ready to go on, and returns it.
 *
 * A stop costs no try: every STOPPED job becomes PENDING with its latest tries one lower, and where it is the first of
 * its sequence, the sequence's tries one lower; never below 0.
 */
export const resume = (chain: Chain): Chain => {
  for (let job = 0; job < chain.jobs.length; job++) {
    if (chain.states[job] !== JobState.STOPPED) continue
    Progress.setState(chain, job, JobState.PENDING)
    chain.latestTries[job] = Math.max(0, at(chain.latestTries, job) - 1)
    if (Sequences.isFirst(chain.sequences, job)) {
      chain.sequenceTries[job] = Math.max(0, at(chain.sequenceTries, job) - 1)
    }
  }
  return chain
}

/** Returns a snapshot of a chain with all its counts (ToSuspended). The chain's state in it is its present one. */
export const toSuspended = (chain: Chain): SuspendedJobChain => {
  const isInIdOrder = completesInIdOrder(chain)
  const present = [...chain.jobs.keys()].filter((job) => Progress.isPresent(chain, job))
  const elapsed = Elapsed.toWire(chain.elapsed, chain.graph)
  return {
    requestId: chain.requestId,
    jobChain: {
      ...chain.jobChain,
      requestId: chain.requestId,
      jobs: Object.fromEntries(present.map((job) => [chain.graph.ids[job], jobNow(chain, job, isInIdOrder)])),
      ...(hasGrown(chain) ? { adjacencyList: adjacencyNow(chain, present) } : {}),
      state: chain.state,
      finishedJobs: chain.finishedJobs
    },
    // Also of jobs that are not in the chain now: they may come back.
    totalJobTries: { ...Object.fromEntries(chain.formerTries), ...nonZero(chain, chain.totalTries) },
    latestRunJobTries: nonZero(chain, chain.latestTries),
    sequenceTries: nonZero(chain, chain.sequenceTries),
    ...(elapsed === undefined ? {} : { elapsed }),
    ...(chain.signals.size === 0 ? {} : { signals: [...chain.signals.values()] })
  }
}

/** Returns the request the chain belongs to (RequestId). */
export const requestId = (chain: Chain): string => chain.requestId

/** Returns the chain's own state (State). */
export const state = (chain: Chain): JobState.JobState => JobState.fromCode(chain.state)

/** Sets the chain's own state (SetState). */
export const setState = (chain: Chain, to: JobState.JobState): void => {
  chain.state = JobState.toCode(to)
}

/** Returns a job's state (JobState). */
export const jobState = (chain: Chain, jobId: string): JobState.JobState =>
  JobState.fromCode(at(chain.states, indexOf(chain, jobId)))

/** Sets a job's state (SetJobState). What depends on it, such as which jobs are runnable, follows. */
export const setJobState = (chain: Chain, jobId: string, to: JobState.JobState): void =>
  Progress.setState(chain, indexOf(chain, jobId), JobState.toCode(to))

/** Returns what a job sees as its data now. */
export const jobData = (chain: Chain, jobId: string): JobData.JobData =>
  DataFlow.view(chain.data, indexOf(chain, jobId))

/**
 * Returns whether nothing runs, is runnable or has failed in a sequence that may be retried, and whether all is COMPLETE
 * (IsDoneRunning).
 */
export const isDoneRunning = (chain: Chain): { readonly done: boolean; readonly complete: boolean } => ({
  done: Progress.isIdle(chain) && !mayRetryAny(chain),
  complete: Progress.isComplete(chain)
})

/** Returns whether a job is PENDING and every job immediately before it COMPLETE (IsRunnable). */
export const isRunnable = (chain: Chain, jobId: string): boolean => Progress.isRunnable(chain, indexOf(chain, jobId))

/** Returns every runnable job as it is in the chain (RunnableJobs). */
export const runnableJobs = (chain: Chain): ReadonlyArray<Job> =>
  chain.jobs.filter((_, job) => Progress.isRunnable(chain, job))

/** Returns the jobs immediately after a job (NextJobs). */
export const nextJobs = (chain: Chain, jobId: string): ReadonlyArray<Job> => {
  return Array.from(neighbours(chain.graph.next, indexOf(chain, jobId))).filter((next) =>
    Progress.isPresent(chain, next)
  )
    .map((next) => chain.jobs[next] as Job)
}

/** Returns how many jobs have failed; UNKNOWN counts as a failure (FailedJobs). */
export const failedJobs = (chain: Chain): number => Progress.failed(chain)

/** Returns how many jobs are finished (FinishedJobs). */
export const finishedJobs = (chain: Chain): number => chain.finishedJobs

/** Adds to the finished jobs, a negative number too (IncrementFinishedJobs). */
export const incrementFinishedJobs = (chain: Chain, delta: number): void => {
  chain.finishedJobs += delta
}

/** Returns a job's tries in the latest try of its sequence, and all of them (JobTries). */
export const jobTries = (chain: Chain, jobId: string): { readonly latest: number; readonly total: number } => {
  const job = indexOf(chain, jobId)
  return { latest: at(chain.latestTries, job), total: at(chain.totalTries, job) }
}

/** Adds to a job's tries, latest and total; neither falls below 0 (IncrementJobTries). */
export const incrementJobTries = (chain: Chain, jobId: string, delta: number): void =>
  Progress.countTry(chain, indexOf(chain, jobId), delta)

/** Returns whether a job is the first of a sequence (IsSequenceStartJob). */
export const isSequenceStartJob = (chain: Chain, jobId: string): boolean =>
  Sequences.isFirst(chain.sequences, indexOf(chain, jobId))

/** Returns the first job of a job's sequence; `undefined` for a job in none (SequenceStartJob). */
export const sequenceStartJob = (chain: Chain, jobId: string): Job | undefined =>
  chain.jobs[at(chain.sequences.sequenceOf, indexOf(chain, jobId))]

/** Returns the tries of a job's sequence; 0 for a job in none (SequenceTries). */
export const sequenceTries = (chain: Chain, jobId: string): number =>
  chain.sequenceTries[at(chain.sequences.sequenceOf, indexOf(chain, jobId))] ?? 0

/** Adds to the tries of a job's sequence; never below 0 (IncrementSequenceTries). */
export const incrementSequenceTries = (chain: Chain, jobId: string, delta: number): void => {
  const first = at(chain.sequences.sequenceOf, indexOf(chain, jobId))
  if (first >= 0) chain.sequenceTries[first] = Math.max(0, at(chain.sequenceTries, first) + delta)
}

/** Returns whether a failure of a job may retry its sequence, or one around it (CanRetrySequence, which knows no nesting). */
export const canRetrySequence = (chain: Chain, jobId: string): boolean =>
  Rewind.sequenceToRetry(chain, indexOf(chain, jobId)) >= 0

const indexOf = (chain: Chain, jobId: string): number => {
  const job = chain.graph.indexOf.get(jobId)
  if (job === undefined) throw new Error(`The chain of request "${chain.requestId}" has no job "${jobId}"`)
  return job
}

const mayRetryAny = (chain: Chain): boolean =>
  Progress.failed(chain) > 0 &&
  chain.states.some((state, job) => JobState.isFailure(state) && Rewind.sequenceToRetry(chain, job) >= 0)

/** Whether what comes after what is no longer as in the wire value the chain was made of. */
const hasGrown = (chain: Chain): boolean =>
  Progress.size(chain) < chain.jobs.length || chain.jobs.length > Object.keys(chain.jobChain.jobs ?? {}).length

const adjacencyNow = (chain: Chain, present: ReadonlyArray<number>): Record<string, ReadonlyArray<string>> => {
  const { ids, next: edges } = chain.graph
  return Object.fromEntries(present.flatMap((job) => {
    const next = Array.from(neighbours(edges, job)).filter((to) => Progress.isPresent(chain, to))
    return next.length === 0 ? [] : [[ids[job] as string, next.map((to) => ids[to] as string)] as const]
  }))
}

const nonZero = (chain: Chain, tries: Uint32Array): Record<string, number> => {
  const found: Array<readonly [id: string, tries: number]> = []
  for (let job = 0; job < tries.length; job++) {
    if (at(tries, job) > 0) found.push([chain.graph.ids[job] as string, at(tries, job)])
  }
  return Object.fromEntries(found)
}

const completesInIdOrder = (chain: Chain): boolean => {
  const complete = [...chain.completions.keys()].filter((job) => at(chain.completions, job) > 0)
    .toSorted((left, right) => at(chain.completions, left) - at(chain.completions, right))
    .map((job) => chain.graph.ids[job] as string)
  return complete.every((id, index) => index === 0 || (complete[index - 1] as string) < id)
}

/** Our own additions to the wire format are there only where the plain format would say something else. */
const jobNow = (chain: Chain, job: number, isInIdOrder: boolean): Job => {
  const { completion: _, data: __, ending: ___, initialData: ____, reason: _____, ...rest } = chain.jobs[job] as Job
  const data = DataFlow.view(chain.data, job)
  const initial = DataFlow.initial(chain.data, job)
  const completion = at(chain.completions, job)
  const ending = chain.endings.get(job)
  const reason = chain.reasons.get(job)
  return {
    ...rest,
    state: at(chain.states, job),
    ...(Object.keys(data).length === 0 ? {} : { data }),
    ...(JobData.same(data, initial) ? {} : { initialData: initial }),
    ...(completion === 0 || isInIdOrder ? {} : { completion }),
    ...(ending === undefined ? {} : { ending }),
    ...(reason === undefined ? {} : { reason })
  }
}
