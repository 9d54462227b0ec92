/**
 * `jobchain status`: how a chain of the store and each of its jobs stand.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Ending from "../domain/Ending.ts"
import { type ChainStatus, ChainStore, type JobStanding } from "../storage/ChainStore.ts"
import type { EndedTry } from "../storage/LogRows.ts"
import type { ReportStanding } from "../storage/OutboxRows.ts"
import * as ChainStanding from "./ChainStanding.ts"
import type * as ChainTable from "./ChainTable.ts"
import * as OpenStore from "./OpenStore.ts"
import * as Output from "./Output.ts"
import * as RequestIds from "./RequestIds.ts"
import * as StoreLocation from "./StoreLocation.ts"
import * as Table from "./Table.ts"
import * as Times from "./Times.ts"

export interface StatusOptions extends StoreLocation.DatabaseFlag {
  readonly id: string
  readonly output: ChainTable.Format
}

/** Tells of a chain and its jobs; returns the exit code. */
export const status = Effect.fnUntraced(function*(options: StatusOptions) {
  const database = StoreLocation.of(options)
  const found = yield* OpenStore.useExisting(database, load(options.id))
  if (options.output === "json") Output.out(`${JSON.stringify(toJson(found), null, 2)}\n`)
  else tell(found, database)
  return 0
})

interface Found {
  readonly status: ChainStatus
  /** The ended tries of each job, in order. */
  readonly tries: ReadonlyMap<string, ReadonlyArray<EndedTry>>
}

const load = Effect.fnUntraced(function*(id: string) {
  const store = yield* ChainStore
  const requestId = yield* RequestIds.resolve(id)
  const status = yield* store.status(requestId)
  const tries = Map.groupBy(yield* store.tries(requestId), ({ jobId }) => jobId)
  return { status, tries } satisfies Found
})

const toJson = ({ status, tries }: Found) => ({
  ...ChainStanding.toJson(status),
  reports: status.reports,
  jobs: status.jobs.map((job) => {
    const ended = tries.get(job.id) ?? []
    const last = ended.at(-1)
    return {
      ...job,
      waitUntil: Times.iso(job.waitUntil),
      startedAt: Times.iso(ended.find(({ startedAt }) => startedAt > 0)?.startedAt),
      finishedAt: Times.iso(last?.finishedAt),
      exit: last?.exit ?? null,
      error: last?.error ?? null,
      endedTries: ended.map(({ error, exit, finishedAt, startedAt, state, try: number }) => ({
        try: number,
        state,
        startedAt: Times.iso(startedAt),
        finishedAt: Times.iso(finishedAt),
        exit,
        error
      }))
    }
  })
})

const tell = ({ status, tries }: Found, database: StoreLocation.Database): void => {
  const { createdAt, finishedAt, finishedJobs, isStopRequested, name, owner, requestId, startedAt, totalJobs } = status
  const start = startedAt ?? createdAt
  const facts = [
    ["chain", name],
    ["started", Times.dateTime(start)],
    ["ended", finishedAt === undefined ? "" : `${Times.dateTime(finishedAt)}, after ${Times.span(finishedAt - start)}`],
    ["run by", owner === undefined ? "" : ChainStanding.named(owner)],
    ["stop", isStopRequested && finishedAt === undefined ? "was asked for" : ""],
    ...factsOf(status.reports),
    ["go on", ChainStanding.isResumable(status) ? StoreLocation.command(database, "resume", requestId) : ""]
  ].filter(([, fact]) => fact !== "")
  Output.out(
    `${ChainStanding.word(status)} ${requestId}: ${finishedJobs} of ${totalJobs} jobs complete\n` +
      `${facts.map(([key = "", fact]) => `  ${key.padEnd(8)} ${fact}\n`).join("")}\n` +
      Table.render(
        ["JOB", "STATE", "TRIES", "STARTED", "TOOK", "NOTE"],
        status.jobs.map((job) => rowOf(job, { ended: tries.get(job.id) ?? [], start, isCrashed: status.isCrashed })),
        process.stdout.columns
      )
  )
}

/** What a remote Request Manager has not heard. */
const factsOf = ({ refused, waiting }: ReportStanding): ReadonlyArray<readonly [string, string]> => [
  [
    "untold",
    waiting === 0 ? "" : `${waiting} ${waiting === 1 ? "report waits" : "reports wait"} for the Request Manager`
  ],
  ...refused.map(({ jobId, reason, report, try: jobTry }) =>
    ["refused", `${report}${jobId === undefined ? "" : ` of ${jobId}, try ${jobTry}`}: ${reason}`] as const
  )
]

const rowOf = (
  job: JobStanding,
  { ended, isCrashed, start }: {
    readonly ended: ReadonlyArray<EndedTry>
    readonly start: number
    readonly isCrashed: boolean
  }
): ReadonlyArray<string> => {
  const last = ended.at(-1)
  // What it is about to try, or tries now, has not ended.
  const timed = last !== undefined && last.startedAt > 0 && job.state !== "RUNNING" ? last : undefined
  return [
    job.id,
    job.state,
    String(job.tries),
    timed === undefined ? "-" : Times.timeOn(start, timed.startedAt),
    timed === undefined ? "-" : Times.span(timed.finishedAt - timed.startedAt),
    [
      ...(isCrashed && job.state === "RUNNING" ? ["cut off"] : []),
      ...notesOf(job, start),
      ...(last === undefined || last.error === "" ? [] : [last.error.split("\n")[0] ?? ""])
    ].join("; ")
  ]
}

const notesOf = (
  { crashes, ending, state, waitUntil, waitsForSignal }: JobStanding,
  start: number
): ReadonlyArray<string> => [
  ...(ending === undefined ? [] : [Ending.toWord(ending)]),
  ...(waitsForSignal && state === "RUNNING" ? ["waits for a signal"] : []),
  ...(waitUntil === undefined || (state !== "RUNNING" && state !== "PENDING")
    ? []
    : [`waits until ${Times.timeOn(start, waitUntil)}`]),
  ...(crashes === 0 ? [] : [`ran at ${crashes === 1 ? "a crash" : `${crashes} crashes`}`])
]
