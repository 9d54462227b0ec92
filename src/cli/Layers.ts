/**
 * Which layers stand behind the commands: the only place where they are chosen.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { ChainRepo } from "../engine/ChainRepo.ts"
import { JobFactory } from "../engine/JobFactory.ts"
import { JobOutput } from "../engine/JobOutput.ts"
import { Reports } from "../engine/Reports.ts"
import { RequestManager } from "../engine/RequestManager.ts"
import * as TraverserConfig from "../engine/TraverserConfig.ts"
import { TraverserFactory } from "../engine/TraverserFactory.ts"
import { builtIn } from "../jobs/BuiltIn.ts"
import type { DriverNotInstalled, OpenError, Services } from "../storage/Store.ts"
import type { Database } from "./StoreLocation.ts"
import * as StoreLocation from "./StoreLocation.ts"

/** The job types that chain files can use. */
export const jobTypes = Layer.provide(JobFactory.layer(builtIn), FetchHttpClient.layer)

/** The language of conditions. It is loaded only by those who run a chain, or check one that has any. */
export const conditions: Layer.Layer<never> = Layer.unwrap(
  Effect.map(Effect.promise(() => import("../conditions/CelConditions.ts")), ({ layer }) => layer)
)

/** Everything a chain needs to run, in memory. The Request Manager keeps the job logs. */
export const chains = (settings: Partial<TraverserConfig.Settings>) =>
  TraverserFactory.layer.pipe(
    Layer.provide([ChainRepo.layerMemory, JobOutput.layerMemory, jobTypes, conditions, Reports.layerRequestManager]),
    Layer.provideMerge(RequestManager.layerMemory),
    Layer.provideMerge(TraverserConfig.layer(settings))
  )

/** Everything a chain needs to run, in a store, which keeps what there is to report. */
export const storedChains = (settings: Partial<TraverserConfig.Settings>) =>
  TraverserFactory.layer.pipe(
    Layer.provide([jobTypes, conditions, Reports.layerNone]),
    Layer.provideMerge(TraverserConfig.layer(settings))
  )

/** A database. It is loaded only by those who open one. */
export const store = (database: Database): Layer.Layer<Services, OpenError | DriverNotInstalled> =>
  Layer.unwrap(
    Effect.map(Effect.promise(() => import("../storage/Store.ts")), ({ layerPostgres, layerSqlite }) =>
      StoreLocation.isServer(database)
        ? layerPostgres({ url: Redacted.make(database.location) })
        : layerSqlite({ filename: database.location }))
  )
