/**
 * Compiles wire chains into the form that the engine works with, `Progress.Chain`: tables by index instead of names.
 *
 * @since 0.1.0
 */
import * as DataFlow from "./DataFlow.ts"
import * as Elapsed from "./Elapsed.ts"
import type * as Ending from "./Ending.ts"
import * as Graph from "./Graph.ts"
import type { Each, Job, JobChain, WireElapsed } from "./JobChain.ts"
import * as JobState from "./JobState.ts"
import * as Progress from "./Progress.ts"
import * as Sequences from "./Sequences.ts"
import type { Signal } from "./Signal.ts"
import * as Slices from "./Slices.ts"
import { SparseMap } from "./Sparse.ts"

/** Counts of tries, times and signals that a suspended chain brings along; a missing id is 0. */
export interface Tries {
  readonly elapsed?: WireElapsed | null
  readonly signals?: ReadonlyArray<Signal> | null
  readonly totalJobTries?: Readonly<Record<string, number>> | null
  readonly latestRunJobTries?: Readonly<Record<string, number>> | null
  readonly sequenceTries?: Readonly<Record<string, number>> | null
}

/** Compiles a wire chain, which must have passed `Validation`, in time and memory of its jobs and edges. */
export const make = (
  jobChain: JobChain,
  tries: Tries = {},
  graph: Graph.Graph = Graph.make(jobChain)
): Progress.Chain => Slices.runAll(makeInSlices(jobChain, tries, graph))

/** Compiles a wire chain in slices. */
export function* makeInSlices(jobChain: JobChain, tries: Tries, graph: Graph.Graph): Slices.Slices<Progress.Chain> {
  const { jobs } = graph
  const size = jobs.length
  const states = statesOf(jobs)
  const completions = completionsOf(graph, jobs, states)
  const chain: Progress.Chain = {
    requestId: jobChain.requestId ?? "",
    jobChain,
    graph,
    jobs,
    sequences: Sequences.make(graph, jobs),
    data: DataFlow.make(graph, jobs, completions),
    states,
    unmetParents: new Int32Array(size),
    latestTries: countsOf(graph, tries.latestRunJobTries),
    totalTries: countsOf(graph, tries.totalJobTries),
    sequenceTries: countsOf(graph, tries.sequenceTries),
    completions,
    rewinding: new Uint8Array(size),
    endings: new SparseMap(),
    reasons: new SparseMap(),
    hasPlaces: false,
    hasFanOuts: false,
    elapsed: Elapsed.make(graph, tries.elapsed),
    limitedFanOuts: [],
    formerTries: formerTriesOf(graph, tries.totalJobTries),
    signals: signalsOf(tries.signals),
    awaited: new SparseMap(),
    counts: new Int32Array(JobState.ABSENT + 1),
    runnable: 0,
    completed: 0,
    finishedJobs: jobChain.finishedJobs ?? 0,
    state: jobChain.state ?? JobState.UNKNOWN
  }
  chain.completed = chain.data.resumedAt
  yield* Slices.range(size, (start, end) => {
    for (let job = start; job < end; job++) {
      Progress.count(chain, job)
      const { concurrencyKey, each, ending, parallel, priority, reason } = jobs[job] as Job
      if (each) chain.hasFanOuts = true
      if (parallel) chain.limitedFanOuts.push(job)
      if (ending) chain.endings.set(job, ending as Ending.Special)
      if (reason) chain.reasons.set(job, reason)
      if (concurrencyKey || priority || (each && bringsPlaces(each))) chain.hasPlaces = true
    }
  })
  return chain
}

const bringsPlaces = ({ template }: Each): boolean =>
  Object.values(template?.jobs ?? {}).some(({ concurrencyKey, each, priority }) =>
    Boolean(concurrencyKey || priority || (each && bringsPlaces(each)))
  )

const countsOf = (
  graph: Graph.Graph,
  counts: Readonly<Record<string, number>> | null | undefined
): Uint32Array<ArrayBuffer> => {
  const found = new Uint32Array(graph.ids.length)
  for (const [id, tries] of Object.entries(counts ?? {})) {
    const job = graph.indexOf.get(id)
    if (job !== undefined) found[job] = tries
  }
  return found
}

/** Those of jobs that have left the chain. */
const formerTriesOf = (graph: Graph.Graph, tries: Tries["totalJobTries"]): ReadonlyMap<string, number> => {
  const former = new SparseMap<string, number>()
  for (const [id, count] of Object.entries(tries ?? {})) if (!graph.indexOf.has(id)) former.set(id, count)
  return former
}

const signalsOf = (signals: Tries["signals"]): SparseMap<string, Signal> => {
  const byId = new SparseMap<string, Signal>()
  for (const signal of signals ?? []) byId.set(signal.id, signal)
  return byId
}

const statesOf = (jobs: ReadonlyArray<Job>): Uint8Array<ArrayBuffer> => {
  const states = new Uint8Array(jobs.length)
  for (let job = 0; job < jobs.length; job++) states[job] = jobs[job]?.state ?? JobState.UNKNOWN
  return states
}

const completionsOf = (
  graph: Graph.Graph,
  jobs: ReadonlyArray<Job>,
  states: Uint8Array
): Uint32Array<ArrayBuffer> => {
  const completions = new Uint32Array(jobs.length)
  if (!states.includes(JobState.COMPLETE)) return completions
  const complete = [...states.keys()].filter((job) => states[job] === JobState.COMPLETE)
  complete.sort((left, right) =>
    (jobs[left]?.completion ?? 0) - (jobs[right]?.completion ?? 0) ||
    (graph.ids[left] as string < (graph.ids[right] as string) ? -1 : 1)
  )
  for (const [index, job] of complete.entries()) completions[job] = index + 1
  return completions
}
