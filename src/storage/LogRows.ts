/**
 * Job logs as rows, one for each (chain, job, try).
 *
 * @since 0.1.0
 */
import type { JobLog } from "../domain/JobLog.ts"
import * as JobState from "../domain/JobState.ts"
import * as RowsStatement from "./RowsStatement.ts"
import * as Sql from "./Sql.ts"

/** Keeps job logs; the same (chain, job, try) again changes nothing. */
export const insert = (chain: number, logs: ReadonlyArray<JobLog>): Sql.Script<void> =>
  Sql.writeRows(
    insertLogs,
    logs.map((log) => [
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
    ])
  )

const insertLogs = RowsStatement.insert({
  table: "jobchain_job_logs",
  columns: {
    chain: "integer",
    job_id: "text",
    try: "integer",
    name: "text",
    type: "text",
    started_at: "real",
    finished_at: "real",
    state: "integer",
    exit: "real",
    error: "text",
    stdout: "text",
    stderr: "text"
  },
  onConflict: "(chain, job_id, try) DO NOTHING"
})

type LogRow = Omit<JobLog, "state" | "requestId"> & { readonly state: number }

const tryColumns =
  `l.job_id AS "jobId", l.try, l.name, l.type, l.started_at AS "startedAt", l.finished_at AS "finishedAt", l.state,
  l.exit, l.error`
const columns = `${tryColumns}, l.stdout, l.stderr`
const source = "jobchain_job_logs l JOIN jobchain_chains c ON c.number = l.chain"

/** Reads every log of a request, in the order in which they came. */
export function* selectAll(requestId: string): Sql.Script<ReadonlyArray<JobLog>> {
  const rows = yield* Sql.all<LogRow>(
    `SELECT ${columns} FROM ${source} WHERE c.request_id = ? ORDER BY l.number`,
    requestId
  )
  return rows.map((row) => logOf(row, requestId))
}

/** Reads every log of a job, in the order in which they came. */
export function* selectOfJob(requestId: string, jobId: string): Sql.Script<ReadonlyArray<JobLog>> {
  const rows = yield* Sql.all<LogRow>(
    `SELECT ${columns} FROM ${source} WHERE c.request_id = ? AND l.job_id = ? ORDER BY l.number`,
    requestId,
    jobId
  )
  return rows.map((row) => logOf(row, requestId))
}

/** A try that ended: its log without what it wrote. */
export type EndedTry = Omit<JobLog, "stdout" | "stderr">

/** Reads every try of a request, or of one of its jobs, in the order in which they ended. */
export function* selectTries(requestId: string, jobId?: string): Sql.Script<ReadonlyArray<EndedTry>> {
  const rows = yield* Sql.all<Omit<LogRow, "stdout" | "stderr">>(
    `SELECT ${tryColumns} FROM ${source} WHERE c.request_id = ? ${jobId === undefined ? "" : "AND l.job_id = ?"}
     ORDER BY l.number`,
    ...(jobId === undefined ? [requestId] : [requestId, jobId])
  )
  return rows.map((row) => ({ requestId, ...row, state: JobState.fromCode(row.state) }))
}

/** Reads the log of one try, without the id of its request. */
export function* selectTry(
  chain: number,
  jobId: string,
  jobTry: number
): Sql.Script<Omit<JobLog, "requestId"> | undefined> {
  const row = yield* Sql.get<LogRow>(
    `SELECT ${columns} FROM jobchain_job_logs l WHERE l.chain = ? AND l.job_id = ? AND l.try = ?`,
    chain,
    jobId,
    jobTry
  )
  return row && { ...row, state: JobState.fromCode(row.state) }
}

const logOf = (row: LogRow, requestId: string): JobLog => ({ requestId, ...row, state: JobState.fromCode(row.state) })
