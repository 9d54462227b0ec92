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
import * as Substitution from "../domain/Substitution.ts"
import type { ChainPlan } from "./ChainPlan.ts"
import type { FanOut } from "./FanOut.ts"
import type { Path } from "./SpecFault.ts"
import { type JobStep, type Level, needsFromOutside, pathOf, type SequenceStep, type Step } from "./Step.ts"
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
  let origins: Origins | undefined
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

interface Draft {
  /** By the index of the step; 1 where another needs it. */
  readonly isNeeded: Uint8Array
  /** What stands for items of the lists around. */
  readonly variables: ReadonlyArray<string>
  /** What is below speaks of jobs by their places in it. */
  readonly jobs: Array<Job>
  /** By the index of the step: its job, of a sequence the last one. In a template, only of what is in it. */
  readonly lastOf: Array<number | undefined>
  readonly joins: Map<Level, Joins>
  readonly repeated: Map<Step, Repeated>
}

/** The `noop` jobs that a level has for its first and last steps. */
interface Joins {
  readonly begin: number | undefined
  readonly end: number | undefined
  /** What the last one joins. */
  readonly lasts: ReadonlyArray<Step>
}

/** The job before all instances of what is repeated. Those stand right after it, one after another. */
interface Repeated {
  readonly begin: number
  /** `undefined` where there are none yet. */
  readonly mould: Instance.Mould | undefined
  readonly count: number
}

const neededIn = (steps: ReadonlyArray<Step>): Uint8Array => {
  const isNeeded = new Uint8Array(steps.length)
  for (const step of steps) for (const { index } of step.needs) isNeeded[index] = 1
  return isNeeded
}

const isFirst = ({ level, needs }: Step): boolean => !needs.some((need) => need.level === level)

/** Adds the jobs of a level, in the order of the spec. */
const addLevel = (draft: Draft, level: Level, of: SequenceStep | undefined): void => {
  const steps = [...level.values()]
  const firsts = steps.filter(isFirst)
  const lasts = steps.filter(({ index }) => draft.isNeeded[index] === 0)
  const beginId = standsAlone(firsts, of) ? firsts[0].id : freeId("begin", level, of)
  const begin = beginId === firsts[0]?.id ? undefined : add(draft, noop(beginId, beginId, of))
  for (const step of steps) {
    if (step.fanOut !== undefined) draft.lastOf[step.index] = addForEach(draft, step, step.fanOut, beginId)
    else if (step.kind === "sequence") addLevel(draft, step.inside, step)
    else draft.lastOf[step.index] = add(draft, jobOf(step, beginId, draft.variables))
  }
  const end = standsAlone(lasts, of) ? undefined : add(draft, noop(freeId("end", level, of), beginId, of))
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
  const joining = { ...noop(id, sequenceId, outer), ...(parallel !== undefined && { parallel }) }
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
  return add(draft, noop(`${id}.end`, sequenceId, outer))
}

const templateOf = (draft: Draft, step: Step, variable: string, sequenceId: string): Template => {
  const variables = [...draft.variables, variable]
  if (step.kind === "job") {
    const alone = { ...step, outer: undefined }
    return TemplateCompiler.ofJob(jobOf(alone, "", variables), step.outer === undefined ? undefined : sequenceId)
  }
  const body: Draft = { ...draft, variables, jobs: [], lastOf: [], joins: new Map(), repeated: new Map() }
  addLevel(body, step.inside, step)
  return TemplateCompiler.ofSequence(step.id, { jobs: jobsOf(body), adjacencyList: adjacencyListOf(body, step.inside) })
}

type Args = NonNullable<Job["args"]>

type Mutable<A> = { -readonly [Key in keyof A]: A[Key] }

const noop = (id: string, sequenceId: string, of: SequenceStep | undefined): Job => {
  const job: Mutable<Job> = { id, name: id, type: "noop", state: JobState.PENDING }
  if (of !== undefined) setSequence(job, sequenceId, of)
  return job
}

// Fields one by one: to spread what may be there costs as much as all the rest.
const jobOf = ({ entry, id, outer }: JobStep, sequenceId: string, variables: ReadonlyArray<string>): Job => {
  const { data, name = id, retry, retryWait, when } = entry
  const job: Mutable<Job> = { id, name, type: "run" in entry ? "shell" : entry.type, state: JobState.PENDING }
  const args = "run" in entry ? { command: entry.run } : entry.args
  if (args !== undefined) job.args = variables.length === 0 ? args : leftToShell(job, args, variables)
  if (data !== undefined) job.data = data
  if (retry !== undefined) job.retry = retry
  if (retryWait !== undefined) job.retryWait = retryWait
  if (when !== undefined) job.when = when
  setPolicies(job, entry)
  if (outer !== undefined) setSequence(job, sequenceId, outer)
  return job
}

const setPolicies = (job: Mutable<Job>, entry: JobStep["entry"]): void => {
  const { concurrencyKey, priority, retryPolicy, stopGrace, stopTimeout, timeout, totalTimeout } = entry
  if (retryPolicy !== undefined) job.retryPolicy = retryPolicy
  if (timeout !== undefined) job.timeout = timeout
  if (totalTimeout !== undefined) job.totalTimeout = totalTimeout
  if (stopGrace !== undefined) job.stopGrace = stopGrace
  if (stopTimeout !== undefined) job.stopTimeout = stopTimeout
  if (priority !== undefined) job.priority = priority
  if (concurrencyKey !== undefined) job.concurrencyKey = concurrencyKey
}

