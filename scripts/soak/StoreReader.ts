/**
 * What the store says of chains, read past the program.
 */
import * as Tables from "./Tables.ts"

export interface StoredLog {
  readonly request: string
  readonly job: string
  readonly try: number
  readonly state: number
  readonly error: string
}

export class StoreReader {
  private readonly tables: Tables.Tables

  private constructor(tables: Tables.Tables) {
    this.tables = tables
  }

  /** Opens a store that was made before. */
  static async open(location: string): Promise<StoreReader> {
    return new StoreReader(await Tables.open(location))
  }

  /** The committed state of a job; 0 where it has none but that of the chain file. */
  async stateOf(request: string, job: string): Promise<number> {
    const [row] = await this.tables.all(
      `SELECT r.state FROM jobchain_chains c JOIN jobchain_jobs j ON j.chain = c.number AND j.id = ?
       JOIN jobchain_records r ON r.chain = c.number AND r.job = j.job WHERE c.request_id = ?`,
      job,
      request
    )
    return Number(row?.["state"] ?? 0)
  }

  /** Request id → the state of its chain, as a wire number. */
  async states(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.tables.all("SELECT request_id AS id, state FROM jobchain_chains")
    return new Map(rows.map(({ id, state }) => [String(id), Number(state)]))
  }

  async logs(): Promise<ReadonlyArray<StoredLog>> {
    const rows = await this.tables.all(
      `SELECT c.request_id AS request, l.job_id AS job, l.try, l.state, l.error
       FROM jobchain_job_logs l JOIN jobchain_chains c ON c.number = l.chain ORDER BY l.number`
    )
    return rows.map((row) => ({
      request: String(row["request"]),
      job: String(row["job"]),
      try: Number(row["try"]),
      state: Number(row["state"]),
      error: String(row["error"])
    }))
  }

  /** How many chains have not ended, and reports wait. */
  async unfinished(): Promise<number> {
    const [row] = await this.tables.all(
      `SELECT (SELECT count(*) FROM jobchain_chains WHERE request_id IS NOT NULL AND state IN (1, 2, 7))
         + (SELECT count(*) FROM jobchain_outbox WHERE is_refused = 0) AS count`
    )
    return Number(row?.["count"])
  }

  /** Answers whether a process is in the middle of a transaction that keeps others waiting. */
  isLocked(): Promise<boolean> {
    return this.tables.isLocked()
  }

  /** Everything the store says of some chains, as text. */
  async contentsOf(requests: ReadonlyArray<string>): Promise<string> {
    const contents: Array<unknown> = []
    for (const request of requests) {
      for (const source of sources) {
        contents.push(
          await this.tables.all(
            `SELECT * FROM jobchain_${source.table} WHERE ${source.key} =
               (SELECT number FROM jobchain_chains WHERE request_id = ?) ORDER BY ${source.order}`,
            request
          )
        )
      }
    }
    return JSON.stringify(contents, (_, value) => typeof value === "bigint" ? String(value) : value)
  }

  close(): Promise<void> {
    return this.tables.close()
  }
}

const sources = [
  { table: "chains", key: "number", order: "number" },
  { table: "jobs", key: "chain", order: "job" },
  { table: "records", key: "chain", order: "job" },
  { table: "job_logs", key: "chain", order: "number" },
  { table: "outputs", key: "chain", order: "job_id, try, stream, chunk" }
]
