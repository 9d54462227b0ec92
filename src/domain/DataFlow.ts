/**
 * How job data flows: what each job sees when it looks.
 *
 * A job sees its base, then the data of its COMPLETE parents in the order in which they completed, then the item it is an
 * instance for, then what its own tries wrote; later ones win. Nothing is copied when a job completes. What is kept is each
 * job's base and own writes, and a view is built when someone looks, so a line of n jobs that set a key each costs n, not n².
 * Values are shared.
 *
 * @since 0.1.0
 */
import * as Graph from "./Graph.ts"
import type { Job } from "./JobChain.ts"
import * as JobData from "./JobData.ts"
import type { JobData as Data } from "./JobData.ts"
import { SparseMap } from "./Sparse.ts"

export interface DataFlow {
  readonly graph: Graph.Graph
  readonly jobs: ReadonlyArray<Job>
  /** Job index → its place in the order of completion, from 1; 0 while it is not COMPLETE. Kept by the chain. */
  completions: Uint32Array
  readonly writes: SparseMap<number, Data>
  /** Bases that are no longer the `data` the chain came with. */
  readonly bases: SparseMap<number, Base>
  /** What jobs inherit, once asked for and settled. */
  readonly inherited: SparseMap<number, Data>
  /** Completions up to here were already in the `data` the chain came with. */
  resumedAt: number
  /** Completions after this one are copied nowhere: set when the chain is stopped. */
  closedAt: number
}

/** What a job starts from, before the data of its parents. */
export interface Base {
  readonly data: Data
  /** Parents that completed after this one are applied on top. */
  readonly after: number
}

/** Returns the flow of a chain whose `completions` are already filled in. */
export const make = (graph: Graph.Graph, jobs: ReadonlyArray<Job>, completions: Uint32Array): DataFlow => ({
  graph,
  jobs,
  completions,
  writes: new SparseMap(),
  bases: new SparseMap(),
  inherited: new SparseMap(),
  resumedAt: completions.reduce((latest, completion) => Math.max(latest, completion), 0),
  closedAt: Number.POSITIVE_INFINITY
})

/** Adds to what a job's own tries wrote. */
export const write = (flow: DataFlow, job: number, data: Data): void => {
  const before = flow.writes.get(job)
  flow.writes.set(job, before === undefined ? data : { ...before, ...data })
}

/** Returns what a job's own tries wrote since the chain was made or the job rewound; `undefined` for nothing. */
export const written = (flow: DataFlow, job: number): Data | undefined => flow.writes.get(job)

/** Returns what a job sees now. */
export const view = (flow: DataFlow, job: number): Data => {
  const inherited = inherit(flow, job)
  const writes = flow.writes.get(job)
  return writes === undefined ? inherited : Object.freeze({ ...inherited, ...writes })
}

/** Returns what a job's data was in the chain before anything was copied or written. */
export const initial = (flow: DataFlow, job: number): Data => {
  const { data, initialData } = flow.jobs[job] as Job
  return initialData ?? data ?? JobData.empty
}

/** Takes back all that was copied into a job and all it wrote; its COMPLETE parents are applied anew. */
export const reset = (flow: DataFlow, job: number): void => {
  flow.writes.delete(job)
  flow.inherited.delete(job)
  if (flow.resumedAt > 0 || flow.bases.has(job)) flow.bases.set(job, { data: initial(flow, job), after: 0 })
}

/** Keeps what a job has inherited as it is, because a parent of it is about to be rewound. */
export const settle = (flow: DataFlow, job: number): void => {
  flow.bases.set(job, { data: inherit(flow, job), after: Number.POSITIVE_INFINITY })
  flow.inherited.delete(job)
}

/** Sets what a store has kept of a job: what its own tries wrote, and its base where it had a new one. */
export const restore = (flow: DataFlow, job: number, writes: Data | undefined, base: Base | undefined): void => {
  if (writes !== undefined) flow.writes.set(job, writes)
  if (base !== undefined) flow.bases.set(job, base)
}

