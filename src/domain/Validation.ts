/**
 * The rules a chain must keep before it can run.
 *
 * Every fault is found, not only the first, each with the jobs it concerns and its path in the wire value, from which
 * `spec/` makes a line and column. The reference stops at the first fault; the rules are its own, completed.
 *
 * @since 0.1.0
 */
import * as EachRules from "./EachRules.ts"
import { type Fault, fault, none } from "./Fault.ts"
import * as GoDuration from "./GoDuration.ts"
import * as Graph from "./Graph.ts"
import * as GraphRules from "./GraphRules.ts"
import type { Job, JobChain, SuspendedJobChain } from "./JobChain.ts"
import * as JobState from "./JobState.ts"
import * as PolicyRules from "./PolicyRules.ts"
import * as Slices from "./Slices.ts"

export { Fault, FaultKind, InvalidChain } from "./Fault.ts"

interface Subject {
  readonly chain: JobChain
  readonly graph: Graph.Graph
}

/** Returns every fault of a chain that has not run yet: all jobs PENDING, none finished. */
export const faultsOfNew = (chain: JobChain, graph: Graph.Graph = Graph.make(chain)): ReadonlyArray<Fault> =>
  Slices.runAll(faultsOfNewInSlices(chain, graph))

/** Finds the faults of a chain that has not run yet in slices. */
export function* faultsOfNewInSlices(chain: JobChain, graph: Graph.Graph): Slices.Slices<ReadonlyArray<Fault>> {
  const subject = { chain, graph }
  return [
    ...yield* faultsOfAny(subject, [JobState.PENDING]),
    ...countsFinishedJobs(subject, 0),
    ...PolicyRules.faultsOfChain(chain)
  ]
}

/** Returns every fault of a suspended chain: jobs PENDING, COMPLETE or STOPPED, and counts that are whole numbers. */
export const faultsOfSuspended = (
  suspended: SuspendedJobChain,
  graph: Graph.Graph = Graph.make(suspended.jobChain ?? {})
): ReadonlyArray<Fault> => Slices.runAll(faultsOfSuspendedInSlices(suspended, graph))

/** Finds the faults of a suspended chain in slices. */
export function* faultsOfSuspendedInSlices(
  suspended: SuspendedJobChain,
  graph: Graph.Graph
): Slices.Slices<ReadonlyArray<Fault>> {
  return yield* faultsOfSnapshot(suspended, graph, [JobState.PENDING, JobState.COMPLETE, JobState.STOPPED])
}

/** Returns every fault of a chain that is over: as of a suspended one, but that jobs may have failed. */
export const faultsOfEnded = (
  ended: SuspendedJobChain,
  graph: Graph.Graph = Graph.make(ended.jobChain ?? {})
): ReadonlyArray<Fault> =>
  Slices.runAll(faultsOfSnapshot(ended, graph, [
    JobState.PENDING,
    JobState.COMPLETE,
    JobState.FAIL,
    JobState.UNKNOWN,
    JobState.STOPPED
  ]))

function* faultsOfSnapshot(
  suspended: SuspendedJobChain,
  graph: Graph.Graph,
  states: ReadonlyArray<number>
): Slices.Slices<ReadonlyArray<Fault>> {
  const subject = { chain: suspended.jobChain ?? {}, graph }
  const complete = graph.jobs.filter((job) => job.state === JobState.COMPLETE).length
  return [
    ...yield* faultsOfAny(subject, states),
    ...countsFinishedJobs(subject, complete),
    ...triesAreCounts(suspended),
    ...PolicyRules.faultsOfChain(subject.chain),
    ...PolicyRules.faultsOfElapsed(suspended.elapsed)
  ]
}

function* faultsOfAny(
  subject: Subject,
  allowed: ReadonlyArray<number>
): Slices.Slices<ReadonlyArray<Fault>> {
  const { chain, graph } = subject
  const [wrongIds, wrongSequences, wrongWaits, wrongCounts, wrongPolicies, wrongEachs, wrongStates] =
    yield* faultsOfJobs(graph, [
      keyIsId,
      sequenceExists(graph),
      waitsAreDurations,
      retriesAreCounts,
      PolicyRules.faultsOfJob,
      eachIsSound(graph),
      stateIsOneOf(allowed)
    ])
  const graphFaults = [
    ...hasJobs(subject),
    ...wrongIds,
    ...GraphRules.faults(chain, graph)
  ]
  return [
    ...graphFaults,
    ...wrongSequences,
    ...(graphFaults.length === 0 ? sequencesStartUpstream(subject) : none),
    ...wrongWaits,
    ...wrongCounts,
    ...wrongPolicies,
    ...wrongEachs,
    ...wrongStates
  ]
}

const eachIsSound = (graph: Graph.Graph): JobRule => (id, { each }) =>
  each ? EachRules.faults(graph, id, each, faultsOfTemplate) : none

const faultsOfTemplate: EachRules.FindFaults = (source) =>
  Slices.runAll(faultsOfAny({ chain: source, graph: Graph.make(source) }, [JobState.PENDING]))

/** A rule about one job. It answers `none` for a job that keeps it: a chain can have a million. */
type JobRule = (id: string, job: Job) => ReadonlyArray<Fault>

