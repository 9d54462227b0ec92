/**
 * How the store reads and writes its tables: plain code that runs many statements in one go, in turns.
 *
 * A transaction that the database cannot take now (the disk is full, another process holds its lock) waits until it can;
 * one that it never can, because the file is damaged or read-only, is a defect that says so. All of that happens on the real
 * clock, whatever clock the caller's chain runs on.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { SqlError } from "effect/sql/SqlError"
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite"
import * as NodeSqlite from "./NodeSqlite.ts"

/** The database could not be read or written, and waiting would not help. */
export class StorageFailed extends Schema.TaggedError<StorageFailed>()("StorageFailed", {
  reason: Schema.String,
  cause: Schema.Defect()
}) {
  override get message(): string {
    return `The store failed: ${this.reason}`
  }
}

/** Statements by their text, which is prepared once. */
export class Sql {
  private readonly database: DatabaseSync
  private readonly statements = new Map<string, StatementSync>()

  constructor(database: DatabaseSync) {
    this.database = database
  }

  /** Runs a statement and returns how many rows it has changed. */
  run(text: string, ...params: ReadonlyArray<SQLInputValue>): number {
    return Number(this.statement(text).run(...params).changes)
  }

  /** Runs an insert and returns the new row's number. */
  insert(text: string, ...params: ReadonlyArray<SQLInputValue>): number {
    return Number(this.statement(text).run(...params).lastInsertRowid)
  }

  get<Row>(text: string, ...params: ReadonlyArray<SQLInputValue>): Row | undefined {
    return this.statement(text).get(...params) as Row | undefined
  }

  all<Row>(text: string, ...params: ReadonlyArray<SQLInputValue>): ReadonlyArray<Row> {
    return this.statement(text).all(...params) as ReadonlyArray<unknown> as ReadonlyArray<Row>
  }

  /**
   * Runs `body` in a transaction, and rolls back what it has done if it throws.
   *
   * In plain code, because there is one for each checkpoint: through the client it would cost twice as much.
   */
  transaction<A>(begin: "BEGIN" | "BEGIN IMMEDIATE", body: (sql: Sql) => A): A {
    if (this.database.isTransaction) return body(this)
    this.run(begin)
    try {
      const result = body(this)
      this.run("COMMIT")
      return result
    } catch (error) {
      // SQLite may have done so itself.
      if (this.database.isTransaction) this.run("ROLLBACK")
      throw error
    }
  }

  private statement(text: string): StatementSync {
    let statement = this.statements.get(text)
    // All texts are ours, and few: the source is the bound.
    if (statement === undefined) this.statements.set(text, statement = this.database.prepare(text))
    return statement
  }
}

export class Tables extends Context.Service<Tables, {
  /** Runs `body` in a transaction. It may be run again, and so must change nothing else. */
  readonly write: <A>(body: (sql: Sql) => A) => Effect.Effect<A>
  /** Runs `body`, which only reads, and sees all of it at one moment. */
  readonly read: <A>(body: (sql: Sql) => A) => Effect.Effect<A>
}>()("jobchain/storage/Tables") {
  static readonly layer: Layer.Layer<Tables, never, NodeSqlite.Database> = Layer.effect(
    Tables,
    Effect.map(Effect.service(NodeSqlite.Database), (database) => {
      const sql = new Sql(database.unsafe)
      return {
        // Takes the lock for writing at once: a transaction that has read before cannot always wait for it.
        write: (body) => onLiveClock(untilDone(database.use(() => sql.transaction("BEGIN IMMEDIATE", body)), 0)),
        read: (body) => onLiveClock(untilDone(database.use(() => sql.transaction("BEGIN", body)), 0))
      }
    })
  )
}

/** The clock of leases and waits for the disk: that of the machine, also where a test has put another one in its place. */
export const liveClock: Clock.Clock = Clock.Clock.defaultValue()

/** Runs an effect on the real clock. */
export const onLiveClock = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.provideService(effect, Clock.Clock, liveClock)

/** Tries again what may succeed later, after waits that double. */
const untilDone = <A>(attempt: Effect.Effect<A, SqlError>, failures: number): Effect.Effect<A> =>
  Effect.catch(attempt, (error) => {
    const name = NodeSqlite.resultCode(error)?.name ?? ""
    const wait = waits[name]
    const reason = `${error.reason.message}${name === "" ? "" : ` (${name})`}`
    if (wait === undefined || failures >= wait.triesMax) return Effect.die(new StorageFailed({ reason, cause: error }))
    const millis = Math.min(wait.firstMillis * 2 ** failures, wait.millisMax)
    const said = millis < saidFromMillis
      ? Effect.void
      : Effect.logWarning(`The store cannot be used now, next attempt in ${millis} ms: ${reason}`)
    return Effect.andThen(Effect.andThen(said, Effect.sleep(millis)), untilDone(attempt, failures + 1))
  })

interface Wait {
  readonly firstMillis: number
  readonly millisMax: number
  readonly triesMax: number
}

/** A wait that is shorter is nothing to speak of. */
const saidFromMillis = 100

const forSpace: Wait = { firstMillis: 100, millisMax: 30_000, triesMax: Number.POSITIVE_INFINITY }
// Others hold it for milliseconds.
const forLock: Wait = { firstMillis: 1, millisMax: 2000, triesMax: Number.POSITIVE_INFINITY }
// May be over soon, and is not waited for as long as it takes.
const forHardware: Wait = { ...forSpace, triesMax: 8 }

const waits: Readonly<Record<string, Wait>> = {
  SQLITE_FULL: forSpace,
  SQLITE_BUSY: forLock,
  SQLITE_LOCKED: forLock,
  SQLITE_IOERR: forHardware,
  SQLITE_NOMEM: forHardware
}
