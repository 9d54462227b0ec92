/**
 * The tables of the store, and how a database gets them: migrations that only ever go forward.
 *
 * A chain is its row in `chains`, its wire value job by job in `jobs`, to which only the jobs of fan-outs are added, and a row
 * in `records` for each job that is no longer as it was. What its tries ended as is in `job_logs`, what they wrote in `outputs`. What a
 * remote Request Manager is yet to hear is in `outbox`, and `deliveries` says of which chains it hears. `owners` has a row for each
 * process that has the database open. Times are Unix milliseconds, states the wire's numbers.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Migrator from "effect/sql/Migrator"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"

/** A newer version of the program has changed the database; this one would not understand what it finds. */
export class NewerDatabase extends Schema.TaggedError<NewerDatabase>()("NewerDatabase", {
  found: Schema.Number,
  known: Schema.Number
}) {
  override get message(): string {
    return `The database has version ${this.found} of the tables, and this program knows version ${this.known}: use a newer program`
  }
}

/** Brings the database to a version of the tables; does nothing where it is. */
export const runTo = Effect.fnUntraced(function*(
  version: number
): Effect.fn.Return<void, NewerDatabase | Migrator.MigrationError | SqlError, SqlClient.SqlClient> {
  const wanted = Object.fromEntries(Object.entries(migrations).slice(0, version))
  yield* Migrator.make({})({ loader: Migrator.fromRecord(wanted), table: migrationsTable })
  const sql = yield* SqlClient.SqlClient
  const [latest] = yield* sql<{ id: number }>`SELECT max(migration_id) AS id FROM ${sql(migrationsTable)}`
  const found = latest?.id ?? 0
  if (found > known) return yield* new NewerDatabase({ found, known })
})

const migrationsTable = "jobchain_migrations"

/** Runs statements in SQLite's words, and then those of the database at hand that has more to do. */
const script = (statements: ReadonlyArray<string>, postgresOnly: ReadonlyArray<string> = []) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => {
    const all = sql.onDialectOrElse({
      pg: () => [...statements.map(inPostgres), ...postgresOnly],
      orElse: () => statements
    })
    return Effect.forEach(all, (statement) => sql.unsafe(statement), { discard: true })
  })

/** Returns the definition of a table in PostgreSQL's words. */
const inPostgres = (statement: string): string =>
  statement
    .replaceAll("INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY")
    .replaceAll(/\bINTEGER\b/g, "BIGINT")
    .replaceAll(/\bREAL\b/g, "DOUBLE PRECISION")
    .replaceAll(/\bBLOB\b/g, "BYTEA")
    .replace(/\) STRICT(, WITHOUT ROWID)?$/, ")")

/** What `SqliteTables` and the sessions of PostgreSQL count on besides the tables. */
const postgresParts = [
  `CREATE FUNCTION jobchain_now() RETURNS DOUBLE PRECISION LANGUAGE sql VOLATILE
   AS 'SELECT extract(epoch FROM clock_timestamp())::DOUBLE PRECISION * 1000'`,
  `CREATE TABLE jobchain_commits (
    session TEXT NOT NULL PRIMARY KEY,
    transaction BIGINT NOT NULL,
    at DOUBLE PRECISION NOT NULL
  )`
]