/** Returns what each rule finds. */
function* faultsOfJobs<const Rules extends ReadonlyArray<JobRule>>(
  { ids, jobs }: Graph.Graph,
  rules: Rules
): Slices.Slices<{ readonly [Key in keyof Rules]: ReadonlyArray<Fault> }> {
  const found = rules.map((): Array<Fault> => [])
  yield* Slices.range(ids.length, (start, end) => {
    for (const [index, rule] of rules.entries()) {
      for (let job = start; job < end; job++) {
        const faults = rule(ids[job] as string, jobs[job] as Job)
        if (faults !== none) found[index]?.push(...faults)
      }
    }
  })
  return found as { readonly [Key in keyof Rules]: ReadonlyArray<Fault> }
}

const hasJobs = ({ graph }: Subject) =>
  graph.jobs.length > 0 ? none : [fault("no-jobs", [], ["jobs"], "The chain has no jobs")]

const keyIsId: JobRule = (key, job) =>
  key === (job.id ?? "")
    ? none
    : [fault("job-id-mismatch", [key], ["jobs", key, "id"], `Job "${key}" says that its id is "${job.id ?? ""}"`)]

const sequenceExists = (graph: Graph.Graph): JobRule => (id, { sequenceId }) => {
  if (!sequenceId) return none
  const first = graph.indexOf.get(sequenceId)
  const path = ["jobs", id, "sequenceId"]
  if (first === undefined) {
    const message = `Job "${id}" belongs to sequence "${sequenceId}", but no job has this id`
    return [fault("unknown-sequence-id", [id], path, message)]
  }
  if (graph.jobs[first]?.sequenceId === sequenceId) return none
  const message = `Job "${id}" belongs to sequence "${sequenceId}", but that job is not the first of a sequence`
  return [fault("unknown-sequence-id", [id], path, message)]
}

const sequencesStartUpstream = ({ graph }: Subject) => {
  const members = new Map<number, Array<number>>()
  for (let index = 0; index < graph.jobs.length; index++) {
    const sequenceId = graph.jobs[index]?.sequenceId
    const first = sequenceId ? graph.indexOf.get(sequenceId) : undefined
    if (first === undefined || first === index) continue
    const others = members.get(first)
    if (others === undefined) members.set(first, [index])
    else others.push(index)
  }
  return [...members].flatMap(([first, others]) => {
    const levelMax = others.reduce((highest, job) => Math.max(highest, Graph.at(graph.levels, job)), 0)
    const reached = new Set(Graph.reach(graph, first, levelMax))
    const sequence = graph.ids[first] as string
    return others.filter((job) => !reached.has(job)).map((job) => {
      const id = graph.ids[job] as string
      const message = `Job "${id}" belongs to sequence "${sequence}", but does not run after that job`
      return fault("unknown-sequence-id", [id], ["jobs", id, "sequenceId"], message)
    })
  })
}

const waits = ["retryWait", "sequenceRetryWait"] as const

const waitsAreDurations: JobRule = (id, job) =>
  !job.retryWait && !job.sequenceRetryWait ? none : waits.flatMap((field) => {
    const milliseconds = GoDuration.parse(job[field] ?? "")
    if (milliseconds !== undefined && milliseconds >= 0) return none
    const message = `The ${field} of job "${id}" is "${job[field]}", expected a duration ≥ 0 such as "500ms" or "1m30s"`
    return [fault("bad-wait", [id], ["jobs", id, field], message)]
  })

const isCount = (count: number | null | undefined): boolean =>
  count === null || count === undefined || (Number.isSafeInteger(count) && count >= 0)

const counts = ["retry", "sequenceRetry", "completion"] as const

const retriesAreCounts: JobRule = (id, job) =>
  isCount(job.retry) && isCount(job.sequenceRetry) && isCount(job.completion)
    ? none
    : counts.filter((field) => !isCount(job[field])).map((field) => {
      const message = `The ${field} of job "${id}" is ${job[field]}, expected a whole number ≥ 0`
      return fault("bad-count", [id], ["jobs", id, field], message)
    })

const triesAreCounts = (suspended: SuspendedJobChain) =>
  (["totalJobTries", "latestRunJobTries", "sequenceTries"] as const).flatMap((field) =>
    Object.entries(suspended[field] ?? {}).filter(([, count]) => !isCount(count)).map(([id, count]) =>
      fault("bad-count", [id], [field, id], `The ${field} of job "${id}" is ${count}, expected a whole number ≥ 0`)
    )
  )

const stateIsOneOf = (allowed: ReadonlyArray<number>): JobRule => (id, job) => {
  const state = job.state ?? JobState.UNKNOWN
  if (allowed.includes(state)) return none
  const words = allowed.map(JobState.describe).join(" or ")
  const message = `Job "${id}" is ${JobState.describe(state)}, expected ${words}`
  return [fault("job-state", [id], ["jobs", id, "state"], message)]
}

const countsFinishedJobs = ({ chain }: Subject, expected: number) => {
  const finished = chain.finishedJobs ?? 0
  if (finished === expected) return none
  const message = `The chain says that ${finished} of its jobs are finished, expected ${expected}`
  return [fault("finished-jobs", [], ["finishedJobs"], message)]
}
