/**
 * A connection to PostgreSQL that is made when it is first needed, and made anew when it was lost.
 *
 * One transaction at a time runs on it. It is numbered, and writes its number into the session's row of `jobchain_commits`: so
 * a session whose connection was lost in the middle of a commit can look whether that commit took place.
 *
 * @since 0.1.0
 */
import * as PgConnection from "@effect/sql-pg/PgConnection"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { SqlError } from "effect/sql/SqlError"
import { randomUUID } from "node:crypto"
import { untilDone } from "../Patience.ts"
import { failureOf } from "./Failures.ts"

export class Session {
  /** Names the session in `jobchain_commits`. */
  readonly id = randomUUID()
  /** How many transactions that write it has begun. */
  transactions = 0
  private readonly config: PgConnection.Config
  private open: { readonly connection: PgConnection.PgConnection; readonly scope: Scope.Closeable } | undefined

  private constructor(config: PgConnection.Config) {
    this.config = config
  }

  /** A session that is closed with the scope. */
  static make(config: PgConnection.Config): Effect.Effect<Session, never, Scope.Scope> {
    return Effect.acquireRelease(
      Effect.sync(() => new Session(config)),
      (session) => Effect.andThen(Effect.ignore(session.forget), session.disconnect)
    )
  }

  get connection(): Effect.Effect<PgConnection.PgConnection, SqlError> {
    return Effect.uninterruptibleMask((restore) =>
      Effect.gen({ self: this }, function*() {
        if (this.open !== undefined) return this.open.connection
        const scope = yield* Scope.make()
        const connection = yield* Effect.onError(
          restore(Scope.provide(PgConnection.make(this.config), scope)),
          (cause) => Scope.close(scope, Exit.failCause(cause))
        )
        this.open = { connection, scope }
        return connection
      })
    )
  }

  /** Gives the connection up, with what is under way on it. */
  get disconnect(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const { open } = this
      this.open = undefined
      return open === undefined ? Effect.void : Scope.close(open.scope, Exit.void)
    })
  }

  /** Deletes the row that nobody will ask for any more. */
  private get forget(): Effect.Effect<unknown, SqlError> {
    return Effect.suspend(() =>
      this.open === undefined
        ? Effect.void
        : this.open.connection.query("DELETE FROM jobchain_commits WHERE session = $1", [this.id])
    )
  }

  /** Answers whether a transaction whose commit nobody answered has taken place; waits until the server has ended it. */
  hasCommitted(transaction: number): Effect.Effect<boolean> {
    const look = Effect.flatMap(this.connection, (connection) =>
      // Not just a look: to write the row is to wait for whoever still writes it.
      connection.query(
        `INSERT INTO jobchain_commits (session, transaction, at) VALUES ($1, 0, jobchain_now())
         ON CONFLICT (session) DO UPDATE SET at = excluded.at RETURNING transaction`,
        [this.id]
      ))
    return Effect.map(
      untilDone(Effect.onError(look, () => this.disconnect), failureOf),
      ({ rows }) => Number(rows[0]?.["transaction"]) >= transaction
    )
  }
}
