/**
 * How a run ended, in the end: for people, and as one JSON document.
 *
 * @since 0.1.0
 */
import type { Explanation } from "../domain/Explanation.ts"
import type { SuspendedJobChain } from "../domain/JobChain.ts"
import type { JobLog } from "../domain/JobLog.ts"
import * as JobState from "../domain/JobState.ts"
import type { ChainResult } from "../engine/ChainResult.ts"
import { listed } from "./Listed.ts"
import * as Reasons from "./Reasons.ts"

/** A run that is over. */
export interface EndedRun {
  readonly result: ChainResult
  /** Where every job stands. */
  readonly snapshot: SuspendedJobChain
  /** Why jobs have ended as they have, or have not begun. */
  readonly explanations: ReadonlyArray<Explanation>
  /** The job logs, those of a job in the order in which they came; of jobs that have not failed, without their output. */
  readonly logs: ReadonlyArray<JobLog>
  /** Unix milliseconds. */
  readonly startedAt: number
  readonly finishedAt: number
  /** Where the suspended chain was written to. */
  readonly suspendedFile?: string | undefined
}

/** Returns the run as the document of `--output json`. Times are ISO 8601, `null` for a job that never ran. */
export const toJson = (run: EndedRun): unknown => ({
  requestId: run.result.requestId,
  state: run.result.state,
  startedAt: new Date(run.startedAt).toISOString(),
  finishedAt: new Date(run.finishedAt).toISOString(),
  finishedJobs: run.result.finishedJobs,
  jobs: jobsOf(run).map(({ explanation, id, last, logs, name, state, type }) => ({
    id,
    name,
    type,
    state,
    ending: explanation?.ending ?? null,
    why: (explanation?.because === "over" ? explanation.why : explanation?.text) ?? null,
    tries: run.snapshot.totalJobTries?.[id] ?? 0,
    startedAt: timeOf(logs.find((log) => log.startedAt > 0)?.startedAt),
    finishedAt: timeOf(last?.finishedAt),
    exit: last?.exit ?? null,
    error: last?.error ?? null
  })),
  ...(run.suspendedFile === undefined ? {} : { suspendedFile: run.suspendedFile })
})

/** Returns the run in one line. */
export const toVerdict = (run: EndedRun): string => {
  const { finishedJobs, requestId, state } = run.result
  const jobs = Object.keys(run.snapshot.jobChain?.jobs ?? {}).length
  const seconds = ((run.finishedAt - run.startedAt) / 1000).toFixed(1)
  const { skipped } = run.result.endings
  const ofThem = skipped === 0 ? "" : `, ${skipped} of them skipped`
  return `${state} ${requestId}: ${finishedJobs} of ${jobs} jobs complete${ofThem}${others(run.result)}, ${seconds}s\n`
}

/** Counts how the jobs have ended that are not complete, in a chain that is over. */
const others = ({ endings, state }: ChainResult): string => {
  if (state !== "FAIL" && state !== "STOPPED") return ""
  const counts = (["failed", "timed out", "abandoned", "stopped", "never ran"] as const)
    .filter((ending) => endings[ending] > 0)
    .map((ending) => `${endings[ending]} ${ending}`)
  return counts.length === 0 ? "" : `; ${counts.join(", ")}`
}

/** Returns what there is to say of jobs that have failed, and of those that did not run because of them; else nothing. */
export const toFailures = (run: EndedRun): string => {
  const jobs = jobsOf(run)
  const failed = jobs.filter((job) => isFailed(job.state))
  const hidden = failed.length - failuresShown
  return [
    ...describeTimeout(run.result),
    ...failed.slice(0, failuresShown).map(describeFailure),
    ...(hidden > 0
      ? [`${hidden} more have failed: ${listed(failed.slice(failuresShown).map((job) => job.id), idsShown)}\n`]
      : []),
    // What did not run any more is already said, whatever else held it back.
    ...(run.result.timedOut === undefined ? describeNeverRan(run, { jobs, failed }) : [])
  ].map((part) => `${part}\n`).join("")
}

