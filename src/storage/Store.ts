/**
 * The whole store in one layer: chains, requests and what jobs write, in one SQLite database.
 *
 * ```
 *   ChainStore  ChainRepo  RequestManager  JobOutput
 *        └────────┴─────┬───────┴─────────────┘
 *             Writer · Ownership · Tables
 *                       │
 *                  NodeSqlite
 * ```
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { MigrationError } from "effect/sql/Migrator"
import type { SqlError } from "effect/sql/SqlError"
import { ChainRepo } from "../engine/ChainRepo.ts"
import { JobOutput } from "../engine/JobOutput.ts"
import { RequestManager } from "../engine/RequestManager.ts"
import { ChainStore, collectGarbage } from "./ChainStore.ts"
import * as Migrations from "./Migrations.ts"
import * as NodeSqlite from "./NodeSqlite.ts"
import { Ownership } from "./Ownership.ts"
import * as SqlChainRepo from "./SqlChainRepo.ts"
import * as SqliteTables from "./SqliteTables.ts"
import * as SqlJobOutput from "./SqlJobOutput.ts"
import * as SqlRequestManager from "./SqlRequestManager.ts"
import { Tables } from "./Tables.ts"
import { Writer } from "./Writer.ts"

export interface Options
  extends Pick<NodeSqlite.Options, "filename" | "synchronous" | "busyTimeout">, SqlRequestManager.Options
{
  /** How long this process may give no sign of life before others take its chains over; 10 seconds unless given. */
  readonly lease?: Duration.Input
  /** How many bytes of output to keep of a job, over all its tries; 16 MiB unless given. */
  readonly outputBytesMax?: number
}

/** What the store is for those who use it. */
export type Services = ChainStore | ChainRepo | RequestManager | JobOutput

/** Why a store cannot be opened. */
export type OpenError = Migrations.NewerDatabase | MigrationError | SqlError

/**
 * The store in a SQLite database, which is made, and brought up to date, as needed.
 *
 * **Details**
 *
 * Several processes may have the same database open. `ChainRepo` keeps the reports: give the engine `Reports.layerNone`.
 */
export const layerSqlite = (options: Options): Layer.Layer<Services, OpenError> =>
  Layer.effectContext(
    Effect.map(Layer.build(layerWithInner(options)), Context.pick(ChainStore, ChainRepo, RequestManager, JobOutput))
  )

/** The store, and the parts it is made of. */
export const layerWithInner = (
  options: Options
): Layer.Layer<Services | Tables | Ownership | Writer | NodeSqlite.Database, OpenError> => {
  const migrated = Layer.effectDiscard(Migrations.run)
  const database = NodeSqlite.layer(options)
  const tables = SqliteTables.layer.pipe(Layer.provideMerge(Layer.provideMerge(migrated, database)))
  const ownership = Ownership.layerWith(Duration.fromInputUnsafe(options.lease ?? "10 seconds"))
  const writer = Layer.provideMerge(Writer.layer, Layer.provideMerge(ownership, tables))
  const services = Layer.mergeAll(
    ChainStore.layer,
    SqlChainRepo.layer,
    SqlJobOutput.layerWith({ bytesMax: options.outputBytesMax ?? outputBytesMax }),
    SqlRequestManager.layerWith(options),
    Layer.effectDiscard(clearAway)
  )
  return Layer.provideMerge(services, writer)
}

const outputBytesMax = 16 * 1024 * 1024

/** What dead processes have left half-written. */
const clearAway = Effect.gen(function*() {
  yield* collectGarbage(yield* Tables, yield* Ownership)
})
