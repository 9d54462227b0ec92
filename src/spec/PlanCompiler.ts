/**
 * Makes the wire chain of a plan.
 *
 * Where several jobs are first or last, of the chain or of a sequence, a `noop` job joins them. A sequence also gets one
 * where its only first or last step is a sequence itself: a job can be first of one sequence only, and the extent of a
 * sequence reaches to its own jobs, not to those of sequences inside.
 *
 * @since 0.1.0
 */
import type { Job, JobChain } from "../domain/JobChain.ts"
import * as JobState from "../domain/JobState.ts"
import type { ChainPlan } from "./ChainPlan.ts"
import type { Path } from "./SpecFault.ts"
import type { JobStep, Level, SequenceStep, Step } from "./Step.ts"

export interface Compiled {
  readonly jobChain: JobChain
  /** Returns the path in the spec of what a path in the wire chain was made of, or of what is around it. */
  readonly pathOf: (path: Path) => Path
}

/** Returns the wire chain of a plan. */
export const compile = (plan: ChainPlan, requestId: string): Compiled => {
  const draft: Draft = {
    needed: new Set(plan.steps.flatMap((step) => step.needs.map((need) => need.step))),
    edges: new Map(),
    jobs: new Map(),
    next: new Map(),
    origins: new Map()
  }
  for (const step of plan.steps) if (step.kind === "sequence") draft.edges.set(step, edgesOf(step.inside, step, draft))
  const chain = edgesOf(plan.level, undefined, draft)
  draft.edges.set(undefined, chain)
  addLevel(draft, plan.level, undefined)
  return {
    jobChain: {
      requestId,
      jobs: Object.fromEntries(draft.jobs),
      adjacencyList: Object.fromEntries(draft.next),
      state: JobState.PENDING,
      finishedJobs: 0
    },
    pathOf: (path) => pathInSpec(draft.origins, path)
  }
}

const pathInSpec = (origins: Draft["origins"], [field, id, key, ...rest]: Path): Path => {
  if (id === undefined) return []
  const step = origins.get(String(id))
  if (step === undefined) return ["jobs"]
  if (field !== "jobs" || key === undefined) return step.path
  if (key === "sequenceRetry") return [...sequenceOf(step).path, "retry"]
  if (key === "sequenceRetryWait") return [...sequenceOf(step).path, "retryWait"]
  const isShort = step.kind === "job" && "run" in step.entry && (key === "args" || key === "type")
  return isShort ? [...step.path, "run"] : [...step.path, key, ...rest]
}

/** The first job of a sequence says on the wire how the sequence is retried. */
const sequenceOf = (step: Step): Step => step.kind === "job" ? step.outer ?? step : step

interface Draft {
  readonly needed: ReadonlySet<Step>
  /** Per sequence, and for the chain's own level. */
  readonly edges: Map<SequenceStep | undefined, Edges>
  readonly jobs: Map<string, Job>
  readonly next: Map<string, Array<string>>
  /** Job id → the step it was made of; a `noop` job that joins others: its sequence, `undefined` for the chain's own. */
  readonly origins: Map<string, Step | undefined>
}

/** Where a level begins and ends. */
interface Edges {
  readonly begin: Edge
  readonly end: Edge
}

interface Edge {
  /** The first or last job. */
  readonly id: string
  /** The steps it joins; empty where it is a job of the level itself. */
  readonly joins: ReadonlySet<Step>
}

const edgesOf = (level: Level, of: SequenceStep | undefined, { needed }: Draft): Edges => {
  const steps = [...level.values()]
  const firsts = steps.filter((step) => !step.needs.some((need) => need.step.level === level))
  const lasts = steps.filter((step) => !needed.has(step))
  const edge = (name: string, outermost: ReadonlyArray<Step>): Edge => {
    const [only] = outermost
    const canStandAlone = outermost.length === 1 && (of === undefined || only?.kind === "job")
    if (only !== undefined && canStandAlone) return { id: only.id, joins: new Set() }
    return { id: freeId(name, level, of), joins: new Set(outermost) }
  }
  return { begin: edge("begin", firsts), end: edge("end", lasts) }
}

/** Names hold no dots, so only a step of the same level can have the id. */
const freeId = (name: string, level: Level, of: SequenceStep | undefined): string => {
  let free = name
  for (let count = 2; level.has(free); count++) free = `${name}-${count}`
  return of === undefined ? free : `${of.id}.${free}`
}

const addLevel = (draft: Draft, level: Level, of: SequenceStep | undefined): void => {
  const { begin, end } = draft.edges.get(of) as Edges
  if (begin.joins.size > 0) addNoop(draft, begin, of, of === undefined ? [] : parents(draft, of))
  for (const step of level.values()) {
    if (step.kind === "job") addJob(draft, step)
    else addLevel(draft, step.inside, step)
  }
  if (end.joins.size > 0) addNoop(draft, end, of, [...end.joins].map((step) => lastId(draft, step)))
}

const addNoop = (draft: Draft, { id }: Edge, of: SequenceStep | undefined, after: ReadonlyArray<string>): void => {
  add(draft, { id, name: id, type: "noop", state: JobState.PENDING, ...membership(draft, id, of) }, of, after)
}

const addJob = (draft: Draft, step: JobStep): void => {
  const { entry, id, outer } = step
  const { data, name = id, retry, retryWait } = entry
  const args = "run" in entry ? { command: entry.run } : entry.args
  const job: Job = {
    id,
    name,
    type: "run" in entry ? "shell" : entry.type,
    state: JobState.PENDING,
    ...(args && { args }),
    ...(data && { data }),
    ...(retry !== undefined && { retry }),
    ...(retryWait !== undefined && { retryWait }),
    ...membership(draft, id, outer)
  }
  // The first job of a sequence also waits for what the sequence waits for.
  const isFirst = outer !== undefined && draft.edges.get(outer)?.begin.id === id
  add(draft, job, step, isFirst ? [...parents(draft, step), ...parents(draft, outer)] : parents(draft, step))
}

const membership = (draft: Draft, id: string, of: SequenceStep | undefined): Partial<Job> => {
  if (of === undefined) return {}
  const sequenceId = draft.edges.get(of)?.begin.id as string
  const { retry, retryWait } = of.entry
  if (sequenceId !== id) return { sequenceId }
  return {
    sequenceId,
    ...(retry !== undefined && { sequenceRetry: retry }),
    ...(retryWait !== undefined && { sequenceRetryWait: retryWait })
  }
}

const add = (draft: Draft, job: Job, origin: Step | undefined, after: ReadonlyArray<string>): void => {
  const id = job.id as string
  draft.jobs.set(id, job)
  draft.origins.set(id, origin)
  for (const parent of new Set(after)) {
    const next = draft.next.get(parent)
    if (next === undefined) draft.next.set(parent, [id])
    else next.push(id)
  }
}

/** Returns the jobs right before a step: the last of what it needs, and where it needs nothing on its level its begin. */
const parents = (draft: Draft, step: Step): ReadonlyArray<string> => {
  const { id, joins } = (draft.edges.get(step.outer) as Edges).begin
  const ends = step.needs.map((need) => lastId(draft, need.step))
  return joins.has(step) ? [id, ...ends] : ends
}

const lastId = (draft: Draft, step: Step): string =>
  step.kind === "job" ? step.id : draft.edges.get(step)?.end.id as string