const migrations = {
  "0001_chains": script([
    `CREATE TABLE jobchain_owners (
      id TEXT NOT NULL PRIMARY KEY,
      host TEXT NOT NULL,
      machine TEXT NOT NULL,
      pid INTEGER NOT NULL,
      started_at REAL NOT NULL,
      alive_until REAL NOT NULL
    ) STRICT`,
    // Without a request id: still being written, or being deleted.
    `CREATE TABLE jobchain_chains (
      number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
      request_id TEXT UNIQUE,
      state INTEGER NOT NULL,
      chain_state INTEGER NOT NULL,
      total_jobs INTEGER NOT NULL,
      finished_jobs INTEGER NOT NULL,
      closed_at INTEGER,
      wire TEXT NOT NULL,
      name TEXT NOT NULL,
      type TEXT NOT NULL,
      user_name TEXT NOT NULL,
      args TEXT NOT NULL,
      is_request INTEGER NOT NULL,
      has_begun INTEGER NOT NULL,
      owner TEXT,
      stop_requested INTEGER NOT NULL,
      created_at REAL NOT NULL,
      started_at REAL,
      finished_at REAL
    ) STRICT`,
    "CREATE INDEX jobchain_chains_owner ON jobchain_chains (owner)",
    "CREATE INDEX jobchain_chains_state ON jobchain_chains (state)",
    `CREATE TABLE jobchain_jobs (
      chain INTEGER NOT NULL,
      job INTEGER NOT NULL,
      id TEXT NOT NULL,
      spec TEXT NOT NULL,
      next TEXT,
      PRIMARY KEY (chain, job)
    ) STRICT, WITHOUT ROWID`,
    `CREATE TABLE jobchain_records (
      chain INTEGER NOT NULL,
      job INTEGER NOT NULL,
      state INTEGER NOT NULL,
      latest_tries INTEGER NOT NULL,
      total_tries INTEGER NOT NULL,
      sequence_tries INTEGER NOT NULL,
      completion INTEGER NOT NULL,
      is_rewinding INTEGER NOT NULL,
      writes TEXT,
      base TEXT,
      base_after INTEGER,
      wait_until REAL,
      crashes INTEGER NOT NULL,
      PRIMARY KEY (chain, job)
    ) STRICT, WITHOUT ROWID`,
    `CREATE TABLE jobchain_job_logs (
      number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
      chain INTEGER NOT NULL,
      job_id TEXT NOT NULL,
      try INTEGER NOT NULL,
      name TEXT NOT NULL,
      type TEXT NOT NULL,
      started_at REAL NOT NULL,
      finished_at REAL NOT NULL,
      state INTEGER NOT NULL,
      exit REAL NOT NULL,
      error TEXT NOT NULL,
      stdout TEXT NOT NULL,
      stderr TEXT NOT NULL,
      UNIQUE (chain, job_id, try)
    ) STRICT`,
    `CREATE TABLE jobchain_outputs (
      chain INTEGER NOT NULL,
      job_id TEXT NOT NULL,
      try INTEGER NOT NULL,
      stream TEXT NOT NULL,
      chunk INTEGER NOT NULL,
      bytes BLOB NOT NULL,
      left_out INTEGER NOT NULL,
      PRIMARY KEY (chain, job_id, try, stream, chunk)
    ) STRICT`
  ], postgresParts),
  "0002_policies": script([
    "ALTER TABLE jobchain_records ADD COLUMN extras TEXT",
    "ALTER TABLE jobchain_chains ADD COLUMN elapsed REAL NOT NULL DEFAULT 0"
  ]),
  "0003_signals": script([
    `CREATE TABLE jobchain_signals (
      number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
      chain INTEGER NOT NULL,
      id TEXT NOT NULL,
      name TEXT NOT NULL,
      data TEXT,
      is_kept INTEGER NOT NULL,
      UNIQUE (chain, id)
    ) STRICT`,
    "CREATE INDEX jobchain_signals_sent ON jobchain_signals (chain) WHERE is_kept = 0"
  ]),
  "0004_outbox": script([
    `CREATE TABLE jobchain_deliveries (
      chain INTEGER NOT NULL PRIMARY KEY,
      courier TEXT NOT NULL
    ) STRICT`,
    `CREATE TABLE jobchain_outbox (
      number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
      chain INTEGER NOT NULL,
      kind TEXT NOT NULL,
      job_id TEXT,
      try INTEGER,
      is_refused INTEGER NOT NULL,
      reason TEXT,
      UNIQUE (chain, job_id, try)
    ) STRICT`,
    "CREATE INDEX jobchain_outbox_chain ON jobchain_outbox (chain, is_refused, number)",
    "CREATE UNIQUE INDEX jobchain_outbox_progress ON jobchain_outbox (chain) WHERE kind = 'progress'"
  ]),
  "0005_checksums": script([
    "ALTER TABLE jobchain_chains ADD COLUMN checksum INTEGER",
    // What the engine here has said last; NULL where it is not known, or an engine elsewhere runs the chain.
    "ALTER TABLE jobchain_chains ADD COLUMN complete_jobs INTEGER",
    "ALTER TABLE jobchain_jobs ADD COLUMN checksum INTEGER",
    "ALTER TABLE jobchain_records ADD COLUMN checksum INTEGER"
  ]),
  "0006_log_checksums": script([
    "ALTER TABLE jobchain_job_logs ADD COLUMN checksum INTEGER",
    // Of what the try wrote: tries are listed without reading it.
    "ALTER TABLE jobchain_job_logs ADD COLUMN output_checksum INTEGER",
    "ALTER TABLE jobchain_outputs ADD COLUMN checksum INTEGER"
  ]),
  // Of jobs that a suspended chain had, and may have again, as JSON; NULL for none.
  "0007_former_tries": script(["ALTER TABLE jobchain_chains ADD COLUMN former_tries TEXT"]),
  "0008_progress_checksums": script(["ALTER TABLE jobchain_chains ADD COLUMN progress_checksum INTEGER"]),
  "0009_fan_outs": script([
    // Whether jobs may join the chain while it runs: its reports say then how many it has by now.
    "ALTER TABLE jobchain_chains ADD COLUMN has_fan_outs INTEGER NOT NULL DEFAULT 0"
  ]),
  "0010_request_checksums": script(["ALTER TABLE jobchain_chains ADD COLUMN request_checksum INTEGER"]),
  // How many jobs the chain has, as an engine elsewhere that runs it says; NULL where none does, or it has not said so.
  "0011_reported_jobs": script(["ALTER TABLE jobchain_chains ADD COLUMN reported_jobs INTEGER"])
}

/** The version of the tables that this program knows. */
export const known = Object.keys(migrations).length

/** Brings the database up to date. */
export const run = runTo(known)
