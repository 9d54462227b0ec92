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
import type { Job } from "./JobChain.ts"

export interface Sequences {
  readonly graph: Graph.Graph
  /** Job index → index of the first job of its sequence, -1 for none. */
  readonly sequenceOf: Int32Array
  /** Sequences that may be retried at all; the others need no extent. */
  readonly retriable: ReadonlyArray<number>
  readonly extents: Map<number, ReadonlyArray<number>>
  /** Found together when first asked for: sequence → the retriable sequences it lies in, smallest extent first. */
  enclosing: ReadonlyMap<number, ReadonlyArray<number>> | undefined
  members: ReadonlyMap<number, ReadonlyArray<number>> | undefined
}

/** Returns the sequences of a chain's jobs. */
export const make = (graph: Graph.Graph, jobs: ReadonlyArray<Job>): Sequences => {
  const sequenceOf = new Int32Array(jobs.length).fill(-1)
  const retriable: Array<number> = []
  for (let job = 0; job < jobs.length; job++) {
    const { sequenceId, sequenceRetry } = jobs[job] as Job
    if (!sequenceId) continue
    const first = graph.indexOf.get(sequenceId) ?? -1
    sequenceOf[job] = first
    if (first === job && (sequenceRetry ?? 0) > 0) retriable.push(job)
  }
  return { graph, sequenceOf, retriable, extents: new Map(), enclosing: undefined, members: undefined }
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
  const { offsets, targets } = graph.previous
  const inside = new Set([first])
  const walk = members.filter((job) => isDownstream.has(job))
  for (let job = walk.pop(); job !== undefined; job = walk.pop()) {
    inside.add(job)
    for (let edge = Graph.at(offsets, job); edge < Graph.at(offsets, job + 1); edge++) {
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
