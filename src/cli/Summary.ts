/**
 * How a run ended, in the end: for people, and as one JSON document.
 *
 * @since 0.1.0
 */
import type { JobChain, SuspendedJobChain } from "../domain/JobChain.ts"
import type { JobLog } from "../domain/JobLog.ts"
import * as JobState from "../domain/JobState.ts"
import type { ChainResult } from "../engine/Traverser.ts"

/** A run that is over. */
export interface EndedRun {
  readonly result: ChainResult
  /** Where every job stands. */
  readonly snapshot: SuspendedJobChain
  /** The job logs in the order in which they came. */
  readonly logs: ReadonlyArray<JobLog>
  /** Unix milliseconds. */
  readonly startedAt: number
  readonly finishedAt: number
  /** Where the suspended chain was written to. */
  readonly suspendedFile: string | undefined
}

/** Returns the run as the document of `--output json`. Times are ISO 8601, `null` for a job that never ran. */
export const toJson = (run: EndedRun): unknown => ({
  requestId: run.result.requestId,
  state: run.result.state,
  startedAt: new Date(run.startedAt).toISOString(),
  finishedAt: new Date(run.finishedAt).toISOString(),
  finishedJobs: run.result.finishedJobs,
  jobs: jobsOf(run).map(({ id, last, logs, name, state, type }) => ({
    id,
    name,
    type,
    state,
    tries: run.snapshot.totalJobTries?.[id] ?? 0,
    startedAt: timeOf(logs.find((log) => log.startedAt > 0)?.startedAt),
    finishedAt: timeOf(last?.finishedAt),
    exit: last?.exit ?? null,
    error: last?.error ?? null
  })),
  ...(run.suspendedFile === undefined ? {} : { suspendedFile: run.suspendedFile })
})

/** Returns the run in words. */
export const toText = (run: EndedRun): string => {
  const { finishedJobs, requestId, state } = run.result
  const jobs = jobsOf(run)
  const failed = jobs.filter((job) => job.state === "FAIL" || job.state === "UNKNOWN")
  const seconds = ((run.finishedAt - run.startedAt) / 1000).toFixed(1)
  const verdict = `${state} ${requestId}: ${finishedJobs} of ${jobs.length} jobs complete, ${seconds}s\n`
  return [
    ...failed.map((job) => describeFailure(job)),
    ...(state === "FAIL" ? [describeNeverRan(run.snapshot.jobChain ?? {}, jobs)] : []),
    verdict
  ].filter((part) => part !== "").join("\n")
}

interface EndedJob {
  readonly id: string
  readonly name: string
  readonly type: string
  readonly state: JobState.JobState
  readonly logs: ReadonlyArray<JobLog>
  readonly last: JobLog | undefined
}

const jobsOf = ({ logs, snapshot }: EndedRun): ReadonlyArray<EndedJob> => {
  const byJob = Map.groupBy(logs, (log) => log.jobId)
  return Object.entries(snapshot.jobChain?.jobs ?? {}).map(([id, job]) => {
    const own = (byJob.get(id) ?? []).toSorted((left, right) => left.try - right.try)
    return {
      id,
      name: job.name ?? "",
      type: job.type ?? "",
      state: JobState.fromCode(job.state ?? JobState.UNKNOWN),
      logs: own,
      last: own.at(-1)
    }
  })
}

const timeOf = (milliseconds = 0): string | null => milliseconds === 0 ? null : new Date(milliseconds).toISOString()

/** So many of the last lines of a failed job's output are shown, of each stream. */
const linesShown = 10

const describeFailure = ({ id, last, state }: EndedJob): string => {
  const error = last === undefined || last.error === "" ? state : last.error
  const tries = last !== undefined && last.try > 1 ? `, try ${last.try}` : ""
  const lines = last === undefined ? [] : [...lastLines(last.stdout), ...lastLines(last.stderr)]
  return `${id} has failed${tries}: ${error}\n${lines.map((line) => `  | ${line}\n`).join("")}`
}

const lastLines = (text: string): ReadonlyArray<string> =>
  text.trimEnd() === "" ? [] : text.trimEnd().split("\n").slice(-linesShown)

/** The jobs that did not run because of those that failed, each failed one with what waited for it. */
const describeNeverRan = (chain: JobChain, jobs: ReadonlyArray<EndedJob>): string => {
  const pending = jobs.filter((job) => job.state === "PENDING").map((job) => job.id)
  if (pending.length === 0) return ""
  const shown = pending.slice(0, idsShown).join(", ")
  const more = pending.length > idsShown ? ` and ${pending.length - idsShown} more` : ""
  const causes = jobs.filter((job) => job.state === "FAIL" || job.state === "UNKNOWN" || job.state === "STOPPED")
    .filter((job) => (chain.adjacencyList?.[job.id] ?? []).length > 0).map((job) => job.id)
  return `Did not run because of ${causes.slice(0, idsShown).join(", ")}: ${shown}${more}\n`
}

const idsShown = 20
