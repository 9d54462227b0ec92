/**
 * The second database: what jobs have really done, told by themselves, whatever the store says of them.
 */
import { DatabaseSync } from "node:sqlite"

/** A run of a job, in the order in which they began. */
export interface Run {
  readonly request: string
  readonly job: string
  readonly try: number
  /** The job's state in the store as the run began, as a wire number; 0 where it had none. */
  readonly stored: number
}

export class Effects {
  private readonly database: DatabaseSync

  constructor(filename: string) {
    this.database = new DatabaseSync(filename, { timeout: 30_000 })
    // A killed process loses nothing that it has handed to the operating system.
    this.database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
      CREATE TABLE IF NOT EXISTS runs (n INTEGER PRIMARY KEY, request TEXT, job TEXT, try INTEGER, stored INTEGER);
      CREATE TABLE IF NOT EXISTS accepted (request TEXT PRIMARY KEY);
      CREATE TABLE IF NOT EXISTS refused (worker TEXT, request TEXT, message TEXT)`)
  }

  ran({ job, request, stored, try: jobTry }: Run): void {
    this.database.prepare("INSERT INTO runs (request, job, try, stored) VALUES (?, ?, ?, ?)")
      .run(request, job, jobTry, stored)
  }

  /** Notes that the store has taken a chain in. */
  accepted(request: string): void {
    this.database.prepare("INSERT OR IGNORE INTO accepted VALUES (?)").run(request)
  }

  /** Notes that the store did not let a worker write. */
  refused(worker: string, request: string, message: string): void {
    this.database.prepare("INSERT INTO refused VALUES (?, ?, ?)").run(worker, request, message)
  }

  get runs(): ReadonlyArray<Run> {
    return this.database.prepare("SELECT request, job, try, stored FROM runs ORDER BY n").all() as unknown as Array<Run>
  }

  get acceptedRequests(): ReadonlyArray<string> {
    return this.database.prepare("SELECT request FROM accepted").all().map(({ request }) => String(request))
  }

  get refusals(): number {
    return Number(this.database.prepare("SELECT count(*) AS count FROM refused").get()?.["count"])
  }

  close(): void {
    this.database.close()
  }
}
