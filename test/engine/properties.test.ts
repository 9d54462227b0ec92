/**
 * What must hold for every chain, whatever its jobs do and whenever it is stopped or suspended.
 *
 * Random chains of nested sequences run on a virtual clock; every call is watched (`World`). Each property is checked
 * plainly and with fibers that yield everywhere, which finds races that plain runs do not.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Scheduler, Schema } from "effect"
import type { SuspendedJobChain } from "../../src/domain/JobChain.ts"
import * as Validation from "../../src/domain/Validation.ts"
import type { Traverser } from "../../src/engine/Traverser.ts"
import { TraverserFactory } from "../../src/engine/TraverserFactory.ts"
import * as Rig from "../../src/testing/Rig.ts"
import * as RandomChain from "./RandomChain.ts"
import { World } from "./World.ts"

const runs = 1000
const Seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2_000_000_000 }))
/** A moment: so many moves of the clock, then so many turns of the scheduler. */
const Moment = Schema.Struct({
  moves: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 12 })),
  turns: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 12 }))
})
type Moment = typeof Moment.Type

/** Runs a chain until it is over, or until a moment at which `act` ends the run. Returns the final state. */
const runOnce = Effect.fnUntraced(function*(
  world: World,
  chain: RandomChain.RandomChain,
  from: SuspendedJobChain | undefined,
  moment?: Moment,
  act?: (traverser: Traverser) => Effect.Effect<unknown, unknown>
) {
  const rig = yield* Rig.make
  return yield* Effect.scoped(Effect.gen(function*() {
    const context = yield* rig.provide(Layer.build(world.layer))
    const factory = yield* rig.provide(Effect.provideContext(TraverserFactory, context))
    const make = from === undefined ? factory.make(chain.jobChain) : factory.makeFromSuspended(from)
    const traverser = yield* rig.provide(make)
    world.traverser = traverser
    const running = yield* Effect.forkChild(rig.provide(traverser.run))
    const isDone = () => running.pollUnsafe() !== undefined
    if (moment !== undefined && act !== undefined) {
      for (let move = 0; move < moment.moves && !isDone(); move++) yield* rig.advance
      for (let turn = 0; turn < moment.turns; turn++) yield* Effect.yieldNow
      const acting = yield* Effect.forkChild(rig.provide(Effect.exit(act(traverser))))
      assert.isTrue(yield* rig.runUntil(() => acting.pollUnsafe() !== undefined), "the stop or suspend never ended")
    }
    assert.isTrue(yield* rig.runUntil(isDone), "the chain never ended")
    world.checkEnd(yield* traverser.snapshot)
    return (yield* traverser.result).state
  }))
})

const properties = (maxOps: number | undefined, seed: number) => {
  const options = { arbitrary: { runs, seed } }
  const yielding = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    maxOps === undefined ? effect : Effect.provideService(effect, Scheduler.MaxOpsBeforeYield, maxOps)

  it.effect.prop(
    "runs jobs in order, within their tries, once at a time, with no data of failed tries",
    { seed: Seed },
    ({ seed }) =>
      yielding(Effect.gen(function*() {
        const chain = RandomChain.make(seed)
        assert.deepStrictEqual(Validation.faultsOfNew(chain.jobChain), [])
        const world = new World(chain, seed % 3 === 0 ? 1 + seed % 4 : undefined)
        const state = yield* runOnce(world, chain, undefined)
        assert.deepStrictEqual(world.faults, [])
        assert.deepStrictEqual(world.finals, [state])
      })),
    options
  )

  it.effect.prop(
    "sends the final state once, whenever the chain is stopped",
    { seed: Seed, moment: Moment },
    ({ moment, seed }) =>
      yielding(Effect.gen(function*() {
        const chain = RandomChain.make(seed)
        const world = new World(chain)
        const state = yield* runOnce(world, chain, undefined, moment, (traverser) => traverser.stop)
        assert.deepStrictEqual(world.faults, [])
        assert.deepStrictEqual(world.finals, [state])
        assert.deepStrictEqual(world.suspended, [])
      })),
    options
  )

  it.effect.prop(
    "ends like never suspended, whenever it is suspended and resumed",
    { seed: Seed, moments: Schema.Array(Moment).check(Schema.isMaxLength(4)) },
    ({ moments, seed }) =>
      yielding(Effect.gen(function*() {
        const chain = RandomChain.make(seed)
        const expected = yield* runOnce(new World(chain), chain, undefined)
        const world = new World(chain)
        let state = "SUSPENDED"
        for (const moment of moments) {
          if (state !== "SUSPENDED") break
          state = yield* runOnce(world, chain, world.suspended.at(-1), moment, (traverser) => traverser.suspend)
        }
        const suspends = world.suspended.length
        if (state === "SUSPENDED") state = yield* runOnce(world, chain, overTheWire(world.suspended.at(-1)))
        assert.deepStrictEqual(world.faults, [])
        assert.deepStrictEqual([state, world.finals], [expected, [expected]])
        assert.strictEqual(world.suspended.length, suspends)
      })),
    options
  )
}

const overTheWire = (suspended: SuspendedJobChain | undefined): SuspendedJobChain | undefined =>
  suspended === undefined ? undefined : JSON.parse(JSON.stringify(suspended)) as SuspendedJobChain

describe.each([
  ["plainly", undefined],
  ["yielding at every 5th operation", 5],
  ["yielding at every 17th operation", 17]
])("a random chain, %s", (_, maxOps) => {
  properties(maxOps, maxOps ?? 1)
})
