/**
 * `jobchain status`: how a chain of the store and each of its jobs stand.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Ending from "../domain/Ending.ts"
import { type ChainStatus, ChainStore, type JobStanding } from "../storage/ChainStore.ts"
import type { EndedTry } from "../storage/LogRows.ts"
import type { ReportStanding } from "../storage/OutboxRows.ts"
import * as ChainStanding from "./ChainStanding.ts"
import type * as ChainTable from "./ChainTable.ts"
import * as OpenStore from "./OpenStore.ts"
import * as Output from "./Output.ts"
import * as Reasons from "./Reasons.ts"
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
  else tell(found, { database, now: yield* Clock.currentTimeMillis })
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

interface Around {
  readonly database: StoreLocation.Database
  /** Unix milliseconds. */
  readonly now: number
}

const tell = ({ status, tries }: Found, { database, now }: Around): void => {
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
        status.jobs.map((job) => rowOf(job, { ended: tries.get(job.id) ?? [], start, now, chain: status })),
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

interface Row {
  readonly ended: ReadonlyArray<EndedTry>
  /** When the chain started. */
  readonly start: number
  readonly now: number
  readonly chain: ChainStatus
}

const rowOf = (job: JobStanding, { chain, ended, now, start }: Row): ReadonlyArray<string> => {
  const last = ended.at(-1)
  // What it is about to try, or tries now, has not ended.
  const timed = last !== undefined && last.startedAt > 0 && job.state !== "RUNNING" ? last : undefined
  const [error = ""] = (last?.error ?? "").split("\n")
  return [
    job.id,
    job.state,
    String(job.tries),
    timed === undefined ? "-" : Times.timeOn(start, timed.startedAt),
    timed === undefined ? "-" : Times.span(timed.finishedAt - timed.startedAt),
    [
      ...(chain.isCrashed && job.state === "RUNNING" ? ["cut off"] : []),
      ...waitsOf(job, { chain, now, start }),
      ...(job.crashes === 0 ? [] : [`ran at ${job.crashes === 1 ? "a crash" : `${job.crashes} crashes`}`]),
      ...endingOf(job, error),
      ...(error === "" ? [] : [isTrying(job, now) ? `try ${last?.try}: ${error}` : error]),
      ...(job.state === "FAIL" ? [Reasons.notInError(error, job.explanation)] : [])
    ].filter((note) => note !== "").join("; ")
  ]
}

/**
 * Whether a try runs now, so that how the last one ended is not how the job stands. The store is not told when a wait
 * between two tries is over.
 */
const isTrying = ({ state, waitUntil }: JobStanding, now: number): boolean =>
  state === "RUNNING" && (waitUntil === undefined || waitUntil <= now)

const waitsOf = (
  job: JobStanding,
  { chain, now, start }: Pick<Row, "chain" | "now" | "start">
): ReadonlyArray<string> => {
  const { explanation, state, waitUntil } = job
  if (state !== "RUNNING" && state !== "PENDING") return []
  if (waitUntil !== undefined && !isTrying(job, now)) return [`waits until ${Times.timeOn(start, waitUntil)}`]
  if (explanation?.because !== "nothing") return explanation === undefined ? [] : [explanation.text]
  // Which limit it is that it waits for, only who runs the chain knows.
  return chain.owner === undefined ? [] : ["waits for its turn"]
}

/** Says how a job has ended where neither its state nor its error does. */
const endingOf = ({ ending, explanation }: JobStanding, error: string): ReadonlyArray<string> => {
  if (ending === undefined) return []
  if (Ending.isSkipped(ending)) return [explanation?.text ?? Ending.toWord(ending)]
  return error.includes(Ending.toWord(ending)) ? [] : [Ending.toWord(ending)]
}
