/**
 * Stores in whichever database a path or a URL leads to.
 */
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { ReportDelivery } from "../../src/engine/ReportDelivery.ts"
import * as NodeSqlite from "../../src/storage/NodeSqlite.ts"
import { Outbox } from "../../src/storage/Outbox.ts"
import * as Store from "../../src/storage/Store.ts"

export const layer = (
  database: string,
  options: Partial<Store.SqliteOptions>,
  delivery?: ReportDelivery["Service"]
): Layer.Layer<Store.Inner, Store.OpenError | Store.DriverNotInstalled> => {
  const outbox = delivery === undefined
    ? Outbox.layerNone
    : Layer.provide(Outbox.layer, Layer.succeed(ReportDelivery, delivery))
  return isServer(database)
    ? Store.layerPostgresWithInner<never>({ url: Redacted.make(database), ...options }, outbox)
    : Store.layerSqliteWithInner<never>({ filename: database, ...options }, outbox)
}

/** Runs an effect on a client of a database, without a store. */
export const execute = <A, E>(database: string, effect: Effect.Effect<A, E, SqlClient.SqlClient>): Effect.Effect<A> =>
  Effect.orDie(Effect.provide(
    effect,
    isServer(database) ? PgClient.layer({ url: Redacted.make(database) }) : NodeSqlite.layer({ filename: database })
  ))

/** Runs statements as they are. */
export const statements = (texts: ReadonlyArray<string>) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) => Effect.forEach(texts, (text) => sql.unsafe(text), { discard: true })
  )

const isServer = (database: string): boolean => database.startsWith("postgres:")
