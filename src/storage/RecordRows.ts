/**
 * The records of jobs as rows: what has changed of a job since its chain was taken in.
 *
 * @since 0.1.0
 */
import * as Ending from "../domain/Ending.ts"
import * as JobData from "../domain/JobData.ts"
import * as JobRecord from "../domain/JobRecord.ts"
import type { Chain } from "../domain/Progress.ts"
import * as Checksum from "./Checksum.ts"
import { DamagedRow, jsonObject, type Place } from "./DamagedRow.ts"
import * as RowsStatement from "./RowsStatement.ts"
import * as Sql from "./Sql.ts"

/** The columns that a job's record becomes. */
interface RecordColumns extends Omit<JobRecord.JobRecord, "isRewinding" | "writes" | "base" | keyof Extras> {
  readonly isRewinding: number
  readonly writes: string | null
  readonly base: string | null
  readonly baseAfter: number | null
  /** What few jobs have, as JSON. */
  readonly extras: string | null
}

type Extras = Pick<JobRecord.JobRecord, "ending" | "reason" | "elapsed" | "sequenceElapsed" | "awaits">

/** A change to a job's row, as plain values: the chain may go on meanwhile. */
export interface RecordChange {
  /** The job's index in its chain. */
  readonly job: number
  readonly statement: RowsStatement.RowsStatement
  /** Of a row, from the second column on: the first is the chain. */
  readonly values: Sql.Row
}

/** What a change does to the columns that are not the engine's. */
export interface Keeping {
  /** Until when the job waits, in Unix milliseconds; `null`: it does not; `undefined`: as before. */
  readonly waitUntil: number | null | undefined
  /** What becomes of its count of crashes: kept (0), back to 0, or one more (1). */
  readonly crashes: 0 | 1 | "none"
}

/** Returns the change that brings a job's row to where the job is now. */
export const changeOf = (chain: Chain, job: number, keeping: Keeping): RecordChange => {
  // Every column by its name: there are two of these for each job, and objects that are spread cost several times as much.
  const record = JobRecord.make(chain, job)
  const { awaits, base, elapsed, ending, reason, sequenceElapsed, writes } = record
  const values: Array<Checksum.Value> = checkedOf({
    job,
    state: record.state,
    latestTries: record.latestTries,
    totalTries: record.totalTries,
    sequenceTries: record.sequenceTries,
    completion: record.completion,
    isRewinding: record.isRewinding ? 1 : 0,
    writes: writes === undefined ? null : JSON.stringify(writes),
    base: base === undefined ? null : JSON.stringify(base.data),
    // A base that takes in no parents any more has no number in SQL.
    baseAfter: base === undefined || base.after === Number.POSITIVE_INFINITY ? null : base.after,
    extras: (ending ?? reason ?? elapsed ?? sequenceElapsed ?? awaits) === undefined
      ? null
      : JSON.stringify({ ending, reason, elapsed, sequenceElapsed, awaits })
  })
  values.push(Checksum.of(values), keeping.waitUntil ?? null, keeping.crashes === 1 ? 1 : 0)
  return { job, statement: statementOf(keeping), values }
}

/** Answers whether a change makes a job's row another one; a job without a row is one that never ran. */
export const differs = (row: RecordRow | undefined, { values }: RecordChange): boolean =>
  row === undefined
    ? values[baseAt] !== null
    : row.crashes > 0 || row.waitUntil !== null || checkedOf(row).some((value, at) => value !== values[at])

/** What the checksum is made of: all but the wait and the crashes, which are not always written. */
const checkedOf = (columns: RecordColumns): Array<Checksum.Value> => [
  columns.job,
  columns.state,
  columns.latestTries,
  columns.totalTries,
  columns.sequenceTries,
  columns.completion,
  columns.isRewinding,
  columns.writes,
  columns.base,
  columns.baseAfter,
  columns.extras
]

/** The place of the base among those. */
const baseAt = 8

/** Returns the rows of changes, of one job each. */
export const upsert = (chain: number, changes: ReadonlyArray<RecordChange>): ReadonlyArray<Sql.WriteRows> => {
  const rows = new Map<RowsStatement.RowsStatement, Array<Sql.Row>>()
  for (const { statement, values } of changes) {
    const row = [chain, ...values]
    const alike = rows.get(statement)
    if (alike === undefined) rows.set(statement, [row])
    else alike.push(row)
  }
  return Array.from(rows, ([statement, alike]) => Sql.rowsFor(statement, alike))
}

