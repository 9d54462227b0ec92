/**
 * Job logs as rows, one for each (chain, job, try).
 *
 * @since 0.1.0
 */
import type { JobLog } from "../domain/JobLog.ts"
import * as JobState from "../domain/JobState.ts"
import * as Checksum from "./Checksum.ts"
import type { Place } from "./DamagedRow.ts"
import * as RowsStatement from "./RowsStatement.ts"
import * as Sql from "./Sql.ts"

/** Returns the rows of job logs; the same (chain, job, try) again changes nothing. */
export const insert = (chain: number, logs: ReadonlyArray<JobLog>): Sql.WriteRows =>
  Sql.rowsFor(insertLogs, logs.map((log) => valuesOf(chain, log)))

const valuesOf = (chain: number, log: JobLog): ReadonlyArray<Sql.Value> => {
  const checked = checkedOf(log, chain, JobState.toCode(log.state))
  return [...checked, ...outputOf(log), Checksum.of(checked), outputChecksumOf(log)]
}

/** What the checksum of a row is made of: all but what the try wrote, which has its own. */
const checkedOf = (
  log: Omit<EndedTry, "state" | "requestId">,
  chain: number,
  state: number
): ReadonlyArray<Checksum.Value> => [
  chain,
  log.jobId,
  log.try,
  wellFormed(log.name),
  log.type,
  log.startedAt,
  log.finishedAt,
  state,
  log.exit,
  wellFormed(log.error)
]

const outputOf = ({ stderr, stdout }: Pick<JobLog, "stdout" | "stderr">): ReadonlyArray<Checksum.Value> => [
  wellFormed(stdout),
  wellFormed(stderr)
]

/** A message that was cut may end in half of a character, which no database keeps as it is. */
const wellFormed = (text: string): string => text.toWellFormed()

const outputChecksumOf = (log: JobLog): number =>
  log.stdout === "" && log.stderr === "" ? checksumOfNoOutput : Checksum.of(outputOf(log))

const checksumOfNoOutput = Checksum.of(["", ""])

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
    stderr: "text",
    checksum: "integer",
    output_checksum: "integer"
  },
  onConflict: "(chain, job_id, try) DO NOTHING"
})

const tryColumns =
  `l.chain, l.job_id AS "jobId", l.try, l.name, l.type, l.started_at AS "startedAt", l.finished_at AS "finishedAt", l.state,
  l.exit, l.error, l.checksum`
const columns = `${tryColumns}, l.stdout, l.stderr, l.output_checksum AS "outputChecksum"`
const source = "jobchain_job_logs l JOIN jobchain_chains c ON c.number = l.chain"

/** A try that ended: its log without what it wrote. */
export type EndedTry = Omit<JobLog, "stdout" | "stderr">

/** A try as it was found in its row. */
export interface FoundTry extends Omit<EndedTry, "state" | "requestId"> {
  readonly chain: number
  readonly state: number
  readonly checksum: number | null
}

/** A log as it was found in its row. */
export interface FoundLog extends FoundTry, Pick<JobLog, "stdout" | "stderr"> {
  readonly outputChecksum: number | null
}

/** Reads every log of a request, or of one of its jobs, in the order in which they came. */
export const select = (requestId: string, jobId?: string): Sql.Script<ReadonlyArray<FoundLog>> =>
  selectOf<FoundLog>(columns, requestId, jobId)

/** Reads every try of a request, or of one of its jobs, in the order in which they ended. */
export const selectTries = (requestId: string, jobId?: string): Sql.Script<ReadonlyArray<FoundTry>> =>
  selectOf<FoundTry>(tryColumns, requestId, jobId)

const selectOf = <Row>(columns: string, requestId: string, jobId: string | undefined) =>
  Sql.all<Row>(
    `SELECT ${columns} FROM ${source} WHERE c.request_id = ? ${jobId === undefined ? "" : "AND l.job_id = ?"}
     ORDER BY l.number`,
    ...(jobId === undefined ? [requestId] : [requestId, jobId])
  )

/** Reads the log of one try. */
export const selectTry = (chain: number, jobId: string, jobTry: number): Sql.Script<FoundLog | undefined> =>
  Sql.get<FoundLog>(
    `SELECT ${columns} FROM jobchain_job_logs l WHERE l.chain = ? AND l.job_id = ? AND l.try = ?`,
    chain,
    jobId,
    jobTry
  )

/** Returns the try in a row; throws a `DamagedRow`. */
export const tryOf = (row: FoundTry, requestId: string): EndedTry => {
  const { chain: _, checksum, state, ...rest } = row
  Checksum.check(checksum, checkedOf(row, row.chain, row.state), placeOf(row, requestId))
  return { requestId, ...rest, state: JobState.fromCode(state) }
}

/** Returns the log in a row; throws a `DamagedRow`. */
export const logOf = ({ outputChecksum, stderr, stdout, ...row }: FoundLog, requestId: string): JobLog => {
  const ended = tryOf(row, requestId)
  Checksum.check(outputChecksum, outputOf({ stdout, stderr }), placeOf(row, requestId))
  return { ...ended, stdout, stderr }
}

const placeOf = ({ jobId }: FoundTry, requestId: string): Place => ({ table: "jobchain_job_logs", requestId, jobId })
