/**
 * The shape of a chain: job ids as small integers, and who comes before and after whom as compressed adjacency.
 *
 * `Validation` and `Chain` are built on it. It takes any wire chain, also a broken one: edges to jobs that are not there,
 * repeated edges and self edges are left out (`Validation` reports them), and jobs on or behind a cycle have level -1.
 *
 * @since 0.1.0
 */
import { grown } from "./GrowingArray.ts"
import type { Job, JobChain, Template } from "./JobChain.ts"
import * as Slices from "./Slices.ts"
import { SparseMap } from "./Sparse.ts"

/** Only `append` changes it. */
export interface Graph {
  /** Job index → job id, in the order of the wire value's keys. */
  readonly ids: Array<string>
  /** Job index → job. */
  readonly jobs: Array<Job>
  readonly indexOf: Map<string, number>
  readonly next: Adjacency
  readonly previous: Adjacency
  /** Whether all of the wire value's adjacency list is in it: nothing had to be left out. */
  readonly isWhole: boolean
  /**
   * Job index → length of the longest path to it from a first job, counting jobs that may come in between while the chain
   * runs. Every edge leads to a higher level.
   */
  levels: Int32Array<ArrayBuffer>
}

/** What of a chain, or of a template, a graph is made of. */
export type Source = Pick<JobChain, "jobs" | "adjacencyList">

/** The neighbours of job `j` are `targets[starts[j]]` up to, not including, `targets[ends[j]]`. */
export interface Adjacency {
  starts: Int32Array<ArrayBuffer>
  ends: Int32Array<ArrayBuffer>
  targets: Int32Array<ArrayBuffer>
}

/** Reads a typed array where the index is known to be inside. */
export const at = (array: ArrayLike<number>, index: number): number => array[index] as number

/** Returns the graph of a chain, in time and memory of its jobs and edges. */
export const make = (jobChain: Source): Graph => Slices.runAll(makeInSlices(jobChain))

/**
 * Makes the graph of a chain in slices.
 *
 * Looking names up is most of what it costs, so each is looked up once; `Object.entries` would cost three times as much.
 * What cannot be cut is the runtime's own `Object.keys` of all jobs and of the adjacency list.
 */
export function* makeInSlices(jobChain: Source): Slices.Slices<Graph> {
  const wireJobs = jobChain.jobs ?? {}
  const ids = Object.keys(wireJobs)
  const jobs: Array<Job> = []
  const indexOf = new Map<string, number>()
  const spans = new SparseMap<number, number>()
  yield* Slices.range(ids.length, (start, end) => {
    for (let job = start; job < end; job++) {
      const id = ids[job] as string
      const wireJob = wireJobs[id] as Job
      jobs.push(wireJob)
      indexOf.set(id, job)
      if (wireJob.each?.template) spans.set(job, spanOf(wireJob.each.template))
    }
  })
  const { isWhole, next } = yield* compress(ids, indexOf, jobChain.adjacencyList ?? {})
  const previous = yield* reverse(next)
  return { ids, jobs, indexOf, next, previous, isWhole, levels: yield* levelsOf(next, previous, spans) }
}

/** How many levels the jobs take that may come right after a job while the chain runs. They are kept free. */
const spanOf = (template: Template): number =>
  make(template).levels.reduce((most, level) => Math.max(most, level + 1), 0)

/** Jobs and edges that join a graph. */
export interface Growth {
  readonly jobs: ReadonlyArray<Job & { readonly id: string }>
  /** Of the new jobs, by their place in `jobs`. An edge must lead to a higher level. */
  readonly levels: ReadonlyArray<number>
  /** Between jobs of which one at least is new, by index; new jobs come after those that are there. */
  readonly edges: ReadonlyArray<readonly [from: number, to: number]>
}

/** Adds jobs and edges, in time of what is added and of the neighbours that its neighbours have. */
export const append = (graph: Graph, { edges, jobs, levels }: Growth): void => {
  const before = graph.ids.length
  const size = before + jobs.length
  graph.levels = grown(graph.levels, size)
  graph.levels.set(levels, before)
  for (const job of jobs) {
    graph.indexOf.set(job.id, graph.ids.length)
    graph.ids.push(job.id)
    graph.jobs.push(job)
  }
  extend(graph.next, size, edges)
  extend(graph.previous, size, edges.map(([from, to]) => [to, from]))
}

/** Who gets further neighbours has all of them moved to the end, where there is room. */
const extend = (adjacency: Adjacency, size: number, edges: Growth["edges"]): void => {
  const added = Map.groupBy(edges, ([job]) => job)
  adjacency.starts = grown(adjacency.starts, size)
  adjacency.ends = grown(adjacency.ends, size)
  let free = adjacency.targets.length
  let moved = 0
  for (const job of added.keys()) moved += degree(adjacency, job)
  const targets = grown(adjacency.targets, free + moved + edges.length)
  for (const [job, more] of added) {
    const start = free
    targets.copyWithin(start, at(adjacency.starts, job), at(adjacency.ends, job))
    free += degree(adjacency, job)
    for (const [, target] of more) targets[free++] = target
    adjacency.starts[job] = start
    adjacency.ends[job] = free
  }
  adjacency.targets = targets
}

/** Returns the neighbours of a job. */
export const neighbours = ({ ends, starts, targets }: Adjacency, job: number): Int32Array =>
  targets.subarray(starts[job], ends[job])

