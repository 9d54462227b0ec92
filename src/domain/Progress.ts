/**
 * How far a chain has come, in typed arrays: the state and tries of each job by its index, and running totals.
 *
 * The engine works with it; `Chain` is the same by job id, for everyone else. One owner, the traverser, calls the
 * transitions. A transition keeps every total true and costs the job's out-degree; a rewind costs the extent.
 *
 * @since 0.1.0
 */
import * as DataFlow from "./DataFlow.ts"
import * as Elapsed from "./Elapsed.ts"
import type * as Ending from "./Ending.ts"
import * as Graph from "./Graph.ts"
import type { Job, JobChain } from "./JobChain.ts"
import * as JobState from "./JobState.ts"
import * as Sequences from "./Sequences.ts"
import type { Signal } from "./Signal.ts"
import type { SparseMap } from "./Sparse.ts"

/** Its arrays are replaced where the chain grows: whoever keeps one keeps a part. */
export interface Chain {
  readonly requestId: string
  /** What the chain was made from. */
  readonly jobChain: JobChain
  readonly graph: Graph.Graph
  readonly jobs: ReadonlyArray<Job>
  readonly sequences: Sequences.Sequences
  readonly data: DataFlow.DataFlow
  states: Uint8Array<ArrayBuffer>
  /** For how many of the jobs immediately before it a job waits. */
  unmetParents: Int32Array<ArrayBuffer>
  /** Tries in the latest try of the job's sequence. */
  latestTries: Uint32Array<ArrayBuffer>
  totalTries: Uint32Array<ArrayBuffer>
  /** By the index of the sequence's first job. */
  sequenceTries: Uint32Array<ArrayBuffer>
  /** Place in the order of completion, from 1; 0 while not COMPLETE. */
  completions: Uint32Array<ArrayBuffer>
  /** 1 for a job that still runs although its sequence was rewound: whatever it ends as, it goes back to PENDING. */
  rewinding: Uint8Array<ArrayBuffer>
  /** How jobs ended, where their states do not say it. */
  readonly endings: SparseMap<number, Ending.Special>
  readonly elapsed: Elapsed.Elapsed
  /** Why jobs that have failed are not tried again. */
  readonly reasons: SparseMap<number, string>
  /** Whether a job, or one that may join the chain, has a priority or a key with a limit. */
  hasPlaces: boolean
  /** Whether jobs may join the chain. */
  hasFanOuts: boolean
  /** The first jobs of fan-outs of which not all instances may be under way at once. */
  readonly limitedFanOuts: Array<number>
  /** Id of a job that is not in the chain → its tries so far, which go on if it comes back. */
  readonly formerTries: ReadonlyMap<string, number>
  /** The signals that came and are not used up, by id, in the order in which they came. */
  readonly signals: SparseMap<string, Signal>
  /** Job → the name of the signal that it waits for, while it runs. */
  readonly awaited: SparseMap<number, string>
  /** State number → how many jobs are in it. */
  readonly counts: Int32Array
  runnable: number
  completed: number
  finishedJobs: number
  /** The chain's own state, as a wire number. */
  state: number
}

/** Makes the totals true again after states and completions were set from elsewhere. */
export const recount = (chain: Chain): void => {
  chain.counts.fill(0)
  chain.runnable = 0
  // Never less than what the chain came with: data of a job that completes from now on is not in the wire value.
  chain.completed = chain.completions.reduce(
    (latest, completion) => Math.max(latest, completion),
    chain.data.resumedAt
  )
  for (let job = 0; job < chain.jobs.length; job++) count(chain, job)
  chain.finishedJobs = Graph.at(chain.counts, JobState.COMPLETE)
}

/** Returns whether a job is PENDING and every job immediately before it COMPLETE. */
export const isRunnable = (chain: Chain, job: number): boolean =>
  chain.states[job] === JobState.PENDING && chain.unmetParents[job] === 0

/** Returns whether nothing runs and nothing is left that could be started. */
export const isIdle = (chain: Chain): boolean => chain.counts[JobState.RUNNING] === 0 && chain.runnable === 0

/** Returns whether every job is COMPLETE. */
export const isComplete = (chain: Chain): boolean => chain.counts[JobState.COMPLETE] === size(chain)

/** Returns how many jobs are in the chain now. */
export const size = (chain: Chain): number => chain.jobs.length - Graph.at(chain.counts, JobState.ABSENT)

/** Returns how many jobs a chain has by now that fan-outs may bring jobs into; `undefined` of one without. */
export const sizeByNow = (chain: Chain): number | undefined => chain.hasFanOuts ? size(chain) : undefined

