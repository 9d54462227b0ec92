/**
 * Makes the wire chain of a plan.
 *
 * Where several jobs are first or last, of the chain or of a sequence, a `noop` job joins them. A sequence also gets one
 * where its only first or last step is a sequence itself: a job can be first of one sequence only, and the extent of a
 * sequence reaches to its own jobs, not to those of sequences inside.
 *
 * Plans can have a hundred thousand steps: what is made for each of them is a job, its list of next jobs and little else.
 *
 * @since 0.1.0
 */
import type { Job, JobChain } from "../domain/JobChain.ts"
import * as JobState from "../domain/JobState.ts"
import type { ChainPlan } from "./ChainPlan.ts"
import type { Path } from "./SpecFault.ts"
import { type JobStep, type Level, pathOf, type SequenceStep, type Step } from "./Step.ts"

export interface Compiled {
  readonly jobChain: JobChain
  /** Returns the path in the spec of what a path in the wire chain was made of, or of what is around it. */
  readonly pathOf: (path: Path) => Path
}

/** Returns the wire chain of a plan. */
export const compile = (plan: ChainPlan, requestId: string): Compiled => {
  const draft: Draft = {
    isNeeded: neededIn(plan.steps),
    nodes: [],
    lastOf: new Array(plan.steps.length),
    joins: new Map()
  }
  addLevel(draft, plan.level, undefined)
  link(draft, plan.level, [])
  let origins: Origins | undefined
  return {
    jobChain: {
      requestId,
      jobs: jobsOf(draft),
      adjacencyList: adjacencyListOf(draft),
      state: JobState.PENDING,
      finishedJobs: 0
    },
    pathOf: (path) => pathInSpec(origins ??= new Map(plan.steps.map((step) => [step.id, step])), path)
  }
}

interface Draft {
  /** By the index of the step; 1 where another needs it. */
  readonly isNeeded: Uint8Array
  readonly nodes: Array<Node>
  /** By the index of the step: its job, of a sequence the last one. */
  readonly lastOf: Array<Node>
  readonly joins: Map<Level, Joins>
}

/** A job in the making. */
interface Node {
  readonly id: string
  readonly job: Job
  previous: ReadonlyArray<Node>
  /** How many next jobs are still to be written into `next`. */
  nextCount: number
  next: Array<string> | undefined
}

/** The `noop` jobs that a level has for its first and last steps. */
interface Joins {
  readonly begin: Node | undefined
  readonly end: Node | undefined
  /** What the last one joins. */
  readonly lasts: ReadonlyArray<Step>
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
    if (step.kind === "sequence") addLevel(draft, step.inside, step)
    else draft.lastOf[step.index] = add(draft, jobOf(step, beginId))
  }
  const end = standsAlone(lasts, of) ? undefined : add(draft, noop(freeId("end", level, of), beginId, of))
  draft.joins.set(level, { begin, end, lasts })
  if (of !== undefined) draft.lastOf[of.index] = end ?? draft.lastOf[(lasts[0] as Step).index] as Node
}

type One = readonly [Step]

const standsAlone = (ends: ReadonlyArray<Step>, of: SequenceStep | undefined): ends is One =>
  ends.length === 1 && (of === undefined || ends[0]?.kind === "job")

/** Names hold no dots, so only a step of the same level can have the id. */
const freeId = (name: string, level: Level, of: SequenceStep | undefined): string => {
  let free = name
  for (let count = 2; level.has(free); count++) free = `${name}-${count}`
  return of === undefined ? free : `${of.id}.${free}`
}

const add = (draft: Draft, job: Job): Node => {
  const node: Node = { id: job.id as string, job, previous: [], nextCount: 0, next: undefined }
  draft.nodes.push(node)
  return node
}

type Mutable<A> = { -readonly [Key in keyof A]: A[Key] }

const noop = (id: string, sequenceId: string, of: SequenceStep | undefined): Job => {
  const job: Mutable<Job> = { id, name: id, type: "noop", state: JobState.PENDING }
  if (of !== undefined) setSequence(job, sequenceId, of)
  return job
}