/** What a shell is to run is left to it: it has the items in its environment, and can quote them. */
const leftToShell = ({ type }: Job, args: Args, variables: ReadonlyArray<string>): Args =>
  type === "shell" && typeof args.command === "string"
    ? { ...args, command: variables.reduce(Substitution.escape, args.command) }
    : args

/** The first job of a sequence says on the wire when the sequence runs, and how it is retried. */
const setSequence = (job: Mutable<Job>, sequenceId: string, { entry }: SequenceStep): void => {
  const { retry, retryPolicy, retryWait, siblings, timeout, when } = entry
  job.sequenceId = sequenceId
  if (job.id !== sequenceId) return
  if (retry !== undefined) job.sequenceRetry = retry
  if (retryWait !== undefined) job.sequenceRetryWait = retryWait
  if (when !== undefined) job.sequenceWhen = when
  if (retryPolicy !== undefined) job.sequenceRetryPolicy = retryPolicy
  if (timeout !== undefined) job.sequenceTimeout = timeout
  if (siblings !== undefined) job.sequenceSiblings = siblings
}

// No id is `__proto__`, as names begin with a letter or digit: ids can be set as keys.
const jobsOf = (draft: Draft): Record<string, Job> => {
  const jobs: Record<string, Job> = {}
  for (const job of draft.jobs) jobs[job.id as string] = job
  return jobs
}

/** Counted first, so that no list has room to spare. */
const adjacencyListOf = (draft: Draft, level: Level): Record<string, ReadonlyArray<string>> => {
  const { jobs } = draft
  const counts = new Int32Array(jobs.length)
  visitEdges(draft, level, [], (from) => {
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
  visitEdges(draft, level, [], (from, to) => {
    const filled = counts[from] as number
    ;(lists[from] as Array<string>)[filled] = (jobs[to] as Job).id as string
    counts[from] = filled + 1
  })
  return adjacencyList
}

const none: Array<string> = []

type Visit = (from: number, to: number) => void

/** Visits the edges to the jobs of a level. `before` are the jobs right before its first ones. */
const visitEdges = (draft: Draft, level: Level, before: ReadonlyArray<number>, visit: Visit): void => {
  const { joins, lastOf, repeated } = draft
  const { begin, end, lasts } = joins.get(level) as Joins
  if (begin !== undefined) { for (const from of before) visit(from, begin) }
  const beforeFirsts = begin === undefined ? before : [begin]
  for (const step of level.values()) {
    const last = lastOf[step.index] as number
    if (step.kind === "job" && step.fanOut === undefined && !isFirst(step)) {
      for (const { index } of step.needs) if (lastOf[index] !== undefined) visit(lastOf[index], last)
      continue
    }
    const previous = previousOf(draft, step, beforeFirsts)
    const instances = repeated.get(step)
    if (instances !== undefined) {
      for (const from of previous) visit(from, instances.begin)
      visitInstances(instances, last, visit)
    } else if (step.kind === "sequence") visitEdges(draft, step.inside, previous, visit)
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
const previousOf = ({ lastOf }: Draft, step: Step, before: ReadonlyArray<number>): ReadonlyArray<number> => {
  const needed = step.fanOut === undefined ? step.needs : [...new Set([...step.needs, ...needsFromOutside(step)])]
  // What a template needs from outside is needed by the first job of what is repeated.
  const needs = needed.map(({ index }) => lastOf[index]).filter((job) => job !== undefined)
  return isFirst(step) ? [...new Set([...needs, ...before])] : needs
}

type Origins = ReadonlyMap<string, Step>

/** A `noop` job that joins others was made of its sequence. */
const originOf = (origins: Origins, id: string): Step | undefined => {
  // Instances were all made of the same. Keys hold no brackets.
  const plain = id.replaceAll(/\[[^\]]*\]/g, "")
  return origins.get(plain) ?? origins.get(plain.slice(0, Math.max(0, plain.lastIndexOf("."))))
}

const pathInSpec = (origins: Origins, [field, id, key, ...rest]: Path): Path => {
  if (field === "timeout" || field === "limits") return [field, id, key, ...rest].filter((part) => part !== undefined)
  if (id === undefined) return []
  const [place, ...inside] = rest
  // What is inside of a template was made of what is inside of what is repeated.
  if (key === "each" && place === "template") {
    return pathInSpec(origins, [inside[0] ?? "", `${id}${inside[1] ?? ""}`, ...inside.slice(2)])
  }
  const step = originOf(origins, String(id))
  if (step === undefined) return ["jobs"]
  if (field !== "jobs" || key === undefined) return pathOf(step)
  const ofSequence = sequenceKeys.get(String(key))
  if (ofSequence !== undefined) return [...pathOf(sequenceOf(step)), ofSequence, ...rest]
  const isShort = step.kind === "job" && "run" in step.entry && (key === "args" || key === "type")
  return isShort ? [...pathOf(step), "run"] : [...pathOf(step), key, ...rest]
}

/** Keys of a job on the wire that say something of its sequence → what they are called there. */
const sequenceKeys: ReadonlyMap<string, string> = new Map(
  ["retry", "retryWait", "retryPolicy", "timeout", "siblings", "when"].map((key) =>
    [`sequence${key[0]?.toUpperCase()}${key.slice(1)}`, key] as const
  )
)

const sequenceOf = (step: Step): Step => step.kind === "job" ? step.outer ?? step : step
