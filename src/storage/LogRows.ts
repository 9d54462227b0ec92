/**
 * Job logs as rows, one for each (chain, job, try).
 *
 * @since 0.1.0
 */
import type { JobLog } from "../domain/JobLog.ts"
import * as JobState from "../domain/JobState.ts"
import type { Sql } from "./Tables.ts"

/** Keeps a job log; the same (chain, job, try) again changes nothing. */
export const insert = (sql: Sql, chain: number, log: JobLog): void => {
  sql.run(
    `INSERT INTO jobchain_job_logs (chain, job_id, try, name, type, started_at, finished_at, state, exit, error, stdout, stderr)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (chain, job_id, try) DO NOTHING`,
    chain,
    log.jobId,
    log.try,
    log.name,
    log.type,
    log.startedAt,
    log.finishedAt,
    JobState.toCode(log.state),
    log.exit,
    log.error,
    log.stdout,
    log.stderr
  )
}

type LogRow = Omit<JobLog, "state" | "requestId"> & { readonly state: number }

const tryColumns =
  `l.job_id AS jobId, l.try, l.name, l.type, l.started_at AS startedAt, l.finished_at AS finishedAt, l.state,
  l.exit, l.error`
const columns = `${tryColumns}, l.stdout, l.stderr`
const source = "jobchain_job_logs l JOIN jobchain_chains c ON c.number = l.chain"

/** Reads every log of a request, in the order in which they came. */
export const selectAll = (sql: Sql, requestId: string): ReadonlyArray<JobLog> =>
  sql.all<LogRow>(`SELECT ${columns} FROM ${source} WHERE c.request_id = ? ORDER BY l.number`, requestId)
    .map((row) => logOf(row, requestId))

/** Reads every log of a job, in the order in which they came. */
export const selectOfJob = (sql: Sql, requestId: string, jobId: string): ReadonlyArray<JobLog> =>
  sql.all<LogRow>(
    `SELECT ${columns} FROM ${source} WHERE c.request_id = ? AND l.job_id = ? ORDER BY l.number`,
    requestId,
    jobId
  ).map((row) => logOf(row, requestId))

/** A try that ended: its log without what it wrote. */
export type EndedTry = Omit<JobLog, "stdout" | "stderr">

/** Reads every try of a request, or of one of its jobs, in the order in which they ended. */
export const selectTries = (sql: Sql, requestId: string, jobId?: string): ReadonlyArray<EndedTry> =>
  sql.all<Omit<LogRow, "stdout" | "stderr">>(
    `SELECT ${tryColumns} FROM ${source} WHERE c.request_id = ? ${jobId === undefined ? "" : "AND l.job_id = ?"}
     ORDER BY l.number`,
    ...(jobId === undefined ? [requestId] : [requestId, jobId])
  ).map((row) => ({ requestId, ...row, state: JobState.fromCode(row.state) }))

const logOf = (row: LogRow, requestId: string): JobLog => ({ requestId, ...row, state: JobState.fromCode(row.state) })
