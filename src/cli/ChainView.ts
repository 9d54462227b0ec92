/**
 * What is known of a running chain, put together from its events: what the live view draws and the summary tells.
 *
 * @since 0.1.0
 */
import type { JobState } from "../domain/JobState.ts"
import type { ChainEvent } from "../engine/ChainEvent.ts"
import type { Reason } from "../engine/Interruption.ts"

export interface JobView {
  readonly id: string
  state: JobState
  /** The number of the latest try; 0 before the first. */
  try: number
  /** Unix milliseconds; of the first try, and of the end of the last. */
  startedAt: number | undefined
  finishedAt: number | undefined
  tryStartedAt: number
  /** Unix milliseconds until which the job, or its sequence, waits for its next try. */
  waitsUntil: number | undefined
  status: string
  lastLine: string
  exit: number
  error: string
}

export interface ChainView {
  requestId: string
  readonly jobs: Map<string, JobView>
  finishedJobs: number
  startedAt: number
  state: JobState
  stopping: Reason | undefined
  /** Events that came too fast to be heard. */
  lost: number
}

/** Returns the view of a chain of which nothing is known yet. */
export const make = (): ChainView => ({
  requestId: "",
  jobs: new Map(),
  finishedJobs: 0,
  startedAt: 0,
  state: "PENDING",
  stopping: undefined,
  lost: 0
})

/** Takes one event in. */
export const take = (view: ChainView, event: ChainEvent): void => {
  switch (event._tag) {
    case "snapshot":
      view.requestId = event.requestId
      view.startedAt = event.at
      view.finishedJobs = event.finishedJobs
      for (const { id, state, tries } of event.jobs) view.jobs.set(id, { ...unknown, id, state, try: tries })
      return
    case "chainStopping":
      view.stopping = event.reason
      return
    case "progress":
      view.finishedJobs = event.finishedJobs
      return
    case "chainEnded":
      view.state = event.state
      view.finishedJobs = event.finishedJobs
      return
    case "lost":
      view.lost += event.count
      return
    case "chainStarted":
      view.state = "RUNNING"
      return
    case "sequenceRewound":
      for (const id of event.jobIds) change(view, id, { state: "PENDING", waitsUntil: undefined, lastLine: "" })
      return
    default:
      return takeOfJob(view, event)
  }
}

/** Returns the jobs in a state, in the order of the chain. */
export const jobsIn = (view: ChainView, state: JobState): ReadonlyArray<JobView> =>
  [...view.jobs.values()].filter((job) => job.state === state)

type JobEvent = Extract<ChainEvent, { readonly jobId: string }>

const takeOfJob = (view: ChainView, event: JobEvent): void => {
  switch (event._tag) {
    case "jobStarted": {
      const startedAt = view.jobs.get(event.jobId)?.startedAt ?? event.at
      const fresh = { state: "RUNNING", waitsUntil: undefined, status: "", lastLine: "" } as const
      return change(view, event.jobId, { ...fresh, try: event.try, startedAt, tryStartedAt: event.at })
    }
    case "jobWaiting":
      return change(view, event.jobId, { waitsUntil: event.until })
    case "tryEnded": {
      const { error, exit, finishedAt } = event
      return change(view, event.jobId, { exit, error, finishedAt, try: event.try })
    }
    case "jobEnded":
      return change(view, event.jobId, { state: event.state, waitsUntil: undefined })
    case "status":
      return change(view, event.jobId, { status: event.status })
    case "output": {
      const lines = event.text.split("\n").filter((line) => line.trim() !== "")
      return change(view, event.jobId, lines.length === 0 ? {} : { lastLine: lines.at(-1) as string })
    }
  }
}

const unknown = {
  startedAt: undefined,
  finishedAt: undefined,
  tryStartedAt: 0,
  waitsUntil: undefined,
  status: "",
  lastLine: "",
  exit: 0,
  error: ""
}

const change = (view: ChainView, id: string, changes: Partial<Omit<JobView, "id">>): void => {
  const job = view.jobs.get(id)
  if (job !== undefined) Object.assign(job, changes)
}
