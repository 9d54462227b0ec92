/**
 * The whole store in one layer: chains, requests and what jobs write, in one database.
 *
 * ```
 *   ChainStore  ChainRepo  RequestManager  JobOutput
 *        └────────┴─────┬───────┴─────────────┘
 *          Writer · Outbox · Ownership
 *                       │
 *                    Tables
 *              ┌────────┴────────┐
 *        SqliteTables      PostgresTables
 *              │                 │
 *          NodeSqlite     @effect/sql-pg
 * ```
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { MigrationError } from "effect/sql/Migrator"
import type { SqlError } from "effect/sql/SqlError"
import { ChainRepo } from "../engine/ChainRepo.ts"
import { JobOutput } from "../engine/JobOutput.ts"
import type { ReportDelivery } from "../engine/ReportDelivery.ts"
import { RequestManager } from "../engine/RequestManager.ts"
import { ChainStore } from "./ChainStore.ts"
import * as Collection from "./Collection.ts"
import * as Migrations from "./Migrations.ts"
import * as NodeSqlite from "./NodeSqlite.ts"
import { Outbox } from "./Outbox.ts"
import { Ownership } from "./Ownership.ts"
import * as SqlChainRepo from "./SqlChainRepo.ts"
import * as SqliteTables from "./SqliteTables.ts"
import * as SqlJobOutput from "./SqlJobOutput.ts"
import * as SqlRequestManager from "./SqlRequestManager.ts"
import { Tables } from "./Tables.ts"
import { Writer } from "./Writer.ts"

export interface Options extends SqlRequestManager.Options {
  /** How long this process may give no sign of life before others take its chains over; 10 seconds unless given. */
  readonly lease?: Duration.Input
  /** How many bytes of output to keep of a job, over all its tries; 16 MiB unless given. */
  readonly outputBytesMax?: number
}

export interface SqliteOptions extends Options, Pick<NodeSqlite.Options, "filename" | "synchronous" | "busyTimeout"> {}

export interface PostgresOptions extends Options {
  /** `postgres://user:password@host:port/database`, with the settings of libpq behind it, such as `?sslmode=require`. */
  readonly url: Redacted.Redacted
}

/** What the store is for those who use it. */
export type Services = ChainStore | ChainRepo | RequestManager | JobOutput

/** Why a store cannot be opened. */
export type OpenError = Migrations.NewerDatabase | MigrationError | SqlError

/** The package that the store needs for PostgreSQL is not installed. */
export class DriverNotInstalled extends Schema.TaggedError<DriverNotInstalled>()("DriverNotInstalled", {
  name: Schema.String
}) {
  override get message(): string {
    return `A store in PostgreSQL needs the package ${this.name}: install it`
  }
}

/**
 * The store in a SQLite database, which is made, and brought up to date, as needed.
 *
 * **Details**
 *
 * Several processes may have the same database open. `ChainRepo` keeps the reports: give the engine `Reports.layerNone`.
 */
export const layerSqlite = (options: SqliteOptions): Layer.Layer<Services, OpenError> =>
  withoutInner(layerSqliteWithInner(options))

/**
 * The same, with an outbox: what becomes of the chains that this process takes in is also told to a remote Request Manager, in
 * order, and for as long as it takes.
 */
export const layerSqliteWithOutbox = (options: SqliteOptions): Layer.Layer<Services, OpenError, ReportDelivery> =>
  withoutInner(layerSqliteWithInner(options, Outbox.layer))

/** The same in a PostgreSQL database, which is there already. */
export const layerPostgres = (options: PostgresOptions): Layer.Layer<Services, OpenError | DriverNotInstalled> =>
  withoutInner(layerPostgresWithInner(options))

/** The store in PostgreSQL, with an outbox as of `layerSqliteWithOutbox`. */
export const layerPostgresWithOutbox = (
  options: PostgresOptions
): Layer.Layer<Services, OpenError | DriverNotInstalled, ReportDelivery> =>
  withoutInner(layerPostgresWithInner(options, Outbox.layer))

/** The services, and the parts they are made of. */
export type Inner = Services | Tables | Ownership | Writer

/** The store in SQLite, and its parts. */
export const layerSqliteWithInner = <R = never>(
  options: SqliteOptions,
  outbox: OutboxLayer<R> = Outbox.layerNone
): Layer.Layer<Inner | NodeSqlite.Database, OpenError, R> => {
  const database = Layer.provideMerge(Layer.effectDiscard(Migrations.run), NodeSqlite.layer(options))
  return layerOnTables(options, Layer.provideMerge(SqliteTables.layer, database), outbox)
}

/** The store in PostgreSQL, and its parts. */
export const layerPostgresWithInner = <R = never>(
  options: PostgresOptions,
  outbox: OutboxLayer<R> = Outbox.layerNone
): Layer.Layer<Inner, OpenError | DriverNotInstalled, R> =>
  layerOnTables(options, Layer.unwrap(Effect.map(postgresTables, ({ layer }) => layer(options.url))), outbox)

/** The store, and its parts, on tables that are there already. */
export const layerOnTables = <A, E, R>(
  options: Options,
  tables: Layer.Layer<A | Tables, E>,
  outbox: OutboxLayer<R>
): Layer.Layer<A | Inner, E, R> => {
  const ownership = Ownership.layerWith(Duration.fromInputUnsafe(options.lease ?? "10 seconds"))
  const owned = Layer.provideMerge(ownership, tables)
  const writer = Layer.provideMerge(Layer.merge(Writer.layer, outbox), owned)
  const services = Layer.mergeAll(
    ChainStore.layer,
    SqlChainRepo.layer,
    SqlJobOutput.layerWith({ bytesMax: options.outputBytesMax ?? outputBytesMax }),
    SqlRequestManager.layerWith(options),
    Layer.effectDiscard(clearAway)
  )
  return Layer.provideMerge(services, writer)
}

/** An outbox that needs `R` to deliver. */
type OutboxLayer<R> = Layer.Layer<Outbox, never, Tables | Ownership | R>

/** Loaded only when it is needed: the driver may not be installed. */
const postgresTables = Effect.promise(() => import("./postgres/PostgresTables.ts")).pipe(
  Effect.catchDefect((error) =>
    isMissing(error, driver) ? Effect.fail(new DriverNotInstalled({ name: driver })) : Effect.die(error)
  )
)

const driver = "@effect/sql-pg"

const isMissing = (error: unknown, name: string): boolean =>
  error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND" && error.message.includes(name)

const withoutInner = <E, R>(layer: Layer.Layer<Services, E, R>): Layer.Layer<Services, E, R> =>
  Layer.effectContext(
    Effect.map(Layer.build(layer), Context.pick(ChainStore, ChainRepo, RequestManager, JobOutput))
  )

const outputBytesMax = 16 * 1024 * 1024

/** What dead processes have left half-written. */
const clearAway = Effect.gen(function*() {
  yield* Collection.collectGarbage(yield* Tables, yield* Ownership)
})
