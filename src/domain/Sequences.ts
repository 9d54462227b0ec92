/**
 * Which sequences a chain has, how far each extends, and which lies inside which.
 *
 * A sequence's *extent* is every job on a path from its first job to any job with its `sequenceId`, both included. A
 * sequence lies inside another when its first job is in the other's extent; the smallest such extent encloses it.
 * Extents are found when a sequence is first retried, since most chains never retry one.
 *
 * A sequence is named by the index of its first job.
 *
 * @since 0.1.0
 */
import * as Graph from "./Graph.ts"
import { grown } from "./GrowingArray.ts"
import type { Job } from "./JobChain.ts"
import { SparseMap } from "./Sparse.ts"

/** Only `append` changes it. */
export interface Sequences {
  readonly graph: Graph.Graph
  /** Job index → index of the first job of its sequence, -1 for none. */
  sequenceOf: Int32Array<ArrayBuffer>
  /** Sequences that may be retried at all; the others need no extent. */
  readonly retriable: Array<number>
  readonly extents: SparseMap<number, ReadonlyArray<number>>
  /** Found together when first asked for: sequence → the retriable sequences it lies in, smallest extent first. */
  enclosing: ReadonlyMap<number, ReadonlyArray<number>> | undefined
  members: Map<number, Array<number>> | undefined
}

/** Returns the sequences of a chain's jobs. */
export const make = (graph: Graph.Graph, jobs: ReadonlyArray<Job>): Sequences => {
  const sequences: Sequences = {
    graph,
    sequenceOf: new Int32Array(jobs.length),
    retriable: [],
    extents: new SparseMap(),
    enclosing: undefined,
    members: undefined
  }
  assign(sequences, jobs, 0)
  return sequences
}

/** Takes in the jobs that were added to the graph. Extents are found anew when next asked for. */
export const append = (sequences: Sequences): void => {
  const { graph, members, sequenceOf } = sequences
  const before = sequenceOf.length
  sequences.sequenceOf = grown(sequenceOf, graph.jobs.length)
  assign(sequences, graph.jobs, before)
  if (members !== undefined) {
    for (let job = before; job < graph.jobs.length; job++) {
      const first = Graph.at(sequences.sequenceOf, job)
      const others = members.get(first)
      if (others === undefined) members.set(first, [job])
      else others.push(job)
    }
  }
  sequences.extents.clear()
  sequences.enclosing = undefined
}

const assign = ({ graph, retriable, sequenceOf }: Sequences, jobs: ReadonlyArray<Job>, start: number): void => {
  for (let job = start; job < jobs.length; job++) {
    const { sequenceId, sequenceRetry } = jobs[job] as Job
    const first = sequenceId ? graph.indexOf.get(sequenceId) ?? -1 : -1
    sequenceOf[job] = first
    if (first === job && (sequenceRetry ?? 0) > 0) retriable.push(job)
  }
}

/** Returns whether a job is the first of a sequence. */
export const isFirst = (sequences: Sequences, job: number): boolean => sequences.sequenceOf[job] === job

/** Returns the jobs of a sequence's extent, its first job first. */
export const extent = (sequences: Sequences, first: number): ReadonlyArray<number> => {
  const known = sequences.extents.get(first)
  if (known !== undefined) return known
  const found = findExtent(sequences.graph, first, membersOf(sequences, first))
  sequences.extents.set(first, found)
  return found
}

/** Returns the retriable sequences that a sequence lies in, the smallest extent first. */
export const enclosing = (sequences: Sequences, first: number): ReadonlyArray<number> => {
  sequences.enclosing ??= findEnclosing(sequences)
  return sequences.enclosing.get(first) ?? []
}

const membersOf = (sequences: Sequences, first: number): ReadonlyArray<number> => {
  sequences.members ??= Map.groupBy(sequences.sequenceOf.keys(), (job) => Graph.at(sequences.sequenceOf, job))
  return sequences.members.get(first) ?? [first]
}

const findExtent = (graph: Graph.Graph, first: number, members: ReadonlyArray<number>): ReadonlyArray<number> => {
  const levelMax = members.reduce((highest, job) => Math.max(highest, Graph.at(graph.levels, job)), 0)
  const downstream = Graph.reach(graph, first, levelMax)
  const isDownstream = new Set(downstream)
  const { ends, starts, targets } = graph.previous
  const inside = new Set([first])
  const walk = members.filter((job) => isDownstream.has(job))
  for (let job = walk.pop(); job !== undefined; job = walk.pop()) {
    inside.add(job)
    for (let edge = Graph.at(starts, job); edge < Graph.at(ends, job); edge++) {
      const parent = Graph.at(targets, edge)
      if (isDownstream.has(parent) && !inside.has(parent)) walk.push(parent)
    }
  }
  return downstream.filter((job) => inside.has(job))
}

const findEnclosing = (sequences: Sequences): ReadonlyMap<number, ReadonlyArray<number>> => {
  const found = new Map<number, Array<number>>()
  const smallestFirst = sequences.retriable.toSorted((left, right) =>
    extent(sequences, left).length - extent(sequences, right).length
  )
  for (const outer of smallestFirst) {
    for (const job of extent(sequences, outer)) {
      if (job === outer || !isFirst(sequences, job)) continue
      const outers = found.get(job)
      if (outers === undefined) found.set(job, [outer])
      else outers.push(outer)
    }
  }
  return found
}
