/**
 * What comes right after what in the wire chain of a plan, once `PlanCompiler` has made its jobs.
 *
 * @since 0.1.0
 */
import * as Instance from "../domain/Instance.ts"
import type { Job } from "../domain/JobChain.ts"
import { type Level, needsFromOutside, type Step } from "./Step.ts"

/** The jobs of a plan, or of a template in it. All else speaks of jobs by their places in `jobs`. */
export interface PlanJobs {
  readonly jobs: Array<Job>
  /** By the index of the step: its job, of a sequence the last one. In a template, only of what is in it. */
  readonly lastOf: Array<number | undefined>
  readonly joins: Map<Level, Joins>
  readonly repeated: Map<Step, Repeated>
}

/** The `noop` jobs that a level has for its first and last steps. */
export interface Joins {
  readonly begin: number | undefined
  readonly end: number | undefined
  /** What the last one joins. */
  readonly lasts: ReadonlyArray<Step>
}

/** The job before all instances of what is repeated. Those stand right after it, one after another. */
export interface Repeated {
  readonly begin: number
  /** `undefined` where there are none yet. */
  readonly mould: Instance.Mould | undefined
  readonly count: number
}

/** Returns whether a step needs nothing of its own level. */
export const isFirst = ({ level, needs }: Step): boolean => !needs.some((need) => need.level === level)

/** Returns the adjacency list of a level and all that is in it. */
export const adjacencyListOf = (all: PlanJobs, level: Level): Record<string, ReadonlyArray<string>> => {
  const { jobs } = all
  // Counted first, so that no list has room to spare.
  const counts = new Int32Array(jobs.length)
  visitEdges(all, level, [], (from) => {
    counts[from] = (counts[from] as number) + 1
  })
  const adjacencyList: Record<string, ReadonlyArray<string>> = {}
  const lists = jobs.map(({ id }, job) => {
    const count = counts[job] as number
    const next = count === 0 ? none : new Array<string>(count)
    if (count > 0) adjacencyList[id as string] = next
    return next
  })
  counts.fill(0)
  visitEdges(all, level, [], (from, to) => {
    const filled = counts[from] as number
    ;(lists[from] as Array<string>)[filled] = (jobs[to] as Job).id as string
    counts[from] = filled + 1
  })
  return adjacencyList
}

const none: Array<string> = []

type Visit = (from: number, to: number) => void

/** Visits the edges to the jobs of a level. `before` are the jobs right before its first ones. */
const visitEdges = (all: PlanJobs, level: Level, before: ReadonlyArray<number>, visit: Visit): void => {
  const { joins, lastOf, repeated } = all
  const { begin, end, lasts } = joins.get(level) as Joins
  if (begin !== undefined) { for (const from of before) visit(from, begin) }
  const beforeFirsts = begin === undefined ? before : [begin]
  for (const step of level.values()) {
    const last = lastOf[step.index] as number
    if (step.kind === "job" && step.fanOut === undefined && !isFirst(step)) {
      for (const { index } of step.needs) if (lastOf[index] !== undefined) visit(lastOf[index], last)
      continue
    }
    const previous = previousOf(all, step, beforeFirsts)
    const instances = repeated.get(step)
    if (instances !== undefined) {
      for (const from of previous) visit(from, instances.begin)
      visitInstances(instances, last, visit)
    } else if (step.kind === "sequence") visitEdges(all, step.inside, previous, visit)
    else for (const from of previous) visit(from, last)
  }
  if (end !== undefined) { for (const { index } of lasts) visit(lastOf[index] as number, end) }
}

const visitInstances = ({ begin, count, mould }: Repeated, end: number, visit: Visit): void => {
  if (mould !== undefined) {
    const edges = Instance.edgesOf(mould)
    for (let instance = 0; instance < count; instance++) {
      const start = begin + 1 + instance * mould.graph.ids.length
      visit(begin, start + mould.first)
      for (const [from, to] of edges) visit(start + from, start + to)
      visit(start + mould.last, end)
    }
  }
  visit(begin, end)
}

/** The last jobs of what a step needs; where it needs nothing on its level, also what is before that. */
const previousOf = ({ lastOf }: PlanJobs, step: Step, before: ReadonlyArray<number>): ReadonlyArray<number> => {
  const needed = step.fanOut === undefined ? step.needs : [...new Set([...step.needs, ...needsFromOutside(step)])]
  // What a template needs from outside is needed by the first job of what is repeated.
  const needs = needed.map(({ index }) => lastOf[index]).filter((job) => job !== undefined)
  return isFirst(step) ? [...new Set([...needs, ...before])] : needs
}