// Fields one by one: to spread what may be there costs as much as all the rest.
const jobOf = ({ entry, id, outer }: JobStep, sequenceId: string): Job => {
  const { data, name = id, retry, retryWait, when } = entry
  const job: Mutable<Job> = { id, name, type: "run" in entry ? "shell" : entry.type, state: JobState.PENDING }
  const args = "run" in entry ? { command: entry.run } : entry.args
  if (args !== undefined) job.args = args
  if (data !== undefined) job.data = data
  if (retry !== undefined) job.retry = retry
  if (retryWait !== undefined) job.retryWait = retryWait
  if (when !== undefined) job.when = when
  if (outer !== undefined) setSequence(job, sequenceId, outer)
  return job
}

/** The first job of a sequence says on the wire when the sequence runs, and how it is retried. */
const setSequence = (job: Mutable<Job>, sequenceId: string, { entry }: SequenceStep): void => {
  const { retry, retryWait, when } = entry
  job.sequenceId = sequenceId
  if (job.id !== sequenceId) return
  if (retry !== undefined) job.sequenceRetry = retry
  if (retryWait !== undefined) job.sequenceRetryWait = retryWait
  if (when !== undefined) job.sequenceWhen = when
}

/** Sets what is right before each job of a level. `before` is right before the level's first. */
const link = (draft: Draft, level: Level, before: ReadonlyArray<Node>): void => {
  const { begin, end, lasts } = draft.joins.get(level) as Joins
  if (begin !== undefined) begin.previous = before
  for (const step of level.values()) {
    const previous = previousOf(draft, step, begin ?? before)
    if (step.kind === "sequence") link(draft, step.inside, previous)
    else (draft.lastOf[step.index] as Node).previous = previous
  }
  if (end !== undefined) end.previous = lasts.map(({ index }) => draft.lastOf[index] as Node)
}

/** The last jobs of what a step needs; where it needs nothing on its level, also what is before that. */
const previousOf = ({ lastOf }: Draft, step: Step, before: Node | ReadonlyArray<Node>): ReadonlyArray<Node> => {
  const needs = step.needs.map(({ index }) => lastOf[index] as Node)
  if (!isFirst(step)) return needs
  return "job" in before ? [before, ...needs] : [...new Set([...needs, ...before])]
}

// No id is `__proto__`, as names begin with a letter or digit: ids can be set as keys.
const jobsOf = ({ nodes }: Draft): Record<string, Job> => {
  const jobs: Record<string, Job> = {}
  for (const { id, job } of nodes) jobs[id] = job
  return jobs
}

const adjacencyListOf = ({ nodes }: Draft): Record<string, ReadonlyArray<string>> => {
  for (const { previous } of nodes) for (const parent of previous) parent.nextCount++
  // Backwards, as counts say where the last one goes; so lists have no room to spare.
  for (let index = nodes.length - 1; index >= 0; index--) {
    const { id, previous } = nodes[index] as Node
    for (const parent of previous) {
      parent.next ??= new Array<string>(parent.nextCount)
      parent.next[--parent.nextCount] = id
    }
  }
  const adjacencyList: Record<string, ReadonlyArray<string>> = {}
  for (const { id, next } of nodes) if (next !== undefined) adjacencyList[id] = next
  return adjacencyList
}

type Origins = ReadonlyMap<string, Step>

/** A `noop` job that joins others was made of its sequence. */
const originOf = (origins: Origins, id: string): Step | undefined =>
  origins.get(id) ?? origins.get(id.slice(0, Math.max(0, id.lastIndexOf("."))))

const pathInSpec = (origins: Origins, [field, id, key, ...rest]: Path): Path => {
  if (id === undefined) return []
  const step = originOf(origins, String(id))
  if (step === undefined) return ["jobs"]
  if (field !== "jobs" || key === undefined) return pathOf(step)
  if (key === "sequenceRetry") return [...pathOf(sequenceOf(step)), "retry"]
  if (key === "sequenceRetryWait") return [...pathOf(sequenceOf(step)), "retryWait"]
  if (key === "sequenceWhen") return [...pathOf(sequenceOf(step)), "when"]
  const isShort = step.kind === "job" && "run" in step.entry && (key === "args" || key === "type")
  return isShort ? [...pathOf(step), "run"] : [...pathOf(step), key, ...rest]
}

const sequenceOf = (step: Step): Step => step.kind === "job" ? step.outer ?? step : step
