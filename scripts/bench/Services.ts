/**
 * The services that jobchain runs a workload with.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as References from "effect/References"
import { ChainRepo } from "../../src/engine/ChainRepo.ts"
import { JobFactory } from "../../src/engine/JobFactory.ts"
import { JobOutput } from "../../src/engine/JobOutput.ts"
import * as JobType from "../../src/engine/JobType.ts"
import { Reports } from "../../src/engine/Reports.ts"
import { RequestManager } from "../../src/engine/RequestManager.ts"
import { TraverserFactory } from "../../src/engine/TraverserFactory.ts"
import type * as Store from "../../src/storage/Store.ts"
import type { GraphWorkload, Work } from "./GraphWorkload.ts"

export interface Options {
  /** Whether the Request Manager hears of every job, as it does unless told otherwise. */
  readonly reports?: boolean
}

/** The layer of all that a workload needs, with everything in memory. */
export const layer = (workload: GraphWorkload, { reports = true }: Options = {}) =>
  TraverserFactory.layer.pipe(
    Layer.provide([
      ChainRepo.layerMemory,
      JobFactory.layer(jobTypes(workload)),
      JobOutput.layerMemory,
      reports ? Reports.layerRequestManager : Reports.layerNone
    ]),
    Layer.provideMerge(RequestManager.layerMemory),
    Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "Warn"))
  )

/** The layer of all that a workload needs, with everything in a store, which keeps the reports. */
export const stored = <E>(workload: GraphWorkload, store: Layer.Layer<Store.Services, E>) =>
  TraverserFactory.layer.pipe(
    Layer.provideMerge([store, JobFactory.layer(jobTypes(workload)), Reports.layerNone]),
    Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "Warn"))
  )

const jobTypes = ({ failures }: GraphWorkload) => [
  jobTypeOf.nothing,
  jobTypeOf.wait,
  jobTypeOf.setData,
  JobType.make("failFirst", {
    run: (_, context) => context.try > failures ? Effect.void : Effect.fail("not yet")
  })
]

const jobTypeOf = {
  nothing: JobType.make("nothing", { run: () => Effect.void }),
  wait: JobType.make("wait", { run: () => Effect.sleep(1) }),
  setData: JobType.make("setData", { run: (_, context) => context.setData({ [context.jobId]: context.try }) })
} satisfies Record<Work, JobType.JobType>