/** Returns whether a job is in the chain now. */
export const isPresent = (chain: Chain, job: number): boolean => chain.states[job] !== JobState.ABSENT

/** Returns how many jobs have failed: FAIL, or UNKNOWN, which counts as a failure. */
export const failed = (chain: Chain): number =>
  Graph.at(chain.counts, JobState.FAIL) + Graph.at(chain.counts, JobState.UNKNOWN)

/** Moves a job into a state and keeps the totals true. */
export const setState = (chain: Chain, job: number, to: number): void => {
  const from = Graph.at(chain.states, job)
  if (from === to) return
  const isReady = chain.unmetParents[job] === 0
  chain.states[job] = to
  chain.counts[from] = Graph.at(chain.counts, from) - 1
  chain.counts[to] = Graph.at(chain.counts, to) + 1
  if (from === JobState.PENDING && isReady) chain.runnable--
  if (to === JobState.PENDING && isReady) chain.runnable++
  if (from === JobState.COMPLETE) {
    chain.completions[job] = 0
    addUnmet(chain, job, 1)
  }
  if (to === JobState.COMPLETE) {
    chain.completions[job] = ++chain.completed
    addUnmet(chain, job, -1)
  }
}

/** Starts a job's next try, and its sequence's where it is the first job: RUNNING, and the tries counted. */
export const start = (chain: Chain, job: number): void => {
  setState(chain, job, JobState.RUNNING)
  countTry(chain, job, 1)
  if (Sequences.isFirst(chain.sequences, job)) addTo(chain.sequenceTries, job, 1)
}

/** Takes back a start that came to nothing. */
export const unstart = (chain: Chain, job: number): void => {
  setState(chain, job, JobState.PENDING)
  countTry(chain, job, -1)
  if (Sequences.isFirst(chain.sequences, job)) addTo(chain.sequenceTries, job, -1)
}

/** Adds to a job's tries, latest and total. */
export const countTry = (chain: Chain, job: number, delta: number): void => {
  addTo(chain.latestTries, job, delta)
  addTo(chain.totalTries, job, delta)
}

/** Ends a job well: COMPLETE and counted, and its data flows on. */
export const complete = (chain: Chain, job: number): void => {
  setState(chain, job, JobState.COMPLETE)
  chain.finishedJobs++
}

/**
 * Ends a job without running it: COMPLETE and counted, with the data it inherits.
 *
 * The first job of a sequence counts a try of it all the same, unless the sequence itself is skipped.
 */
export const skip = (chain: Chain, job: number, how: "skipped" | "sequence skipped"): void => {
  chain.endings.set(job, how)
  if (how === "skipped" && Sequences.isFirst(chain.sequences, job)) addTo(chain.sequenceTries, job, 1)
  complete(chain, job)
}

const addTo = (counts: Uint32Array, index: number, delta: number): void => {
  counts[index] = Math.max(0, Graph.at(counts, index) + delta)
}

/** Changes for how many jobs those immediately after a job wait. */
export const addUnmet = (chain: Chain, job: number, delta: 1 | -1): void => {
  const { ends, starts, targets } = chain.graph.next
  for (let edge = Graph.at(starts, job); edge < Graph.at(ends, job); edge++) {
    changeUnmet(chain, Graph.at(targets, edge), delta)
  }
}

/** Changes for how many of the jobs immediately before it a job waits. */
export const changeUnmet = (chain: Chain, job: number, delta: 1 | -1): void => {
  const unmet = Graph.at(chain.unmetParents, job) + delta
  chain.unmetParents[job] = unmet
  if (chain.states[job] !== JobState.PENDING) return
  if (unmet === 0) chain.runnable++
  else if (unmet === delta) chain.runnable--
}

/** Whether nothing has to wait for a job: it is COMPLETE, or not in the chain. */
export const isMet = (chain: Chain, job: number): boolean =>
  chain.states[job] === JobState.COMPLETE || chain.states[job] === JobState.ABSENT

/** Counts a job in, by its state and the jobs before it. */
export const count = (chain: Chain, job: number): void => {
  const { ends, starts, targets } = chain.graph.previous
  let unmet = 0
  for (let edge = Graph.at(starts, job); edge < Graph.at(ends, job); edge++) {
    if (!isMet(chain, Graph.at(targets, edge))) unmet++
  }
  chain.unmetParents[job] = unmet
  const state = Graph.at(chain.states, job)
  chain.counts[state] = Graph.at(chain.counts, state) + 1
  if (unmet === 0 && state === JobState.PENDING) chain.runnable++
}
