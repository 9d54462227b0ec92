/**
 * Takes a new chain into the store: in parts, so that a large one holds up nobody, and seen by nobody until all is there.
 *
 * What is still being written has no request id. Its last transaction gives it one, if no other chain has it by then; what a
 * process has left half-written is cleared away later.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { hasFanOuts, type JobChain } from "../domain/JobChain.ts"
import * as JobState from "../domain/JobState.ts"
import type { Signal } from "../domain/Signal.ts"
import * as ChainProgress from "./ChainProgress.ts"
import * as ChainRequest from "./ChainRequest.ts"
import * as ChainRow from "./ChainRow.ts"
import * as Deletion from "./Deletion.ts"
import * as OutboxRows from "./OutboxRows.ts"
import { ownerColumns, ownerJoin, type OwnerRow } from "./Ownership.ts"
import * as RecordRows from "./RecordRows.ts"
import * as RowsStatement from "./RowsStatement.ts"
import * as SignalRows from "./SignalRows.ts"
import * as Sql from "./Sql.ts"
import type { Transactions } from "./Tables.ts"
import * as WireRows from "./WireRows.ts"

/** What is kept of a chain apart from its own row. */
export interface Rows {
  readonly requestId: string
  readonly jobChain: JobChain
  /** The chain's own state, as a wire number. */
  readonly chainState: number
  /** How long it has run, in milliseconds, where that is limited. */
  readonly elapsed: number
  /** The jobs that are not as the wire value alone says. */
  readonly records: ReadonlyArray<RecordRows.RecordChange>
  readonly signals: ReadonlyArray<Signal>
  /** The tries of jobs that the chain does not have now, and may have again. */
  readonly formerTries: ReadonlyMap<string, number>
}

export interface NewChain extends Rows {
  readonly state: JobState.JobState
  readonly finishedJobs: number
  readonly request: Request | undefined
  /** Whether it has a history, which is kept. */
  readonly hasBegun: boolean
  /** Who writes it, and so can be asked whether it is still at it. */
  readonly writer: string
  readonly isOwned: boolean
  /** Whether what becomes of it is reported to a remote Request Manager, by its writer. */
  readonly isReported: boolean
  readonly createdAt: number
  readonly startedAt: number | null
}

/** What somebody wants done, where that was said. */
export interface Request {
  readonly type: string
  readonly user: string
  readonly args: Readonly<Record<string, unknown>>
}

/** A chain of the same request that is there already. */
export interface Present extends OwnerRow, ChainRow.ChainRow {
  readonly number: number
}

/**
 * Writes a chain and returns its number, or the chain that has its request id and is not to be replaced.
 *
 * One that is replaced hands its request on: who asked for what, and when.
 */
export const insert = Effect.fnUntraced(function*(
  transactions: Transactions,
  chain: NewChain,
  mayReplace: (present: Present) => boolean
): Effect.fn.Return<{ readonly number: number } | { readonly present: Present }> {
  const steps = stepsOf(chain)
  const rows = steps.length > 1 ? rowsPerTransaction : 1 + Object.keys(chain.jobChain.jobs ?? {}).length
  let number = 0
  for (const [index, step] of steps.entries()) {
    const isLast = index === steps.length - 1
    const before = number
    const written = yield* transactions.write(function*() {
      const present = before === 0 || isLast ? yield* lock(chain.requestId) : undefined
      // What a damaged row says of its chain may be wrong.
      if (present !== undefined && !(ChainRow.isWhole(present, chain.requestId) && mayReplace(present))) {
        return { present }
      }
      const number = before === 0 ? yield* insertChain(chain) : before
      yield* step(number)
      if (isLast) yield* publish(chain, number, present)
      return { number, replaced: isLast ? present?.number : undefined }
    }, rows)
    if ("present" in written) {
      if (number > 0) yield* Deletion.deleteRows(transactions, number)
      return written
    }
    number = written.number
    if (written.replaced !== undefined) yield* Deletion.deleteRows(transactions, written.replaced)
    if (!isLast) yield* Effect.yieldNow
  }
  return { number }
})

/** Reads the chain that has a request id. */
export const select = (requestId: string): Sql.Script<Present | undefined> =>
  Sql.get<Present>(
    `SELECT c.number, ${ChainRow.selected}, ${ownerColumns}
     FROM jobchain_chains c ${ownerJoin} WHERE c.request_id = ?`,
    requestId
  )

/** Reads the chain that has a request id, and keeps it as it is until the transaction ends. */
export function* lock(requestId: string): Sql.Script<Present | undefined> {
  const [locked] = yield* Sql.readRows(Sql.keysFor(lockRequest, [[requestId]]))
  // Only then a look: the lock may have been waited for. One that has come since is not locked, and not looked at.
  return locked === undefined ? undefined : yield* select(requestId)
}

const lockRequest = RowsStatement.lock({
  table: "jobchain_chains",
  alias: "c",
  columns: "c.number",
  key: { request_id: "text" }
})

