/**
 * The shape of a chain: job ids as small integers, and who comes before and after whom as compressed adjacency.
 *
 * `Validation` and `Chain` are built on it. It takes any wire chain, also a broken one: edges to jobs that are not there,
 * repeated edges and self edges are left out (`Validation` reports them), and jobs on or behind a cycle have level -1.
 *
 * @since 0.1.0
 */
import type { Job, JobChain } from "./JobChain.ts"
import * as Slices from "./Slices.ts"

export interface Graph {
  /** Job index → job id, in the order of the wire value's keys. */
  readonly ids: ReadonlyArray<string>
  /** Job index → job. */
  readonly jobs: ReadonlyArray<Job>
  readonly indexOf: ReadonlyMap<string, number>
  readonly next: Adjacency
  readonly previous: Adjacency
  /** Whether all of the wire value's adjacency list is in it: nothing had to be left out. */
  readonly isWhole: boolean
  /** Job index → length of the longest path to it from a first job. Every edge leads to a higher level. */
  readonly levels: Int32Array
}

/** The neighbours of job `j` are `targets[offsets[j]]` up to, not including, `targets[offsets[j + 1]]`. */
export interface Adjacency {
  readonly offsets: Int32Array
  readonly targets: Int32Array
}

/** Reads a typed array where the index is known to be inside. */
export const at = (array: ArrayLike<number>, index: number): number => array[index] as number

/** Returns the graph of a chain, in time and memory of its jobs and edges. */
export const make = (jobChain: JobChain): Graph => Slices.runAll(makeInSlices(jobChain))

/**
 * Makes the graph of a chain in slices.
 *
 * Looking names up is most of what it costs, so each is looked up once; `Object.entries` would cost three times as much.
 * What cannot be cut is the runtime's own `Object.keys` of all jobs and of the adjacency list.
 */
export function* makeInSlices(jobChain: JobChain): Slices.Slices<Graph> {
  const wireJobs = jobChain.jobs ?? {}
  const ids = Object.keys(wireJobs)
  const jobs: Array<Job> = []
  const indexOf = new Map<string, number>()
  yield* Slices.range(ids.length, (start, end) => {
    for (let job = start; job < end; job++) {
      const id = ids[job] as string
      jobs.push(wireJobs[id] as Job)
      indexOf.set(id, job)
    }
  })
  const { isWhole, next } = yield* compress(ids, indexOf, jobChain.adjacencyList ?? {})
  const previous = yield* reverse(next)
  return { ids, jobs, indexOf, next, previous, isWhole, levels: yield* levelsOf(next, previous) }
}

/** Returns how many neighbours a job has. */
export const degree = (adjacency: Adjacency, job: number): number =>
  at(adjacency.offsets, job + 1) - at(adjacency.offsets, job)

/** Returns the jobs that can be reached from `start` by up to level `levelMax`, `start` first. */
export const reach = (graph: Graph, start: number, levelMax: number): Array<number> => {
  const { offsets, targets } = graph.next
  const seen = new Set([start])
  const found = [start]
  for (let i = 0; i < found.length; i++) {
    const job = found[i] as number
    for (let edge = at(offsets, job); edge < at(offsets, job + 1); edge++) {
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
          if (kept === targets.length) targets = grown(targets)
          targets[kept++] = target
        }
      }
      offsets[job + 1] = kept
    }
  })
  const isWhole = edges === kept && lists === Object.keys(adjacencyList).length
  return { next: { offsets, targets: targets.slice(0, kept) }, isWhole }
}

const grown = (array: Int32Array): Int32Array<ArrayBuffer> => {
  const longer = new Int32Array(2 * array.length + 1)
  longer.set(array)
  return longer
}

function* reverse({ offsets, targets }: Adjacency): Slices.Slices<Adjacency> {
  const size = offsets.length - 1
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
      for (let edge = at(offsets, job); edge < at(offsets, job + 1); edge++) {
        const target = at(targets, edge)
        const place = at(free, target)
        reversedTargets[place] = job
        free[target] = place + 1
      }
    }
  })
  return { offsets: reversedOffsets, targets: reversedTargets }
}

function* levelsOf(next: Adjacency, previous: Adjacency): Slices.Slices<Int32Array> {
  const size = next.offsets.length - 1
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
      for (let edge = at(previous.offsets, job); edge < at(previous.offsets, job + 1); edge++) {
        level = Math.max(level, at(levels, at(previous.targets, edge)) + 1)
      }
      levels[job] = level
      for (let edge = at(next.offsets, job); edge < at(next.offsets, job + 1); edge++) {
        const target = at(next.targets, edge)
        unmet[target] = at(unmet, target) - 1
        if (at(unmet, target) === 0) sorted[found++] = target
      }
    }
  })
  return levels
}
