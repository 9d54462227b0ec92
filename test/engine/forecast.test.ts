/**
 * A forecast is an upper bound: of the tries of each job, and of the time.
 *
 * Random chains of nested sequences, in which half of all tries may fail, run on a virtual clock.
 */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Layer, Schema } from "effect"
import * as Forecast from "../../src/domain/Forecast.ts"
import type { JobChain } from "../../src/domain/JobChain.ts"
import { TraverserFactory } from "../../src/engine/TraverserFactory.ts"
import * as Rig from "../../src/testing/Rig.ts"
import * as RandomChain from "./RandomChain.ts"
import { World } from "./World.ts"

const Seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2_000_000_000 }))

/** Returns how long a chain runs, in milliseconds. */
const run = Effect.fnUntraced(function*(world: World, chain: JobChain) {
  const rig = yield* Rig.make
  return yield* Effect.scoped(Effect.gen(function*() {
    const context = yield* rig.provide(Layer.build(world.layer))
    const factory = yield* rig.provide(Effect.provideContext(TraverserFactory, context))
    const traverser = yield* rig.provide(factory.make(chain))
    world.traverser = traverser
    const startedAt = yield* Clock.currentTimeMillis
    const running = yield* Effect.forkChild(rig.provide(traverser.run))
    assert.isTrue(yield* rig.runUntil(() => running.pollUnsafe() !== undefined), "the chain never ended")
    return (yield* Clock.currentTimeMillis) - startedAt
  }))
})

/** The chain with what is known of its jobs: no try takes longer. */
const withTimeouts = (chain: JobChain): JobChain => ({
  ...chain,
  jobs: Object.fromEntries(Object.entries(chain.jobs ?? {}).map(([id, job]) => [id, { ...job, timeout: "30ms" }]))
})

describe("Forecast", () => {
  it.effect.prop(
    "is never exceeded, with all jobs at once or one at a time",
    { seed: Seed },
    ({ seed }) =>
      Effect.gen(function*() {
        const { jobChain, ...chain } = RandomChain.make(seed)
        const forecast = Forecast.make(withTimeouts(jobChain))
        const isOneByOne = seed % 2 === 0
        const world = new World({ jobChain, ...chain }, isOneByOne ? 1 : undefined)
        const elapsed = yield* run(world, jobChain)
        assert.isAtMost(elapsed, isOneByOne ? forecast.time.oneByOne : forecast.time.atOnce)
        for (const { id, triesMax } of forecast.jobs) {
          assert.isAtMost(world.logs.filter(({ jobId }) => jobId === id).length, triesMax, id)
        }
      }),
    { arbitrary: { runs: 300, seed: 8 } }
  )
})