/** Returns the ids of the failed jobs of which the ends of their output are shown: all that is needed of any output. */
export const shownFailures = ({ jobChain }: SuspendedJobChain): ReadonlyArray<string> =>
  Object.entries(jobChain?.jobs ?? {})
    .filter(([, job]) => isFailed(JobState.fromCode(job.state ?? JobState.UNKNOWN)))
    .slice(0, failuresShown)
    .map(([id]) => id)

/** A thousand of them would bury what matters. */
const failuresShown = 20

const isFailed = (state: JobState.JobState): boolean => state === "FAIL" || state === "UNKNOWN"

interface EndedJob {
  readonly id: string
  readonly name: string
  readonly type: string
  readonly state: JobState.JobState
  readonly explanation: Explanation | undefined
  readonly logs: ReadonlyArray<JobLog>
  readonly last: JobLog | undefined
}

const jobsOf = ({ explanations, logs, snapshot }: EndedRun): ReadonlyArray<EndedJob> => {
  const explained = new Map(explanations.map((explanation) => [explanation.jobId, explanation]))
  const byJob = Map.groupBy(logs, (log) => log.jobId)
  return Object.entries(snapshot.jobChain?.jobs ?? {}).map(([id, job]) => {
    const own = (byJob.get(id) ?? []).toSorted((left, right) => left.try - right.try)
    return {
      id,
      name: job.name ?? "",
      type: job.type ?? "",
      state: JobState.fromCode(job.state ?? JobState.UNKNOWN),
      explanation: explained.get(id),
      logs: own,
      last: own.at(-1)
    }
  })
}

const timeOf = (milliseconds = 0): string | null => milliseconds === 0 ? null : new Date(milliseconds).toISOString()

/** So many of the last lines of a failed job's output are shown, of each stream. */
const linesShown = 10

const describeFailure = ({ explanation, id, last, state }: EndedJob): string => {
  const error = last === undefined || last.error === "" ? state : last.error
  const tries = last !== undefined && last.try > 1 ? `, try ${last.try}` : ""
  const lines = last === undefined ? [] : [...lastLines(last.stdout), ...lastLines(last.stderr)]
  const why = Reasons.notInError(error, explanation)
  const notAgain = why === "" ? "" : `  not tried again: ${why}\n`
  return `${id} has failed${tries}: ${error}\n${notAgain}${lines.map((line) => `  | ${line}\n`).join("")}`
}

const lastLines = (text: string): ReadonlyArray<string> =>
  text.trimEnd() === "" ? [] : text.trimEnd().split("\n").slice(-linesShown)

const describeTimeout = ({ timedOut }: ChainResult): ReadonlyArray<string> => {
  if (timedOut === undefined) return []
  const { neverRan, why } = timedOut
  return [
    `Timed out: ${why}\n${neverRan.length === 0 ? "" : `  did not run any more: ${listed(neverRan, idsShown)}\n`}`
  ]
}

/** The jobs that come after failed ones, and so did not run. */
const describeNeverRan = (
  { snapshot: { jobChain = {} } }: EndedRun,
  { failed, jobs }: { readonly jobs: ReadonlyArray<EndedJob>; readonly failed: ReadonlyArray<EndedJob> }
): ReadonlyArray<string> => {
  const after = new Set(failed.map((job) => job.id))
  for (const id of after) for (const next of jobChain?.adjacencyList?.[id] ?? []) after.add(next)
  const neverRan = jobs.filter((job) => job.state === "PENDING" && after.has(job.id)).map((job) => job.id)
  const causes = failed.filter((job) => (jobChain?.adjacencyList?.[job.id] ?? []).length > 0).map((job) => job.id)
  return neverRan.length === 0
    ? []
    : [`Did not run because of ${listed(causes, idsShown)}: ${listed(neverRan, idsShown)}\n`]
}

/** At the end there is room for more of them. */
const idsShown = 20