const baseOf = (flow: DataFlow, job: number): Base => {
  const kept = flow.bases.get(job)
  if (kept !== undefined) return kept
  const completion = Graph.at(flow.completions, job)
  // A job that came COMPLETE with the chain came with all its data.
  const after = completion > 0 && completion <= flow.resumedAt ? Number.POSITIVE_INFINITY : flow.resumedAt
  return { data: (flow.jobs[job] as Job).data ?? JobData.empty, after }
}

/** The parents whose data a job inherits on top of its base, in the order in which they completed. */
const sourcesOf = (flow: DataFlow, job: number, after: number): ReadonlyArray<number> => {
  const { ends, starts, targets } = flow.graph.previous
  const sources: Array<number> = []
  for (let edge = Graph.at(starts, job); edge < Graph.at(ends, job); edge++) {
    const parent = Graph.at(targets, edge)
    const completion = Graph.at(flow.completions, parent)
    if (completion > after && completion <= flow.closedAt) sources.push(parent)
  }
  return sources.length < 2 ?
    sources :
    sources.toSorted((left, right) => Graph.at(flow.completions, left) - Graph.at(flow.completions, right))
}

const hasAllParents = (flow: DataFlow, job: number): boolean => {
  const { ends, starts, targets } = flow.graph.previous
  for (let edge = Graph.at(starts, job); edge < Graph.at(ends, job); edge++) {
    if (flow.completions[Graph.at(targets, edge)] === 0) return false
  }
  return true
}

interface Step {
  readonly job: number
  readonly base: Data
  readonly sources: ReadonlyArray<number>
  readonly item: Data | undefined
}

const isEmpty = (data: Data): boolean => {
  for (const _ in data) return false
  return true
}

/** Jobs with one source and nothing of their own only pass on what they got, so no view of their own is built for them. */
const passesOn = (step: Step): boolean => step.sources.length === 1 && step.item === undefined && isEmpty(step.base)

const inherit = (flow: DataFlow, job: number): Data => {
  const known = flow.inherited.get(job)
  if (known !== undefined) return known
  const steps = ancestry(flow, job)
  const built = new Map<number, Data>()
  // Levels grow along every edge, so what a step builds on is there before it. No recursion: chains are deep.
  const inOrder = [...steps.values()].filter((step) => step.job === job || !passesOn(step)).toSorted((left, right) =>
    Graph.at(flow.graph.levels, left.job) - Graph.at(flow.graph.levels, right.job)
  )
  for (const step of inOrder) {
    const data = build(flow, step, steps, built)
    built.set(step.job, data)
    // While a job waits for parents, what it inherits may still grow.
    if (hasAllParents(flow, step.job)) flow.inherited.set(step.job, data)
  }
  return built.get(job) as Data
}

/** Everything a job inherits from, up to jobs whose view is known. */
const ancestry = (flow: DataFlow, job: number): ReadonlyMap<number, Step> => {
  const steps = new Map<number, Step>()
  const open = [job]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (steps.has(next) || flow.inherited.has(next)) continue
    const { after, data } = baseOf(flow, next)
    const sources = sourcesOf(flow, next, after)
    steps.set(next, { job: next, base: data, sources, item: flow.jobs[next]?.item ?? undefined })
    for (const source of sources) open.push(source)
  }
  return steps
}

const build = (
  flow: DataFlow,
  step: Step,
  steps: ReadonlyMap<number, Step>,
  built: ReadonlyMap<number, Data>
): Data => {
  let shared: Data | undefined = step.base
  const data: Record<string, unknown> = { ...step.base }
  for (const source of step.sources) {
    const run: Array<number> = []
    let top = source
    for (let above = steps.get(top); above !== undefined && passesOn(above); above = steps.get(top)) {
      run.push(top)
      top = above.sources[0] as number
    }
    run.push(top)
    const start = built.get(top) ?? flow.inherited.get(top) ?? JobData.empty
    shared = passesOn(step) && run.every((link) => !flow.writes.has(link)) ? start : undefined
    if (shared !== undefined) break
    JobData.assign(data, start)
    for (let link = run.pop(); link !== undefined; link = run.pop()) JobData.assign(data, flow.writes.get(link))
  }
  if (step.item !== undefined) return Object.freeze(JobData.assign(data, step.item))
  return shared ?? Object.freeze(data)
}
