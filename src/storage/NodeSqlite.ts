/**
 * A `SqlClient` over the SQLite that is part of Node (`node:sqlite`), and a way to the database itself for hot code.
 *
 * It has one connection, and everything that uses it takes turns: a statement, a stream or a transaction begins when the one
 * before has ended. A statement blocks the thread while it runs; whatever waits, for its turn or for a lock of another
 * process, does not.
 *
 * Depends on nothing else here: it could be a package of its own.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Reactivity from "effect/reactivity/Reactivity"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import * as Statement from "effect/sql/Statement"
import type { DatabaseSync } from "node:sqlite"
import * as DatabaseFile from "./sqlite/DatabaseFile.ts"
import type { LockWaitOptions } from "./sqlite/LockWait.ts"
import { SqliteConnection } from "./sqlite/SqliteConnection.ts"
import { StatementCache } from "./sqlite/StatementCache.ts"

export { type ResultCode, resultCode } from "./sqlite/SqliteError.ts"

export interface Options {
  /**
   * The path of the database, made if it is not there, in a directory that is. A `file:` URL works, too, and `":memory:"` is a
   * database that is gone when it is closed.
   */
  readonly filename: string
  /** Refuses every write; the file has to be there. `false` unless given. */
  readonly readonly?: boolean
  /**
   * What a commit waits for. `"FULL"`, unless given: until the disk has it, so that a loss of power loses nothing.
   * `"NORMAL"`: until the operating system has it, so that a crash of the process loses nothing, but a loss of power may lose
   * the last commits. Neither breaks the database.
   */
  readonly synchronous?: "FULL" | "NORMAL"
  /**
   * How long to wait for a lock that another connection holds, before it is a `LockTimeoutError`; 5 seconds unless given. It can
   * be interrupted, and blocks nothing else.
   */
  readonly busyTimeout?: Duration.Input
  /** How many prepared statements to keep, 1 or more; 256 unless given. */
  readonly statementsMax?: number
}

/** The database itself, for code that runs many statements in one go: some ten times as fast as through the client. */
export class Database extends Context.Service<Database, {
  /**
   * Runs `body` when nobody else uses the connection; inside a transaction of the client, as part of it.
   *
   * What SQLite throws is a `SqlError`, all else a defect. A lock of another connection is not waited for, and a
   * transaction that `body` leaves open is rolled back. `body` has to be done when it returns: it cannot be async.
   */
  readonly use: <A>(body: (database: DatabaseSync) => A) => Effect.Effect<A, SqlError>
  /**
   * Runs `body` in a transaction, in a savepoint if one is open; rolls back what it has done if it throws.
   *
   * Otherwise as `use`, save that it waits for the lock before it begins.
   */
  readonly transaction: <A>(body: (database: DatabaseSync) => A) => Effect.Effect<A, SqlError>
  /** Used outside of `use`, it may be in the middle of somebody's transaction. */
  readonly unsafe: DatabaseSync
}>()("NodeSqlite/Database") {}

/**
 * The client and the database, open until the layer's scope closes; what is still in the log is then put into the file.
 *
 * Fails with a `SqlError` that names the file: where there is no directory, no database in the file, no permission, or a lock
 * for longer than `busyTimeout`.
 */
export const layer = (options: Options): Layer.Layer<SqlClient.SqlClient | Database, SqlError> =>
  Layer.effectContext(make(options)).pipe(Layer.provide(Reactivity.layer))

/** Opens the database for the scope, as `layer` does. */
export const make = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<
  Context.Context<SqlClient.SqlClient | Database>,
  SqlError,
  Scope.Scope | Reactivity.Reactivity
> {
  const connection = yield* connect(options)
  const acquirers = SqlClient.makeSqliteAcquirers<SqliteConnection>({
    connection: Effect.as(connection.reset, connection),
    semaphore: yield* Semaphore.make(1),
    isTransaction: (connection) => connection.isTransaction
  })
  const client = yield* SqlClient.make({
    ...acquirers,
    transactionAcquirer: Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(restore(acquirers.transactionAcquirer), (connection) => lease(connection, restore))
    ),
    compiler: Statement.makeCompilerSqlite(),
    driver: "node-sqlite",
    // Takes the lock for writing at once: a transaction that has read before cannot always wait for it.
    beginTransaction: options.readonly === true ? "BEGIN" : "BEGIN IMMEDIATE",
    prepareTransactionControls: true,
    releaseSavepoint: (name) => `RELEASE SAVEPOINT ${name}`,
    spanAttributes: [["db.system.name", "sqlite"], ["db.namespace", options.filename]]
  })
  const use = <A>(body: (database: DatabaseSync) => A) =>
    Effect.flatMap(Effect.serviceOption(client.transactionService), (open) => {
      if (Option.isSome(open)) return (open.value[0] as SqliteConnection).use(body)
      return acquirers.borrower(() => connection.use(body))
    })
  const transaction = <A>(body: (database: DatabaseSync) => A) => client.withTransaction(use(body))
  return Context.make(SqlClient.SqlClient, client).pipe(
    Context.add(Database, { use, transaction, unsafe: connection.database })
  )
})

/** Opens the database for the scope. */
const connect = (options: Options): Effect.Effect<SqliteConnection, SqlError, Scope.Scope> =>
  Effect.uninterruptibleMask((restore) => {
    const file = {
      filename: options.filename,
      readonly: options.readonly ?? false,
      synchronous: options.synchronous ?? "FULL",
      limitMillis: Duration.toMillis(options.busyTimeout ?? "5 seconds"),
      restore
    } as const
    const opened = Effect.acquireRelease(
      DatabaseFile.open(file),
      (database) => Effect.sync(() => DatabaseFile.close(database, file))
    )
    return Effect.map(opened, (database) => {
      const statements = new StatementCache(database, options.statementsMax ?? 256)
      return new SqliteConnection({ ...file, database, statements })
    })
  })

/** Lets the holder of the connection use it until the scope closes. */
const lease = (connection: SqliteConnection, restore: LockWaitOptions["restore"]) =>
  Effect.acquireRelease(
    Effect.sync(() => connection.lease(restore)),
    (leased) => Effect.sync(() => leased.end())
  )
