/**
 * A process that runs a chain in the store named by its first argument until it is killed: `a` ends, `b` never does.
 */
import { Effect, Layer } from "effect"
import { JobFactory } from "../../src/engine/JobFactory.ts"
import * as JobType from "../../src/engine/JobType.ts"
import { Reports } from "../../src/engine/Reports.ts"
import { TraverserFactory } from "../../src/engine/TraverserFactory.ts"
import { chainOf } from "../../src/testing/index.ts"
import * as AnyStore from "./AnyStore.ts"

const job = JobType.make("noop", {
  run: (_, { jobId }) =>
    Effect.andThen(
      Effect.sync(() => process.stdout.write(`${jobId}\n`)),
      jobId === "b" ? Effect.never : Effect.void
    )
})
const layer = TraverserFactory.layer.pipe(Layer.provide([
  AnyStore.layer(process.argv[2] ?? "", { lease: "1 hour" }),
  JobFactory.layer([job]),
  Reports.layerNone
]))

await Effect.runPromise(Effect.provide(
  Effect.gen(function*() {
    const factory = yield* TraverserFactory
    const traverser = yield* factory.make({ ...chainOf("a -> b\nb -> c"), requestId: "killed" })
    return yield* traverser.run
  }),
  layer
))
