/**
 * The outbox: which reports of which chains are yet to be delivered, or were refused.
 *
 * A row says only what is to be reported, in the order of their numbers; what the report says is in the rows of the chain itself,
 * which it was stored with. So nothing is stored twice, and progress, of which a chain has at most one row, is what it is when
 * it goes out. A chain that is reported has a row in `deliveries` until its final state is delivered, with the owner id of the
 * process that delivers: the courier.
 *
 * @since 0.1.0
 */
import * as JobState from "../domain/JobState.ts"
import type { Checkpoint } from "../engine/Checkpoint.ts"
import type { Report } from "../engine/ReportDelivery.ts"
import { ownerColumns, ownerJoin, type OwnerRow } from "./Ownership.ts"
import * as RowsStatement from "./RowsStatement.ts"
import * as Sql from "./Sql.ts"

/** A report that waits. */
export interface Waiting {
  readonly number: number
  readonly kind: Report["kind"]
  /** Of a job log. */
  readonly jobId: string | null
  readonly try: number | null
}

/** A report that has its answer. */
export interface Settled {
  readonly number: number
  /** Why it was refused. */
  readonly refused?: string
  /** What the progress said. */
  readonly finishedJobs?: number
}

/** How the reports of a chain to a remote Request Manager stand. */
export interface ReportStanding {
  /** How many wait to be delivered. */
  readonly waiting: number
  /** Those that it does not take, in their order. */
  readonly refused: ReadonlyArray<RefusedReport>
}

/** A report that the Request Manager does not take. */
export interface RefusedReport {
  readonly report: Report["kind"]
  /** Present in a job log's. */
  readonly jobId?: string
  readonly try?: number
  readonly reason: string
}

/** Notes that a chain is to be reported, by `courier`. */
export const open = (chain: number, courier: string): Sql.Script<void> =>
  Sql.run("INSERT INTO jobchain_deliveries (chain, courier) VALUES (?, ?)", chain, courier)

/** Answers whether a chain is to be reported. */
export const isOpen = (chain: number): Sql.Script<boolean> =>
  isFound("SELECT 1 AS found FROM jobchain_deliveries WHERE chain = ?", chain)

function* isFound(text: string, ...params: ReadonlyArray<Sql.Value>): Sql.Script<boolean> {
  return (yield* Sql.get(text, ...params)) !== undefined
}

/** What a checkpoint says to a remote Request Manager. */
export interface CheckpointReports extends Pick<Checkpoint, "logs" | "outcome"> {
  readonly hasProgress: boolean
}

/** Returns what is to be reported: logs, and either progress or the end of the run, which says the progress, too. */
export const rowsOf = (
  chain: number,
  { hasProgress, logs, outcome }: CheckpointReports
): ReadonlyArray<Sql.WriteRows> => {
  const rows: Array<Sql.Row> = logs.map((log) => [chain, "job log", log.jobId, log.try, 0])
  if (outcome !== undefined) {
    rows.push([chain, outcome.state === "SUSPENDED" ? "suspended chain" : "final state", null, null, 0])
    return [Sql.rowsFor(insertRows, rows), Sql.rowsFor(deleteWaitingProgress, [[chain]])]
  }
  if (hasProgress) rows.push([chain, "progress", null, null, 0])
  return [Sql.rowsFor(insertRows, rows)]
}

/** A log, or progress, that waits already is told once. */
const insertRows = RowsStatement.insert({
  table: "jobchain_outbox",
  columns: { chain: "integer", kind: "text", job_id: "text", try: "integer", is_refused: "integer" },
  onConflict: "DO NOTHING"
})

const deleteWaitingProgress = RowsStatement.remove({
  table: "jobchain_outbox",
  key: { chain: "integer" },
  condition: "kind = 'progress'"
})

/** Takes back that the chain is suspended, or has ended, where nobody has heard of it: it goes on. */
export const deleteOutcome = (chain: number): Sql.Script<void> =>
  Sql.run(
    "DELETE FROM jobchain_outbox WHERE chain = ? AND is_refused = 0 AND kind IN ('suspended chain', 'final state')",
    chain
  )

/** A chain with reports that wait, and its courier in the place of an owner. */
export interface Undelivered extends OwnerRow {
  readonly chain: number
}

/** Reads chains whose reports wait, in their order after the number `after`. */
export const selectUndelivered = (after: number, countMax: number): Sql.Script<ReadonlyArray<Undelivered>> =>
  Sql.all<Undelivered>(
    `SELECT c.chain, ${ownerColumns}
     FROM (SELECT chain, courier AS owner FROM jobchain_deliveries) c ${ownerJoin}
     WHERE c.chain > ? AND EXISTS (SELECT 1 FROM jobchain_outbox r WHERE r.chain = c.chain AND r.is_refused = 0)
     ORDER BY c.chain LIMIT ?`,
    after,
    countMax
  )

