/**
 * What a run of a chain can come to, found without running any of it: the order of its jobs, the longest way through them, how
 * often they may be tried and how long that may take.
 *
 * `jobchain plan` shows it. It says what can happen at worst, as a chain whose jobs never fail says nothing of its retries.
 *
 * @since 0.1.0
 */
import * as Graph from "./Graph.ts"
import { at, neighbours } from "./Graph.ts"
import type { Job, JobChain } from "./JobChain.ts"
import * as Nesting from "./Nesting.ts"
import * as Repetition from "./Repetition.ts"
import * as Sequences from "./Sequences.ts"
import * as TimeBound from "./TimeBound.ts"

export interface Forecast {
  /** In an order in which they could run one by one: by their levels. */
  readonly jobs: ReadonlyArray<JobForecast>
  /** The jobs of a longest path, of which there may be several. */
  readonly longestPath: ReadonlyArray<string>
  /** Of all jobs together; `Infinity` where there are fan-outs over lists that are not known yet. */
  readonly triesMax: number
  /** Ids of the first jobs of fan-outs over lists that jobs make: how many jobs they bring is not known yet. */
  readonly fanOuts: ReadonlyArray<string>
  /** By the timeouts of tries, jobs, sequences and the chain. */
  readonly time: TimeBound.TimeBound
  /** The part of it that is spent in waits between tries. */
  readonly waits: TimeBound.TimeBound
}

export interface JobForecast {
  readonly id: string
  readonly job: Job
  /** Length of the longest path to it, from 0. Jobs of one level do not wait for each other. */
  readonly level: number
  /** With all tries of the sequences around it. */
  readonly triesMax: number
}

/** Returns the forecast of a chain that is valid, in time of its jobs and edges and of the extents of its sequences. */
export const make = (chain: JobChain, graph: Graph.Graph = Graph.make(chain)): Forecast => {
  const sequences = Sequences.make(graph, graph.jobs)
  const begins = beginsOf(sequences)
  const nesting = Nesting.make(sequences, Array.from(graph.jobs.keys()).filter((job) => isBounding(sequences, job)))
  const jobs = inOrder(graph).map((index): JobForecast => {
    const job = graph.jobs[index] as Job
    const triesMax = (1 + (job.retry ?? 0)) * at(begins, index)
    return { id: graph.ids[index] as string, job, level: at(graph.levels, index), triesMax }
  })
  const fanOuts = jobs.filter(({ job }) => job.each).map(({ id }) => id)
  const bound = (tryTime: (job: Job) => number) =>
    withLimit(TimeBound.make({ graph, nesting, begins, tryTime }), Repetition.limit(chain.timeout))
  return {
    jobs,
    longestPath: longestPath(graph),
    triesMax: fanOuts.length > 0
      ? Number.POSITIVE_INFINITY
      : jobs.reduce((sum, job) => sum + job.triesMax, 0),
    fanOuts,
    time: bound(({ each, timeout }) => each ? Number.POSITIVE_INFINITY : Repetition.limit(timeout)),
    waits: bound(({ each }) => each ? Number.POSITIVE_INFINITY : 0)
  }
}

/** A sequence that may be retried, or has a limit of its own. */
const isBounding = (sequences: Sequences.Sequences, first: number): boolean => {
  const { sequenceRetry, sequenceTimeout } = sequences.graph.jobs[first] as Job
  return Sequences.isFirst(sequences, first) && (Boolean(sequenceRetry) || Boolean(sequenceTimeout))
}

/** Each retry of a sequence runs its extent once more; and a sequence inside of it gets all of its own retries anew. */
const beginsOf = (sequences: Sequences.Sequences): Float64Array => {
  const begins = new Float64Array(sequences.sequenceOf.length).fill(1)
  for (const first of sequences.retriable) {
    const tries = 1 + (sequences.graph.jobs[first]?.sequenceRetry ?? 0)
    for (const job of Sequences.extent(sequences, first)) begins[job] = at(begins, job) * tries
  }
  return begins
}

/** By level, and on one level in the order of the wire value. */
const inOrder = ({ jobs, levels }: Graph.Graph): ReadonlyArray<number> =>
  Array.from(jobs.keys()).toSorted((left, right) => at(levels, left) - at(levels, right))

/** From the last job back, each time to the first of those before it of the highest level. */
const longestPath = ({ ids, levels, previous }: Graph.Graph): ReadonlyArray<string> => {
  const path: Array<string> = []
  let job = levels.reduce((deepest, level, index) => level > at(levels, deepest) ? index : deepest, 0)
  while (job >= 0) {
    path.push(ids[job] as string)
    // Levels leave room for jobs that may come in between.
    job = neighbours(previous, job).reduce(
      (last, parent) => last < 0 || at(levels, parent) > at(levels, last) ? parent : last,
      -1
    )
  }
  return path.toReversed()
}

const withLimit = ({ atOnce, oneByOne }: TimeBound.TimeBound, limit: number): TimeBound.TimeBound => ({
  atOnce: Math.min(atOnce, limit),
  oneByOne: Math.min(oneByOne, limit)
})
