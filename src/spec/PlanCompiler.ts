/**
 * Makes the wire chain of a plan.
 *
 * Where several jobs are first or last, of the chain or of a sequence, a `noop` job joins them. A sequence also gets one
 * where its only first or last step is a sequence itself: a job can be first of one sequence only, and the extent of a
 * sequence reaches to its own jobs, not to those of sequences inside.
 *
 * What is repeated for a list stands between two `noop` jobs of its own: what it needs, also further inside, is needed by the
 * first, and what needs it by the second. It is compiled once, to a template, of which each item gets an instance.
 *
 * Plans can have a hundred thousand steps: what is made for each of them is a job, its list of next jobs and little else.
 *
 * @since 0.1.0
 */
import * as Instance from "../domain/Instance.ts"
import type { Job, JobChain, Template } from "../domain/JobChain.ts"
import * as JobState from "../domain/JobState.ts"
import type { ChainPlan } from "./ChainPlan.ts"
import type { FanOut } from "./FanOut.ts"
import { adjacencyListOf, isFirst, type PlanJobs } from "./PlanEdges.ts"
import * as PlanJob from "./PlanJob.ts"
import { pathInSpec, type PlanOrigins } from "./PlanOrigins.ts"
import type { Path } from "./SpecFault.ts"
import type { Level, SequenceStep, Step } from "./Step.ts"
import * as TemplateCompiler from "./TemplateCompiler.ts"

export interface Compiled {
  readonly jobChain: JobChain
  /** Returns the path in the spec of what a path in the wire chain was made of, or of what is around it. */
  readonly pathOf: (path: Path) => Path
}

/** Returns the wire chain of a plan. */
export const compile = (plan: ChainPlan, requestId: string): Compiled => {
  const draft: Draft = {
    isNeeded: neededIn(plan.steps),
    variables: [],
    jobs: [],
    lastOf: new Array(plan.steps.length),
    joins: new Map(),
    repeated: new Map()
  }
  addLevel(draft, plan.level, undefined)
  let origins: PlanOrigins | undefined
  return {
    jobChain: {
      requestId,
      jobs: jobsOf(draft),
      adjacencyList: adjacencyListOf(draft, plan.level),
      state: JobState.PENDING,
      finishedJobs: 0,
      ...(plan.timeout !== undefined && { timeout: plan.timeout }),
      ...(plan.limits !== undefined && { limits: plan.limits })
    },
    pathOf: (path) => pathInSpec(origins ??= new Map(plan.steps.map((step) => [step.id, step])), path)
  }
}

interface Draft extends PlanJobs {
  /** By the index of the step; 1 where another needs it. */
  readonly isNeeded: Uint8Array
  /** What stands for items of the lists around. */
  readonly variables: ReadonlyArray<string>
}

const neededIn = (steps: ReadonlyArray<Step>): Uint8Array => {
  const isNeeded = new Uint8Array(steps.length)
  for (const step of steps) for (const { index } of step.needs) isNeeded[index] = 1
  return isNeeded
}

/** Adds the jobs of a level, in the order of the spec. */
const addLevel = (draft: Draft, level: Level, of: SequenceStep | undefined): void => {
  const steps = [...level.values()]
  const firsts = steps.filter(isFirst)
  const lasts = steps.filter(({ index }) => draft.isNeeded[index] === 0)
  const beginId = standsAlone(firsts, of) ? firsts[0].id : freeId("begin", level, of)
  const begin = beginId === firsts[0]?.id ? undefined : add(draft, PlanJob.noop(beginId, beginId, of))
  for (const step of steps) {
    if (step.fanOut !== undefined) draft.lastOf[step.index] = addForEach(draft, step, step.fanOut, beginId)
    else if (step.kind === "sequence") addLevel(draft, step.inside, step)
    else draft.lastOf[step.index] = add(draft, PlanJob.make(step, beginId, draft.variables))
  }
  const end = standsAlone(lasts, of) ? undefined : add(draft, PlanJob.noop(freeId("end", level, of), beginId, of))
  draft.joins.set(level, { begin, end, lasts })
  if (of !== undefined) draft.lastOf[of.index] = end ?? draft.lastOf[(lasts[0] as Step).index]
}

type One = readonly [Step]

const standsAlone = (ends: ReadonlyArray<Step>, of: SequenceStep | undefined): ends is One =>
  ends.length === 1 && (of === undefined || ends[0]?.kind === "job" || ends[0]?.fanOut !== undefined)

/** Names hold no dots, so only a step of the same level can have the id. */
const freeId = (name: string, level: Level, of: SequenceStep | undefined): string => {
  let free = name
  for (let count = 2; level.has(free); count++) free = `${name}-${count}`
  return of === undefined ? free : `${of.id}.${free}`
}

/** Returns its place. */
const add = ({ jobs }: Draft, job: Job): number => jobs.push(job) - 1

/** Adds what is repeated, between the job that begins it and the one that ends it, which is returned. */
const addForEach = (draft: Draft, step: Step, { key, of, parallel, variable }: FanOut, sequenceId: string): number => {
  const { id, outer } = step
  const template = templateOf(draft, step, variable, sequenceId)
  const joining = { ...PlanJob.noop(id, sequenceId, outer), ...(parallel !== undefined && { parallel }) }
  if (typeof of === "string") {
    const each = { from: of, as: variable, ...(key !== undefined && { key }), template }
    const begin = add(draft, { ...joining, each })
    draft.repeated.set(step, { begin, mould: undefined, count: 0 })
  } else {
    const begin = add(draft, joining)
    const mould = Instance.mould({ begin: id, template, variable })
    for (const item of of) for (const job of Instance.jobsOf(mould, item)) add(draft, job)
    draft.repeated.set(step, { begin, mould, count: of.length })
  }
  // Names hold no dots, so no other job has the id.
  return add(draft, PlanJob.noop(`${id}.end`, sequenceId, outer))
}

const templateOf = (draft: Draft, step: Step, variable: string, sequenceId: string): Template => {
  const variables = [...draft.variables, variable]
  if (step.kind === "job") {
    const alone = { ...step, outer: undefined }
    return TemplateCompiler.ofJob(PlanJob.make(alone, "", variables), step.outer === undefined ? undefined : sequenceId)
  }
  const body: Draft = { ...draft, variables, jobs: [], lastOf: [], joins: new Map(), repeated: new Map() }
  addLevel(body, step.inside, step)
  return TemplateCompiler.ofSequence(step.id, { jobs: jobsOf(body), adjacencyList: adjacencyListOf(body, step.inside) })
}

// No id is `__proto__`, as names begin with a letter or digit: ids can be set as keys.
const jobsOf = (draft: Draft): Record<string, Job> => {
  const jobs: Record<string, Job> = {}
  for (const job of draft.jobs) jobs[job.id as string] = job
  return jobs
}
