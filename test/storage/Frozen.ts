/**
 * A process that runs a chain in the store named by its first argument: `a` ends at once, `b` when it is told so, and then the
 * process says how its run ended.
 */
import { Cause, Effect, Exit, Layer } from "effect"
import { once } from "node:events"
import { JobFactory } from "../../src/engine/JobFactory.ts"
import * as JobType from "../../src/engine/JobType.ts"
import { Reports } from "../../src/engine/Reports.ts"
import { TraverserFactory } from "../../src/engine/TraverserFactory.ts"
import { chainOf } from "../../src/testing/index.ts"
import * as AnyStore from "./AnyStore.ts"

const say = (line: string) => Effect.sync(() => process.stdout.write(`${line}\n`))

const job = JobType.make("noop", {
  run: (_, { jobId }) =>
    Effect.andThen(
      say(`${jobId} runs`),
      jobId === "b" ? Effect.promise(() => once(process.stdin, "data")) : Effect.void
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
    const traverser = yield* factory.make({ ...chainOf("a -> b\nb -> c"), requestId: "frozen" })
    const exit = yield* Effect.exit(traverser.run)
    yield* say(`ended: ${Exit.isSuccess(exit) ? exit.value.state : String(Cause.squash(exit.cause))}`)
  }),
  layer
))
process.exit()
