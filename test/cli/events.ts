/**
 * Events as a chain sends them, a second apart, for tests of what is made of them.
 */
import type { ChainEvent } from "../../src/engine/ChainEvent.ts"

type WithoutCommon<Event> = Event extends ChainEvent ? Omit<Event, "requestId" | "at" | "number"> : never

/** Dates and numbers events: the first is at 1 s. */
export const events = (...list: ReadonlyArray<WithoutCommon<ChainEvent>>): ReadonlyArray<ChainEvent> =>
  list.map((event, index) => ({ ...event, requestId: "r1", at: (index + 1) * 1000, number: index + 1 }) as ChainEvent)

export const snapshot = (...ids: ReadonlyArray<string>): WithoutCommon<ChainEvent> => ({
  _tag: "snapshot",
  state: "RUNNING",
  finishedJobs: 0,
  jobs: ids.map((id) => ({ id, name: id, type: "shell", state: "PENDING", tries: 0 }))
})

export const started = (jobId: string, number = 1): WithoutCommon<ChainEvent> => ({
  _tag: "jobStarted",
  jobId,
  try: number
})

export const output = (
  jobId: string,
  text: string,
  number = 1,
  stream: "stdout" | "stderr" = "stdout"
): WithoutCommon<ChainEvent> => ({ _tag: "output", jobId, text, try: number, stream })

export const failedTry = (jobId: string, number = 1): WithoutCommon<ChainEvent> => ({
  _tag: "tryEnded",
  jobId,
  try: number,
  state: "FAIL",
  exit: 1,
  error: "exit status 1",
  startedAt: 1000,
  finishedAt: 2500
})

export const ended = (jobId: string, state: "COMPLETE" | "FAIL" | "STOPPED"): WithoutCommon<ChainEvent> => ({
  _tag: "jobEnded",
  jobId,
  state
})
