/**
 * The records of jobs as rows: what has changed of a job since its chain was taken in.
 *
 * @since 0.1.0
 */
import * as Ending from "../domain/Ending.ts"
import * as JobData from "../domain/JobData.ts"
import * as JobRecord from "../domain/JobRecord.ts"
import type { Chain } from "../domain/Progress.ts"
import { DamagedRow, jsonObject, type Place } from "./DamagedRow.ts"
import type { Sql } from "./Tables.ts"

/** The columns that a job's record becomes. */
interface RecordColumns extends Omit<JobRecord.JobRecord, "isRewinding" | "writes" | "base" | keyof Extras> {
  readonly isRewinding: number
  readonly writes: string | null
  readonly base: string | null
  readonly baseAfter: number | null
  /** What few jobs have, as JSON. */
  readonly extras: string | null
}

type Extras = Pick<JobRecord.JobRecord, "ending" | "reason" | "elapsed" | "sequenceElapsed">

/** A change to a job's row, as plain values: the chain may go on meanwhile. */
export interface RecordChange extends RecordColumns {
  /** Until when the job waits, in Unix milliseconds; `null`: it does not; `undefined`: as before. */
  readonly waitUntil: number | null | undefined
  /** What becomes of its count of crashes: kept (0), back to 0, or one more (1). */
  readonly crashes: 0 | 1 | "none"
}

/** Returns the change that brings a job's row to where the job is now. */
export const changeOf = (
  chain: Chain,
  job: number,
  { crashes, waitUntil }: Pick<RecordChange, "crashes" | "waitUntil">
): RecordChange => {
  const { base, elapsed, ending, isRewinding, reason, sequenceElapsed, writes, ...record } = JobRecord.make(chain, job)
  return {
    ...record,
    isRewinding: isRewinding ? 1 : 0,
    writes: writes === undefined ? null : JSON.stringify(writes),
    base: base === undefined ? null : JSON.stringify(base.data),
    // A base that takes in no parents any more has no number in SQL.
    baseAfter: base === undefined || base.after === Number.POSITIVE_INFINITY ? null : base.after,
    extras: (ending ?? reason ?? elapsed ?? sequenceElapsed) === undefined
      ? null
      : JSON.stringify({ ending, reason, elapsed, sequenceElapsed }),
    waitUntil,
    crashes
  }
}

/** Writes a change. */
export const upsert = (sql: Sql, chain: number, change: RecordChange): void => {
  const { crashes, waitUntil } = change
  sql.run(
    `INSERT INTO jobchain_records (chain, job, state, latest_tries, total_tries, sequence_tries, completion, is_rewinding,
       writes, base, base_after, extras, wait_until, crashes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (chain, job) DO UPDATE SET state = excluded.state, latest_tries = excluded.latest_tries,
       total_tries = excluded.total_tries, sequence_tries = excluded.sequence_tries, completion = excluded.completion,
       is_rewinding = excluded.is_rewinding, writes = excluded.writes, base = excluded.base,
       base_after = excluded.base_after, extras = excluded.extras,
       wait_until = CASE ? WHEN 1 THEN jobchain_records.wait_until ELSE excluded.wait_until END,
       crashes = jobchain_records.crashes * ? + excluded.crashes`,
    chain,
    change.job,
    change.state,
    change.latestTries,
    change.totalTries,
    change.sequenceTries,
    change.completion,
    change.isRewinding,
    change.writes,
    change.base,
    change.baseAfter,
    change.extras,
    waitUntil ?? null,
    crashes === 1 ? 1 : 0,
    waitUntil === undefined ? 1 : 0,
    crashes === "none" ? 0 : 1
  )
}

/** A row of `records`. */
export interface RecordRow extends RecordColumns {
  readonly waitUntil: number | null
  readonly crashes: number
}

/** Reads the rows of a chain. */
export const select = (sql: Sql, chain: number): ReadonlyArray<RecordRow> =>
  sql.all<RecordRow>(
    `SELECT job, state, latest_tries AS latestTries, total_tries AS totalTries, sequence_tries AS sequenceTries, completion,
       is_rewinding AS isRewinding, writes, base, base_after AS baseAfter, extras, wait_until AS waitUntil,
       crashes
     FROM jobchain_records WHERE chain = ? ORDER BY job`,
    chain
  )

/** Returns the record in a row; throws a `DamagedRow`. */
export const recordOf = (row: RecordRow, requestId: string, jobId: string): JobRecord.JobRecord => {
  const { base, baseAfter, extras, isRewinding, writes, ...record } = row
  const place = { table: "jobchain_records", requestId, jobId }
  return {
    ...record,
    ...extrasOf(extras, place),
    isRewinding: isRewinding === 1,
    writes: writes === null ? undefined : frozen(jsonObject(writes, place)),
    base: base === null
      ? undefined
      : { data: frozen(jsonObject(base, place)), after: baseAfter ?? Number.POSITIVE_INFINITY }
  }
}

const extrasOf = (text: string | null, place: Place): Extras => {
  const { elapsed, ending, reason, sequenceElapsed }: Record<keyof Extras, unknown> = text === null
    ? none
    : { ...none, ...jsonObject(text, place) }
  const isKnown = ending === undefined || Ending.specials.some((special) => special === ending)
  if (isKnown && isText(reason) && isTime(elapsed) && isTime(sequenceElapsed)) {
    return { elapsed, ending, reason, sequenceElapsed } as Extras
  }
  throw new DamagedRow({ ...place, reason: `its extras are ${text}, expected an ending, a text and milliseconds` })
}

const isTime = (time: unknown): boolean => time === undefined || (typeof time === "number" && time >= 0)

const isText = (text: unknown): boolean => text === undefined || typeof text === "string"

const none = { ending: undefined, reason: undefined, elapsed: undefined, sequenceElapsed: undefined }

const frozen = (data: JobData.JobData): JobData.JobData => Object.freeze(data)
