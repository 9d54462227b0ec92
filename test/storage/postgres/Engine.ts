/**
 * A process that runs chains in a store on PostgreSQL.
 */
import { Context, Effect, Layer } from "effect"
import type { JobChain } from "../../../src/domain/JobChain.ts"
import { JobFactory } from "../../../src/engine/JobFactory.ts"
import type * as JobType from "../../../src/engine/JobType.ts"
import { Reports } from "../../../src/engine/Reports.ts"
import { TraverserFactory } from "../../../src/engine/TraverserFactory.ts"
import { ChainStore } from "../../../src/storage/ChainStore.ts"
import * as AnyStore from "../AnyStore.ts"

/** Opens a store for the scope, and runs what it is given with the one type of jobs. */
export const open = Effect.fnUntraced(function*(url: string, job: JobType.JobType) {
  const layer = TraverserFactory.layer.pipe(
    Layer.provideMerge([AnyStore.layer(url, { lease: "1 hour" }), JobFactory.layer([job]), Reports.layerNone])
  )
  const context = yield* Layer.build(layer)
  const factory = Context.get(context, TraverserFactory)
  return {
    store: Context.get(context, ChainStore),
    run: (chain: JobChain) => Effect.flatMap(factory.make(chain), (traverser) => traverser.run)
  }
})
