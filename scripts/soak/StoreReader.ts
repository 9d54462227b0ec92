/**
 * Reads the store past the program, through a connection of its own.
 */
import { DatabaseSync } from "node:sqlite"

export interface StoredLog {
  readonly request: string
  readonly job: string
  readonly try: number
  readonly state: number
  readonly error: string
}

export class StoreReader {
  private readonly database: DatabaseSync
  private readonly filename: string

  constructor(filename: string) {
    this.filename = filename
    this.database = new DatabaseSync(filename, { readOnly: true, timeout: 30_000 })
  }

  /** The committed state of a job; 0 where it has none but that of the chain file. */
  stateOf(request: string, job: string): number {
    const row = this.database.prepare(
      `SELECT r.state FROM jobchain_chains c JOIN jobchain_jobs j ON j.chain = c.number AND j.id = ?
       JOIN jobchain_records r ON r.chain = c.number AND r.job = j.job WHERE c.request_id = ?`
    ).get(job, request)
    return Number(row?.["state"] ?? 0)
  }

  /** Request id → the state of its chain, as a wire number. */
  get states(): ReadonlyMap<string, number> {
    const rows = this.database.prepare("SELECT request_id AS id, state FROM jobchain_chains").all()
    return new Map(rows.map(({ id, state }) => [String(id), Number(state)]))
  }

  get logs(): ReadonlyArray<StoredLog> {
    return this.database.prepare(
      `SELECT c.request_id AS request, l.job_id AS job, l.try, l.state, l.error
       FROM jobchain_job_logs l JOIN jobchain_chains c ON c.number = l.chain ORDER BY l.number`
    ).all() as unknown as Array<StoredLog>
  }

  /** How many chains have not ended, and reports wait. */
  get unfinished(): number {
    const count = this.database.prepare(
      `SELECT (SELECT count(*) FROM jobchain_chains WHERE request_id IS NOT NULL AND state IN (1, 2, 7))
         + (SELECT count(*) FROM jobchain_outbox WHERE is_refused = 0) AS count`
    ).get()?.["count"]
    return Number(count)
  }

  /** Answers whether somebody holds the lock for writing at this moment. */
  get isLocked(): boolean {
    const other = new DatabaseSync(this.filename, { timeout: 0 })
    try {
      other.exec("BEGIN IMMEDIATE; ROLLBACK")
      return false
    } catch {
      return true
    } finally {
      other.close()
    }
  }

  /** Everything the store says of some chains, as text. */
  contentsOf(requests: ReadonlyArray<string>): string {
    return JSON.stringify(
      requests.map((request) =>
        [
          "chains WHERE number",
          "jobs WHERE chain",
          "records WHERE chain",
          "job_logs WHERE chain",
          "outputs WHERE chain"
        ].map((source) =>
          this.database.prepare(
            `SELECT * FROM jobchain_${source} = (SELECT number FROM jobchain_chains WHERE request_id = ?)`
          ).all(request)
        )
      )
    )
  }

  close(): void {
    this.database.close()
  }
}