/** Returns how many neighbours a job has. */
export const degree = (adjacency: Adjacency, job: number): number => at(adjacency.ends, job) - at(adjacency.starts, job)

/** Returns the ids of the jobs right after a job. */
export const nextIds = ({ ids, next: { ends, starts, targets } }: Graph, job: number): ReadonlyArray<string> =>
  Array.from(targets.subarray(starts[job], ends[job]), (next) => ids[next] as string)

/** Returns the jobs that can be reached from `start` by up to level `levelMax`, `start` first. */
export const reach = (graph: Graph, start: number, levelMax: number): Array<number> => {
  const { ends, starts, targets } = graph.next
  const seen = new Set([start])
  const found = [start]
  for (let i = 0; i < found.length; i++) {
    const job = found[i] as number
    for (let edge = at(starts, job); edge < at(ends, job); edge++) {
      const target = at(targets, edge)
      if (at(graph.levels, target) > levelMax || seen.has(target)) continue
      seen.add(target)
      found.push(target)
    }
  }
  return found
}

function* compress(
  ids: ReadonlyArray<string>,
  indexOf: ReadonlyMap<string, number>,
  adjacencyList: NonNullable<JobChain["adjacencyList"]>
): Slices.Slices<{ readonly next: Adjacency; readonly isWhole: boolean }> {
  const size = ids.length
  const offsets = new Int32Array(size + 1)
  // Most graphs have a few edges a job.
  let targets = new Int32Array(2 * size)
  // The last job that had an edge to a job, plus one: finds repeated edges without a set per job.
  const seenFrom = new Int32Array(size)
  let lists = 0
  let edges = 0
  let kept = 0
  yield* Slices.range(size, (start, end) => {
    for (let job = start; job < end; job++) {
      const id = ids[job] as string
      const list = adjacencyList[id]
      // Not all that an object answers is its own: a job may be called "constructor".
      if (list !== undefined && Object.hasOwn(adjacencyList, id)) {
        lists++
        // What comes next in the list often comes next in the chain, and then need not be looked up.
        let guess = job + 1
        for (const targetId of list ?? []) {
          edges++
          const target = ids[guess] === targetId ? guess : indexOf.get(targetId)
          if (target === undefined || target === job || seenFrom[target] === job + 1) continue
          guess = target + 1
          seenFrom[target] = job + 1
          if (kept === targets.length) targets = grown(targets, 2 * kept + 1)
          targets[kept++] = target
        }
      }
      offsets[job + 1] = kept
    }
  })
  const isWhole = edges === kept && lists === Object.keys(adjacencyList).length
  return { next: adjacencyOf(offsets, targets.slice(0, kept)), isWhole }
}

/** Returns the adjacency where the neighbours of one job end as those of the next one start. */
const adjacencyOf = (offsets: Int32Array<ArrayBuffer>, targets: Int32Array<ArrayBuffer>): Adjacency => ({
  starts: offsets.slice(0, -1),
  ends: offsets.slice(1),
  targets
})

function* reverse({ ends, starts, targets }: Adjacency): Slices.Slices<Adjacency> {
  const size = starts.length
  const reversedOffsets = new Int32Array(size + 1)
  const reversedTargets = new Int32Array(targets.length)
  yield* Slices.range(targets.length, (start, end) => {
    for (let edge = start; edge < end; edge++) {
      const slot = at(targets, edge) + 1
      reversedOffsets[slot] = at(reversedOffsets, slot) + 1
    }
  })
  for (let job = 0; job < size; job++) {
    reversedOffsets[job + 1] = at(reversedOffsets, job + 1) + at(reversedOffsets, job)
  }
  const free = reversedOffsets.slice()
  yield* Slices.range(size, (start, end) => {
    for (let job = start; job < end; job++) {
      for (let edge = at(starts, job); edge < at(ends, job); edge++) {
        const target = at(targets, edge)
        const place = at(free, target)
        reversedTargets[place] = job
        free[target] = place + 1
      }
    }
  })
  return adjacencyOf(reversedOffsets, reversedTargets)
}

function* levelsOf(
  next: Adjacency,
  previous: Adjacency,
  spans: ReadonlyMap<number, number>
): Slices.Slices<Int32Array<ArrayBuffer>> {
  const size = next.starts.length
  const levels = new Int32Array(size).fill(-1)
  const unmet = new Int32Array(size)
  const sorted = new Int32Array(size)
  let found = 0
  for (let job = 0; job < size; job++) {
    unmet[job] = degree(previous, job)
    if (at(unmet, job) === 0) sorted[found++] = job
  }
  yield* Slices.range(size, (start, end) => {
    // Where there is a cycle, fewer jobs are found than there are.
    for (let i = start; i < Math.min(end, found); i++) {
      const job = at(sorted, i)
      let level = 0
      for (let edge = at(previous.starts, job); edge < at(previous.ends, job); edge++) {
        const parent = at(previous.targets, edge)
        level = Math.max(level, at(levels, parent) + 1 + (spans.size === 0 ? 0 : spans.get(parent) ?? 0))
      }
      levels[job] = level
      for (let edge = at(next.starts, job); edge < at(next.ends, job); edge++) {
        const target = at(next.targets, edge)
        unmet[target] = at(unmet, target) - 1
        if (at(unmet, target) === 0) sorted[found++] = target
      }
    }
  })
  return levels
}
