/**
 * Stores in whichever database a path or a URL leads to.
 */
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { ReportDelivery } from "../../src/engine/ReportDelivery.ts"
import * as Migrations from "../../src/storage/Migrations.ts"
import * as NodeSqlite from "../../src/storage/NodeSqlite.ts"
import { Outbox } from "../../src/storage/Outbox.ts"
import * as PostgresTables from "../../src/storage/postgres/PostgresTables.ts"
import type * as Sql from "../../src/storage/Sql.ts"
import * as SqliteTables from "../../src/storage/SqliteTables.ts"
import * as Store from "../../src/storage/Store.ts"
import { Tables, type Transactions } from "../../src/storage/Tables.ts"
import type { Rig } from "../../src/testing/Rig.ts"

/** Opens a store, with an outbox where it is given who delivers. */
export const layer = (
  database: string,
  options: Partial<Store.SqliteOptions>,
  delivery?: ReportDelivery["Service"]
): Layer.Layer<Store.Inner, Store.OpenError | Store.DriverNotInstalled> =>
  isServer(database)
    ? Store.layerPostgresWithInner<never>({ url: Redacted.make(database), ...options }, outboxOf(delivery))
    : Store.layerSqliteWithInner<never>({ filename: database, ...options }, outboxOf(delivery))

/** Opens a store over connections that are there. */
export const layerOn = (
  tables: Tables["Service"],
  options: Partial<Store.SqliteOptions>,
  delivery?: ReportDelivery["Service"]
): Layer.Layer<Store.Inner> =>
  Store.layerOnTables<never, never, never>(options, Layer.succeed(Tables, tables), outboxOf(delivery))

/** The same, whose transactions a rig counts: a server takes its time for them. */
export const layerCounted = (
  database: string,
  options: Partial<Store.SqliteOptions>,
  { count }: Rig,
  delivery?: ReportDelivery["Service"]
): Layer.Layer<Store.Inner, Store.OpenError> => {
  const counted = Effect.map(Tables, ({ urgent, writeGuarded, ...tables }) => ({
    ...countedBy(tables),
    writeGuarded: (guard: Sql.ReadRows, writes: ReadonlyArray<Sql.WriteRows>) => count(writeGuarded(guard, writes)),
    urgent: countedBy(urgent)
  }))
  const countedBy = ({ read, write }: Transactions): Transactions => ({
    read: (script) => count(read(script)),
    write: (script, rows) => count(write(script, rows))
  })
  return Store.layerOnTables<never, Store.OpenError, never>(
    options,
    Layer.provide(Layer.effect(Tables, counted), tablesOf(database)),
    outboxOf(delivery)
  )
}

/** Brings a database up to date, and connects to it. */
export const tablesOf = (database: string): Layer.Layer<Tables, Store.OpenError> =>
  isServer(database)
    ? PostgresTables.layer(Redacted.make(database))
    : SqliteTables.layer.pipe(
      Layer.provide(Layer.provideMerge(
        Layer.effectDiscard(Migrations.run),
        NodeSqlite.layer({ filename: database, synchronous: "NORMAL" })
      ))
    )

const outboxOf = (delivery: ReportDelivery["Service"] | undefined) =>
  delivery === undefined
    ? Outbox.layerNone
    : Layer.provide(Outbox.layer, Layer.succeed(ReportDelivery, delivery))

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

export const isServer = (database: string): boolean => database.startsWith("postgres:")