/** Makes `courier` deliver the reports of chains; returns those that nobody else has begun to meanwhile. */
export function* takeOver(
  chains: ReadonlyArray<Undelivered>,
  courier: string
): Sql.Script<ReadonlyArray<Undelivered>> {
  const taken: Array<Undelivered> = []
  for (const row of chains) {
    const changed = yield* Sql.changes(
      "UPDATE jobchain_deliveries SET courier = ? WHERE chain = ? AND courier = ?",
      courier,
      row.chain,
      row.owner
    )
    if (changed > 0) taken.push(row)
  }
  return taken
}

/** Reads the report that is next after the number `after`, where `courier` is still the one to deliver it. */
export const selectNext = ({ after, chain, courier, isProgressDue }: {
  readonly chain: number
  readonly courier: string
  readonly after: number
  readonly isProgressDue: boolean
}): Sql.Script<Waiting | undefined> =>
  Sql.get<Waiting>(
    `SELECT r.number, r.kind, r.job_id AS "jobId", r.try FROM jobchain_outbox r
     WHERE r.chain = ? AND r.is_refused = 0 AND r.number > ? ${isProgressDue ? "" : "AND r.kind <> 'progress'"}
       AND EXISTS (SELECT 1 FROM jobchain_deliveries d WHERE d.chain = r.chain AND d.courier = ?)
     ORDER BY r.number LIMIT 1`,
    chain,
    after,
    courier
  )

/**
 * Answers whether a report still waits, and for `courier`. A suspended chain does not while another living process has it:
 * that is about to go on with it, or has just suspended it and lets go of it.
 */
export const isWaiting = (number: number, courier: string): Sql.Script<boolean> =>
  isFound(
    `SELECT 1 AS found FROM jobchain_outbox r JOIN jobchain_deliveries d ON d.chain = r.chain
     WHERE r.number = ? AND r.is_refused = 0 AND d.courier = ? AND (r.kind <> 'suspended chain' OR NOT EXISTS (
       SELECT 1 FROM jobchain_chains c JOIN jobchain_owners o ON o.id = c.owner
       WHERE c.number = r.chain AND c.owner <> d.courier AND o.alive_until >= jobchain_now()))`,
    number,
    courier
  )

/**
 * Notes the answers to some of a chain's reports, where `courier` is still the one to do so; what was delivered is gone with it.
 * The last one of a chain that has ended ends the delivery.
 */
export function* settle(chain: number, courier: string, settled: ReadonlyArray<Settled>): Sql.Script<void> {
  // Nobody takes the delivery over until this is committed.
  const ours = yield* Sql.changes(
    "UPDATE jobchain_deliveries SET courier = courier WHERE chain = ? AND courier = ?",
    chain,
    courier
  )
  if (ours === 0) return
  for (const { finishedJobs, number, refused } of settled) {
    if (refused !== undefined) yield* Sql.run(setAside, refused, number)
    else if (finishedJobs === undefined) yield* Sql.run("DELETE FROM jobchain_outbox WHERE number = ?", number)
    else yield* Sql.run(deleteProgress, number, chain, finishedJobs)
  }
  yield* Sql.run(close, chain, chain, chain, JobState.COMPLETE, JobState.FAIL, JobState.STOPPED)
}

const setAside = "UPDATE jobchain_outbox SET is_refused = 1, reason = ? WHERE number = ?"

// What has changed since is told, too.
const deleteProgress = `DELETE FROM jobchain_outbox WHERE number = ?
  AND EXISTS (SELECT 1 FROM jobchain_chains c WHERE c.number = ? AND c.finished_jobs = ?)`

const close = `DELETE FROM jobchain_deliveries WHERE chain = ?
  AND NOT EXISTS (SELECT 1 FROM jobchain_outbox r WHERE r.chain = ? AND r.is_refused = 0)
  AND EXISTS (SELECT 1 FROM jobchain_chains c WHERE c.number = ? AND c.state IN (?, ?, ?) AND c.finished_at IS NOT NULL)`

/** Reads how the reports of a chain stand. */
export function* selectStanding(chain: number): Sql.Script<ReportStanding> {
  const waiting = yield* Sql.get<{ readonly count: number }>(
    "SELECT count(*) AS count FROM jobchain_outbox WHERE chain = ? AND is_refused = 0",
    chain
  )
  const refused = yield* Sql.all<Waiting & { readonly reason: string }>(
    `SELECT kind, job_id AS "jobId", try, reason FROM jobchain_outbox WHERE chain = ? AND is_refused = 1 ORDER BY number`,
    chain
  )
  return {
    waiting: Number(waiting?.count ?? 0),
    refused: refused.map(({ jobId, kind, reason, try: jobTry }) => ({
      report: kind,
      ...(jobId === null ? {} : { jobId }),
      ...(jobTry === null ? {} : { try: jobTry }),
      reason
    }))
  }
}