const setAlways = [
  "state",
  "latest_tries",
  "total_tries",
  "sequence_tries",
  "completion",
  "is_rewinding",
  "writes",
  "base",
  "base_after",
  "extras",
  "checksum"
].map((column) => `${column} = excluded.${column}`).join(", ")

const upsertStatement = (waitUntil: string, crashes: string): RowsStatement.RowsStatement =>
  RowsStatement.insert({
    table: "jobchain_records",
    columns: {
      chain: "integer",
      job: "integer",
      state: "integer",
      latest_tries: "integer",
      total_tries: "integer",
      sequence_tries: "integer",
      completion: "integer",
      is_rewinding: "integer",
      writes: "text",
      base: "text",
      base_after: "integer",
      extras: "text",
      checksum: "integer",
      wait_until: "real",
      crashes: "integer"
    },
    onConflict: `(chain, job) DO UPDATE SET ${setAlways}, wait_until = ${waitUntil}, crashes = ${crashes}`
  })

const setsCrashes = (waitUntil: string) => ({
  adding: upsertStatement(waitUntil, "jobchain_records.crashes + excluded.crashes"),
  resetting: upsertStatement(waitUntil, "0")
})

const keepingWait = setsCrashes("jobchain_records.wait_until")
const settingWait = setsCrashes("excluded.wait_until")

/** What becomes of a row that is there already depends on two things, and its statement with them. */
const statementOf = ({ crashes, waitUntil }: Keeping): RowsStatement.RowsStatement => {
  const statements = waitUntil === undefined ? keepingWait : settingWait
  return crashes === "none" ? statements.resetting : statements.adding
}

/** A row of `records`. */
export interface RecordRow extends RecordColumns {
  readonly checksum: number | null
  readonly waitUntil: number | null
  readonly crashes: number
}

/** Reads the rows of a chain. */
export const select = (chain: number): Sql.Script<ReadonlyArray<RecordRow>> =>
  Sql.all<RecordRow>(
    `SELECT job, state, latest_tries AS "latestTries", total_tries AS "totalTries", sequence_tries AS "sequenceTries",
       completion, is_rewinding AS "isRewinding", writes, base, base_after AS "baseAfter", extras, checksum,
       wait_until AS "waitUntil", crashes
     FROM jobchain_records WHERE chain = ? ORDER BY job`,
    chain
  )

/** Returns the record in a row; throws a `DamagedRow`. */
export const recordOf = (row: RecordRow, requestId: string, jobId: string): JobRecord.JobRecord => {
  const { base, baseAfter, checksum, extras, isRewinding, writes, ...record } = row
  const place = { table: "jobchain_records", requestId, jobId }
  const restored = {
    ...record,
    ...extrasOf(extras, place),
    isRewinding: isRewinding === 1,
    writes: writes === null ? undefined : frozen(jsonObject(writes, place)),
    base: base === null
      ? undefined
      : { data: frozen(jsonObject(base, place)), after: baseAfter ?? Number.POSITIVE_INFINITY }
  }
  // Last: what makes no sense at all has more to say.
  Checksum.check(checksum, checkedOf(row), place)
  return restored
}

const extrasOf = (text: string | null, place: Place): Extras => {
  const { awaits, elapsed, ending, reason, sequenceElapsed }: Record<keyof Extras, unknown> = text === null
    ? none
    : { ...none, ...jsonObject(text, place) }
  const isKnown = ending === undefined || Ending.specials.some((special) => special === ending)
  if (isKnown && isText(reason) && isText(awaits) && isTime(elapsed) && isTime(sequenceElapsed)) {
    return { awaits, elapsed, ending, reason, sequenceElapsed } as Extras
  }
  throw new DamagedRow({ ...place, reason: `its extras are ${text}, expected an ending, texts and milliseconds` })
}

const isTime = (time: unknown): boolean => time === undefined || (typeof time === "number" && time >= 0)

const isText = (text: unknown): boolean => text === undefined || typeof text === "string"

const none = { ending: undefined, reason: undefined, elapsed: undefined, sequenceElapsed: undefined, awaits: undefined }

const frozen = (data: JobData.JobData): JobData.JobData => Object.freeze(data)