/** Puts a chain in the place of the one that is there: all at once, so that nobody sees half of it. */
export function* replaceRows(
  present: Present,
  rows: Rows,
  progress: Pick<ChainProgress.ChainProgress, "state" | "finishedJobs" | "hasBegun">
): Sql.Script<void> {
  const { number } = present
  yield* Sql.run("DELETE FROM jobchain_jobs WHERE chain = ?", number)
  yield* Sql.run("DELETE FROM jobchain_records WHERE chain = ?", number)
  const { checksum, wire } = WireRows.headRowOf(rows.requestId, rows.jobChain)
  yield* Sql.run("UPDATE jobchain_chains SET wire = ?, checksum = ? WHERE number = ?", wire, checksum, number)
  yield* ChainRequest.change(present, rows.requestId, broughtBy(rows))
  yield* ChainProgress.change(number, {
    ...progress,
    chainState: rows.chainState,
    elapsed: rows.elapsed,
    totalJobs: totalJobsOf(rows),
    closedAt: null,
    completeJobs: null
  })
  yield* SignalRows.replace(number, rows.signals)
  for (const step of stepsOf(rows)) yield* step(number)
}

/** Writes a part of the chain with this number. */
type Step = (number: number) => Sql.Script<void>

/** The parts; at least one. */
const stepsOf = ({ jobChain, records }: Rows): ReadonlyArray<Step> => {
  const ids = Object.keys(jobChain.jobs ?? {})
  const steps: Array<Step> = []
  for (let start = 0; start === 0 || start < ids.length; start += rowsPerTransaction) {
    const end = start + rowsPerTransaction
    steps.push((number) => Sql.writeRows(WireRows.insertJobs(number, jobChain, ids.slice(start, end), start)))
  }
  for (let start = 0; start < records.length; start += rowsPerTransaction) {
    steps.push((number) =>
      Sql.writeRows(...RecordRows.upsert(number, records.slice(start, start + rowsPerTransaction)))
    )
  }
  return steps.length === 2 && records.length > 0 ? [inOne(steps)] : steps
}

const inOne = (steps: ReadonlyArray<Step>): Step =>
  function*(number) {
    for (const step of steps) yield* step(number)
  }

/** Two or three milliseconds, in which nothing else happens in the process. */
const rowsPerTransaction = 500

function* insertChain(chain: NewChain): Sql.Script<number> {
  const { checksum, wire } = WireRows.headRowOf(chain.requestId, chain.jobChain)
  const inserted = yield* Sql.get<{ readonly number: number }>(
    insertRow,
    ...ChainProgress.valuesOf(progressOf(chain)),
    ...ChainRequest.valuesOf(requestOf(chain), chain.requestId),
    wire,
    checksum,
    chain.writer
  )
  return inserted?.number ?? 0
}

const givenColumns = [
  ...Object.keys(ChainProgress.columns),
  ...Object.keys(ChainRequest.columns),
  "wire",
  "checksum",
  "owner"
]

const insertRow = `INSERT INTO jobchain_chains (request_id, stop_requested, ${givenColumns.join(", ")})
  VALUES (NULL, 0, ${givenColumns.map(() => "?").join(", ")}) RETURNING number`

const progressOf = (chain: NewChain): ChainProgress.ChainProgress => ({
  state: JobState.toCode(chain.state),
  chainState: chain.chainState,
  finishedJobs: chain.finishedJobs,
  completeJobs: null,
  totalJobs: totalJobsOf(chain),
  elapsed: chain.elapsed,
  closedAt: null,
  finishedAt: null,
  hasBegun: chain.hasBegun ? 1 : 0
})

const requestOf = (chain: NewChain): ChainRequest.ChainRequest => ({
  name: typeof chain.jobChain["name"] === "string" ? chain.jobChain["name"] : "",
  type: chain.request?.type ?? "",
  user: chain.request?.user ?? "",
  args: JSON.stringify(chain.request?.args ?? {}),
  isRequest: chain.request === undefined ? 0 : 1,
  createdAt: chain.createdAt,
  startedAt: chain.startedAt,
  ...broughtBy(chain)
})

const broughtBy = (rows: Rows): Pick<ChainRequest.ChainRequest, "hasFanOuts" | "formerTries" | "reportedJobs"> => ({
  hasFanOuts: hasFanOuts(rows.jobChain) ? 1 : 0,
  formerTries: formerTriesOf(rows),
  reportedJobs: null
})

const totalJobsOf = ({ jobChain }: Rows): number => Object.keys(jobChain.jobs ?? {}).length

const formerTriesOf = ({ formerTries }: Rows): string | null =>
  formerTries.size === 0 ? null : JSON.stringify(Object.fromEntries(formerTries))

/** Gives a chain that is all there its request id, which the chain `replaced` loses. */
function* publish(chain: NewChain, number: number, replaced: Present | undefined): Sql.Script<void> {
  const { isOwned, isReported, requestId, signals, writer } = chain
  if (replaced !== undefined) {
    yield* ChainRequest.handOn(replaced, { ...requestOf(chain), number }, requestId)
    yield* SignalRows.move(replaced.number, number)
    yield* Deletion.hide(replaced.number)
  }
  yield* Sql.writeRows(SignalRows.keep(number, signals))
  yield* Sql.run("UPDATE jobchain_chains SET request_id = ? WHERE number = ?", requestId, number)
  if (isReported) yield* OutboxRows.open(number, writer)
  if (!isOwned) yield* Sql.run("UPDATE jobchain_chains SET owner = NULL WHERE number = ?", number)
}
