/**
 * How long a chain can take at most, from the limits and waits it says.
 *
 * A job takes as long as its tries and the waits between them, a sequence as long as the longest way through it, so many times
 * as it may be tried, and its waits. All may be cut short by a limit on the whole of it. A sequence that waits for jobs outside
 * of it, somewhere in its middle, is taken to begin when the last of these is over: so nothing that it tries again is
 * forgotten. What a job takes to end when it is interrupted comes on top.
 *
 * @since 0.1.0
 */
import { at, type Graph } from "./Graph.ts"
import type { Job } from "./JobChain.ts"
import type { Nesting } from "./Nesting.ts"
import * as Repetition from "./Repetition.ts"

/** In milliseconds; `Infinity` where nothing limits it. */
export interface TimeBound {
  /** Where every job starts as soon as it can. */
  readonly atOnce: number
  /** Where one job runs at a time. No limit on how many run at once makes it longer. */
  readonly oneByOne: number
}

export interface Subject {
  readonly graph: Graph
  /** Of the sequences that may be retried, or have a limit of time. */
  readonly nesting: Nesting
  /** Job index → how often it may begin anew, with all its tries: once, and once for each retry of a sequence around it. */
  readonly begins: ArrayLike<number>
  /** Returns how long one try of a job may take, in milliseconds. */
  readonly tryTime: (job: Job) => number
}

/** Returns the bound of a chain that is valid, in time of its jobs and edges, each as often as sequences lie around it. */
export const make = (subject: Subject): TimeBound => {
  const oneByOne = subject.nesting.isProper ? sum(subject) : overlappingSum(subject)
  // Where extents overlap, or wait for each other, no way through one of them can be measured alone. What holds one by one
  // holds at once.
  const atOnce = subject.nesting.isProper ? longest(subject) : undefined
  return { atOnce: atOnce ?? oneByOne, oneByOne }
}

/** All jobs and waits of a chain after one another. */
const sum = ({ graph: { jobs }, nesting: { innermost, outerOf }, tryTime }: Subject): number => {
  let whole = 0
  const inside = new Float64Array(jobs.length)
  const add = (sequence: number, time: number): void => {
    if (sequence < 0) whole += time
    else inside[sequence] = at(inside, sequence) + time
  }
  for (const [index, job] of jobs.entries()) add(at(innermost, index), Repetition.ofJob(job, tryTime(job)))
  const innerFirst = Array.from(outerOf).toReversed()
  for (const [first, outer] of innerFirst) add(outer, Repetition.ofSequence(jobs[first] as Job, at(inside, first)))
  return whole
}

/** The same without limits on whole sequences. */
const overlappingSum = ({ begins, graph: { jobs }, nesting: { outerOf }, tryTime }: Subject): number => {
  let whole = 0
  for (const [index, job] of jobs.entries()) {
    whole += at(begins, index) * Repetition.ofJob(job, tryTime(job))
    if (!outerOf.has(index)) continue
    const waiting = Repetition.ofSequence({ ...job, sequenceTimeout: null }, 0)
    whole += at(begins, index) / (1 + (job.sequenceRetry ?? 0)) * waiting
  }
  return whole
}

/**
 * The longest way through a chain, in which each sequence is one step. Steps are the jobs, by index, and the sequences, by
 * the index of their first job after all jobs. A sequence can be measured when all that is in it is. `undefined` where
 * sequences wait for each other.
 */
const longest = ({ graph, nesting, tryTime }: Subject): number | undefined => {
  const { jobs } = graph
  const size = jobs.length
  const links = linksOf(graph, nesting)
  const outerOf = (step: number) => (step < size ? nesting.innermost[step] : nesting.outerOf.get(step - size)) ?? -1
  const { unmet } = links
  for (let step = 0; step < 2 * size; step++) {
    const outer = outerOf(step)
    if (outer >= 0) unmet[size + outer] = at(unmet, size + outer) + 1
  }
  // What is before a step in its sequence, and, by its first job, the longest way in a sequence.
  const before = new Float64Array(2 * size)
  const inside = new Float64Array(size)
  let whole = 0
  let measured = 0
  const free = Array.from(jobs.keys()).filter((job) => unmet[job] === 0)
  const meet = (step: number): void => {
    unmet[step] = at(unmet, step) - 1
    if (unmet[step] === 0) free.push(step)
  }
  for (let step = free.pop(); step !== undefined; step = free.pop()) {
    measured++
    const job = jobs[step % size] as Job
    const time = step < size ? Repetition.ofJob(job, tryTime(job)) : Repetition.ofSequence(job, at(inside, step - size))
    const end = at(before, step) + time
    for (let link = at(links.latest, step); link >= 0; link = at(links.earlier, link)) {
      const target = at(links.targets, link)
      before[target] = Math.max(at(before, target), end)
      meet(target)
    }
    const outer = outerOf(step)
    if (outer < 0) {
      whole = Math.max(whole, end)
      continue
    }
    inside[outer] = Math.max(at(inside, outer), end)
    meet(size + outer)
  }
  return measured === size + nesting.outerOf.size ? whole : undefined
}

/** What comes right after each step in the same sequence, as lists in arrays: the latest link, and the one before each. */
interface Links {
  readonly latest: Int32Array
  readonly earlier: ReadonlyArray<number>
  readonly targets: ReadonlyArray<number>
  /** How many links lead to a step. */
  readonly unmet: Int32Array
}

/** Makes each edge one between steps of one sequence, the innermost that holds both of its jobs. */
const linksOf = ({ jobs, next }: Graph, { innermost, outerOf }: Nesting): Links => {
  const size = jobs.length
  const depths = new Int32Array(size)
  const depthOf = (sequence: number) => sequence < 0 ? 0 : at(depths, sequence)
  for (const [first, outer] of outerOf) depths[first] = 1 + depthOf(outer)
  const latest = new Int32Array(2 * size).fill(-1)
  const unmet = new Int32Array(2 * size)
  const earlier: Array<number> = []
  const targets: Array<number> = []
  for (let job = 0; job < size; job++) {
    for (let edge = at(next.starts, job); edge < at(next.ends, job); edge++) {
      let from = job
      let to = at(next.targets, edge)
      let [left, right] = [at(innermost, from), at(innermost, to)]
      while (left !== right) {
        if (depthOf(left) >= depthOf(right)) {
          from = size + left
          left = outerOf.get(left) ?? -1
        } else {
          to = size + right
          right = outerOf.get(right) ?? -1
        }
      }
      earlier.push(at(latest, from))
      latest[from] = targets.push(to) - 1
      unmet[to] = at(unmet, to) + 1
    }
  }
  return { latest, earlier, targets, unmet }
}
