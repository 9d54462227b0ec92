/**
 * Which layers stand behind the commands: the only place where they are chosen.
 *
 * @since 0.1.0
 */
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import { ChainRepo } from "../engine/ChainRepo.ts"
import { JobFactory } from "../engine/JobFactory.ts"
import { JobOutput } from "../engine/JobOutput.ts"
import { Reports } from "../engine/Reports.ts"
import { RequestManager } from "../engine/RequestManager.ts"
import * as TraverserConfig from "../engine/TraverserConfig.ts"
import { TraverserFactory } from "../engine/TraverserFactory.ts"
import { builtIn } from "../jobs/BuiltIn.ts"

/** The job types that chain files can use. */
export const jobTypes = Layer.provide(JobFactory.layer(builtIn), FetchHttpClient.layer)

/** Everything a chain needs to run, in memory. The Request Manager keeps the job logs. */
export const chains = (settings: Partial<TraverserConfig.Settings>) =>
  TraverserFactory.layer.pipe(
    Layer.provide([ChainRepo.layerMemory, JobOutput.layerMemory, jobTypes, Reports.layerRequestManager]),
    Layer.provideMerge(RequestManager.layerMemory),
    Layer.provideMerge(TraverserConfig.layer(settings))
  )
