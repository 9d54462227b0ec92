/**
 * One open database, as `SqlClient` wants its connections.
 *
 * Every statement runs to its end in one go and blocks the thread meanwhile; only streams stay open, and a lock that another
 * connection holds is waited for in `LockWait`. Who may use the connection, and when, is decided in `NodeSqlite`.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { SafeIntegers } from "effect/sql/SqlClient"
import type { Connection, Row } from "effect/sql/SqlConnection"
import { SqlError, UnknownError } from "effect/sql/SqlError"
import * as Stream from "effect/Stream"
import type { DatabaseSync } from "node:sqlite"
import * as LockWait from "./LockWait.ts"
import * as Rows from "./Rows.ts"
import * as SqliteError from "./SqliteError.ts"
import { prepare, type StatementCache } from "./StatementCache.ts"

type TransformRows = (<A extends object>(rows: ReadonlyArray<A>) => ReadonlyArray<A>) | undefined

export interface ConnectionOptions extends LockWait.LockWaitOptions {
  readonly database: DatabaseSync
  readonly statements: StatementCache
}

export class SqliteConnection implements Connection {
  private readonly options: ConnectionOptions
  /** Why no further statement is taken: it would be committed at once, or in the transaction of somebody else. */
  private refusal: SqlError | undefined

  constructor(options: ConnectionOptions) {
    this.options = options
  }

  get database(): DatabaseSync {
    return this.options.database
  }

  /** Returns the connection for one holder, who waits for locks with `restore`. */
  lease(restore: LockWait.LockWaitOptions["restore"]): SqliteConnection {
    return new SqliteConnection({ ...this.options, restore })
  }

  /** Takes no further statement from the holder, or from a fiber that has outlived its transaction. */
  end(): void {
    this.refusal ??= refusalOf("the transaction of this statement is over", undefined)
  }

  /** Answers whether a transaction is open; none is in a closed database. */
  get isTransaction(): boolean {
    return this.database.isOpen && this.database.isTransaction
  }

  /** Rolls back what the last holder has left open. */
  get reset(): Effect.Effect<void, SqlError> {
    return Effect.suspend(() =>
      this.isTransaction ? this.attempt("rollback", () => this.database.exec("ROLLBACK")) : Effect.void
    )
  }

  execute(sql: string, params: ReadonlyArray<unknown>, transformRows: TransformRows) {
    return this.attempt("execute", (bigInts) => {
      const rows = Rows.rows(this.options.statements.get(sql).statement, params, bigInts)
      return transformRows === undefined ? rows : transformRows(rows)
    })
  }

  executeRaw(sql: string, params: ReadonlyArray<unknown>) {
    return this.attempt("executeRaw", (bigInts) => Rows.raw(this.options.statements.get(sql), params, bigInts))
  }

  executeValues(sql: string, params: ReadonlyArray<unknown>) {
    return this.attempt(
      "executeValues",
      (bigInts) => Rows.values(this.options.statements.get(sql).statement, params, bigInts)
    )
  }

  executeUnprepared(sql: string, params: ReadonlyArray<unknown>, transformRows: TransformRows) {
    return this.attempt("executeUnprepared", (bigInts) => {
      const rows = Rows.rows(prepare(this.database, sql).statement, params, bigInts)
      return transformRows === undefined ? rows : transformRows(rows)
    })
  }

  executeValuesUnprepared(sql: string, params: ReadonlyArray<unknown>) {
    return this.attempt(
      "executeValuesUnprepared",
      (bigInts) => Rows.values(prepare(this.database, sql).statement, params, bigInts)
    )
  }

  executeStream(
    sql: string,
    params: ReadonlyArray<unknown>,
    transformRows: TransformRows
  ): Stream.Stream<Row, SqlError> {
    const open = Effect.sync(() => new Rows.Cursor(() => prepare(this.database, sql).statement, params))
    const pull = (cursor: Rows.Cursor) =>
      Effect.flatMap(this.attempt("executeStream", (bigInts) => cursor.next(bigInts)), (found) => {
        const [first, ...more] = transformRows === undefined ? found : transformRows(found)
        return first === undefined ? Cause.done() : Effect.succeed([first, ...more] as const)
      })
    return Effect.acquireRelease(open, (cursor) => Effect.sync(() => cursor.close())).pipe(
      Effect.map((cursor) => Stream.fromPull(Effect.succeed(pull(cursor)))),
      Stream.unwrap
    )
  }

  /**
   * Gives the database itself to `body`, which is over when it returns. What it throws on its own is a defect; a lock is not
   * waited for, as `body` cannot be run twice.
   */
  use<A>(body: (database: DatabaseSync) => A): Effect.Effect<A, SqlError> {
    return this.once("use", () => body(this.database), SqliteError.isFromSqlite)
  }

  /** Runs what may be run again, so that a lock can be waited for. */
  private attempt<A>(operation: string, run: (bigInts: boolean) => A): Effect.Effect<A, SqlError> {
    const once = this.once(operation, run, () => true)
    return Effect.catch(once, (error) => {
      if (!SqliteError.isLocked(error)) return Effect.fail(error)
      // One that waits to begin may be interrupted if its caller may be; one that waits to commit may not.
      const { limitMillis, restore } = this.options
      return LockWait.tryAgain(once, error, { limitMillis, restore: this.isTransaction ? (pause) => pause : restore })
    })
  }

  private once<A>(
    operation: string,
    run: (bigInts: boolean) => A,
    isFailure: (thrown: unknown) => boolean
  ): Effect.Effect<A, SqlError> {
    return Effect.withFiber((fiber) => {
      if (this.refusal !== undefined) return Effect.fail(this.refusal)
      const wasTransaction = this.isTransaction
      try {
        return Effect.succeed(run(fiber.getRef(SafeIntegers)))
      } catch (thrown) {
        if (!isFailure(thrown)) return Effect.die(thrown)
        const { isOpen } = this.database
        const error = SqliteError.fromThrown(thrown, operation, isOpen ? undefined : "the database is closed")
        // So does SQLite itself when the disk is full, for one.
        if (wasTransaction && !this.isTransaction) this.refusal = rolledBackBy(error)
        return Effect.fail(error)
      }
    })
  }
}

const rolledBackBy = ({ reason }: SqlError): SqlError =>
  refusalOf(`SQLite has rolled the transaction back: ${reason.message}`, reason.cause)

const refusalOf = (message: string, cause: unknown): SqlError =>
  new SqlError({ reason: new UnknownError({ cause, operation: "transaction", message }) })
