/**
 * The store's tables in PostgreSQL: scripts run on a few sessions, and those that must not wait on one of their own.
 *
 * @since 0.1.0
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import type * as PgConnection from "@effect/sql-pg/PgConnection"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Pool from "effect/Pool"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { MigrationError } from "effect/sql/Migrator"
import type { SqlError } from "effect/sql/SqlError"
import * as Migrations from "../Migrations.ts"
import { onLiveClock, untilDone } from "../Patience.ts"
import type { ReadRows, WriteRows } from "../Sql.ts"
import { Tables, type Transactions } from "../Tables.ts"
import { failureOf, openError } from "./Failures.ts"
import { Session } from "./Session.ts"
import * as Transaction from "./Transaction.ts"
import * as Values from "./Values.ts"

/** Brings the database up to date, and opens it. */
export const layer = (
  url: Redacted.Redacted
): Layer.Layer<Tables, Migrations.NewerDatabase | MigrationError | SqlError> =>
  Layer.effect(Tables, onLiveClock(make(url)))

const make = Effect.fnUntraced(function*(url: Redacted.Redacted) {
  yield* Effect.scoped(Effect.gen(function*() {
    const client = yield* Layer.build(PgClient.layer({ url, applicationName, maxConnections: 1 }))
    const connected = Effect.scoped(Context.get(client, PgClient.PgClient).reserve)
    yield* Effect.mapError(connected, (error) => openError(Redacted.value(url), error))
    yield* Effect.provideContext(Migrations.run, client)
    yield* Context.get(client, PgClient.PgClient).unsafe(forgetSessions)
  }))
  const config: PgConnection.Config = {
    url,
    applicationName,
    keepAlive: "30 seconds",
    // Several statements are on their way at once, all of one transaction.
    multiplex: true,
    types: Values.types(),
    maxMessageSize: messageBytesMax,
    // A session whose other end has vanished in the middle of a transaction keeps its locks no longer.
    startupParameters: { idle_in_transaction_session_timeout: "60000" }
  }
  const onOneOfMany = yield* overSessions(config, sessionsMax)
  return {
    ...transactionsOf(onOneOfMany),
    writeGuarded: (guard: ReadRows, writes: ReadonlyArray<WriteRows>) =>
      onOneOfMany((session) => Transaction.writeGuarded(session, guard, writes)),
    urgent: transactionsOf(yield* overSessions(config, 1))
  }
})

const applicationName = "jobchain"

/** Those of processes that were killed leave their row; none needs it for so long. */
const forgetSessions = "DELETE FROM jobchain_commits WHERE at < jobchain_now() - 24 * 60 * 60 * 1000"

/** Of one row, that is: of a job's data, for one. */
const messageBytesMax = 1024 * 1024 * 1024

/** The writer has one; the others are for chains that are taken in, claimed or looked at meanwhile. */
const sessionsMax = 4

/** Runs a transaction on a session that has none. */
type OnSession = <A>(transaction: (session: Session) => Effect.Effect<A, SqlError>) => Effect.Effect<A>

const overSessions = Effect.fnUntraced(function*(
  config: PgConnection.Config,
  max: number
): Effect.fn.Return<OnSession, never, Scope.Scope> {
  const sessions = yield* Pool.makeWithTTL({ acquire: Session.make(config), min: 1, max, timeToLive: "1 minute" })
  return (transaction) => untilDone(Effect.scoped(Effect.flatMap(Pool.get(sessions), transaction)), failureOf)
})

const transactionsOf = (onSession: OnSession): Transactions => ({
  write: (script) => onSession((session) => Transaction.write(session, script)),
  read: (script) => onSession((session) => Transaction.read(session, script))
})
