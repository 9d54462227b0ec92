/**
 * What is known of a running chain, put together from its events: what the live view and the plain lines tell of.
 *
 * @since 0.1.0
 */
import type { Explanation } from "../domain/Explanation.ts"
import type { JobState } from "../domain/JobState.ts"
import type { ChainEvent } from "../engine/ChainEvent.ts"

export interface JobView {
  readonly id: string
  state: JobState
  /** Whether it is COMPLETE because a condition was not met. */
  isSkipped: boolean
  /** The number of the latest try; 0 before the first. */
  try: number
  /** Unix milliseconds. */
  tryStartedAt: number
  /** Unix milliseconds until which the job, or its sequence, waits for its next try. */
  waitsUntil: number | undefined
  status: string
  /** What it waits for beyond jobs and times: a limit, a signal, or jobs that are still to end. */
  waitsFor: string
  /** The last line with text in it that the job has written; it may go on. */
  lastLine: string
  /** What was written since the last line end. */
  openLine: string
  error: string
}

export interface ChainView {
  requestId: string
  readonly jobs: Map<string, JobView>
  finishedJobs: number
  /** Unix milliseconds. */
  startedAt: number
  stopping: Stopping | undefined
}

/** Why and since when (Unix milliseconds) a chain ends early. */
export type Stopping = Pick<Extract<ChainEvent, { readonly _tag: "chainStopping" }>, "reason" | "at">

/** Returns the view of a chain of which nothing is known yet. */
export const make = (): ChainView => ({
  requestId: "",
  jobs: new Map(),
  finishedJobs: 0,
  startedAt: 0,
  stopping: undefined
})

/** Takes one event in. */
export const take = (view: ChainView, event: ChainEvent): void => {
  switch (event._tag) {
    case "snapshot":
      return takeSnapshot(view, event)
    case "jobsAdded":
      addJobs(view, event, event.jobs)
      for (const id of event.removedJobIds) view.jobs.delete(id)
      return
    case "chainStopping":
      view.stopping = { reason: event.reason, at: event.at }
      return
    case "progress":
    case "chainEnded":
      view.finishedJobs = event.finishedJobs
      return
    case "sequenceRewound":
      for (const id of event.jobIds) change(view, id, { ...quiet, state: "PENDING" })
      return
    case "chainStarted":
    case "signalReceived":
    case "lost":
      return
    default:
      return takeOfJob(view, event)
  }
}

/** Takes in why jobs do not run now, which events do not tell. */
export const takeExplanations = (view: ChainView, explanations: ReadonlyArray<Explanation>): void => {
  for (const job of view.jobs.values()) job.waitsFor = ""
  for (const { because, jobId, text } of explanations) {
    if (because === "limit" || because === "signal" || because === "ending") change(view, jobId, { waitsFor: text })
  }
}

/** Returns whether a job waits for its next try, or its sequence's. */
export const isWaiting = (job: JobView, now: number): boolean =>
  (job.state === "RUNNING" || job.state === "PENDING") && job.waitsUntil !== undefined && job.waitsUntil > now

/** Returns whether a job would start, but for a limit, or jobs of the last try of its sequence. */
export const isHeldBack = (job: JobView): boolean => job.state === "PENDING" && job.waitsFor !== ""

/** Returns the jobs that run, those that wait between tries included. */
export const running = (view: ChainView): ReadonlyArray<JobView> =>
  [...view.jobs.values()].filter((job) => job.state === "RUNNING")

/** Returns how many jobs were skipped. */
export const countSkipped = (view: ChainView): number => {
  let count = 0
  for (const job of view.jobs.values()) if (job.isSkipped) count++
  return count
}

/** A second snapshot comes when events were lost; what it does not tell stays. */
const takeSnapshot = (view: ChainView, event: Extract<ChainEvent, { readonly _tag: "snapshot" }>): void => {
  view.requestId = event.requestId
  view.startedAt ||= event.at
  view.finishedJobs = event.finishedJobs
  addJobs(view, event, event.jobs)
}

const addJobs = (view: ChainView, event: ChainEvent, jobs: ReadonlyArray<JobSnapshot>): void => {
  for (const { id, skipped = false, state, tries } of jobs) {
    const known = view.jobs.get(id) ?? { ...quiet, tryStartedAt: event.at, error: "" }
    view.jobs.set(id, { ...known, id, state, isSkipped: skipped, try: tries })
  }
}

type JobSnapshot = Extract<ChainEvent, { readonly _tag: "snapshot" }>["jobs"][number]

type JobEvent = Exclude<Extract<ChainEvent, { readonly jobId: string }>, { readonly _tag: "jobsAdded" }>

const takeOfJob = (view: ChainView, event: JobEvent): void => {
  switch (event._tag) {
    case "jobStarted":
      return change(view, event.jobId, { ...quiet, state: "RUNNING", try: event.try, tryStartedAt: event.at })
    case "jobSkipped":
      return change(view, event.jobId, { state: "COMPLETE", isSkipped: true })
    case "jobWaiting":
      return change(view, event.jobId, { waitsUntil: event.until })
    case "tryEnded":
      return change(view, event.jobId, { error: event.error, try: event.try })
    case "jobEnded":
      return change(view, event.jobId, { state: event.state, waitsUntil: undefined })
    case "status":
      return change(view, event.jobId, { status: event.status })
    case "output":
      return takeOutput(view, event)
  }
}

const takeOutput = (view: ChainView, event: Extract<ChainEvent, { readonly _tag: "output" }>): void => {
  const job = view.jobs.get(event.jobId)
  if (job === undefined) return
  if (event.try > job.try) {
    Object.assign(job, quiet, { status: job.status, try: event.try, tryStartedAt: job.waitsUntil ?? event.at })
  }
  const lines = `${job.openLine}${event.text}`.split(/[\r\n]+/)
  job.lastLine = lines.findLast((line) => line.trim() !== "") ?? job.lastLine
  // A line without end is cut: more than the width of a terminal is never shown of it.
  job.openLine = (lines.at(-1) ?? "").slice(0, openLineMax)
}

const openLineMax = 1024

const quiet = { isSkipped: false, waitsUntil: undefined, status: "", waitsFor: "", lastLine: "", openLine: "" } as const

const change = (view: ChainView, id: string, changes: Partial<Omit<JobView, "id">>): void => {
  const job = view.jobs.get(id)
  if (job !== undefined) Object.assign(job, changes)
}
