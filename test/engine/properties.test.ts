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
import * as Kinds from "../storage/Kinds.ts"
import * as TestStore from "../storage/TestStore.ts"
import type * as RandomChain from "./RandomChain.ts"
import * as RandomPolicies from "./RandomPolicies.ts"
import { World } from "./World.ts"

const Seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2_000_000_000 }))
/** A moment: so many moves of the clock, then so many turns of the scheduler. */
const Moment = Schema.Struct({
  moves: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 12 })),
  turns: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 12 }))
})
type Moment = typeof Moment.Type

/** Runs a chain until it is over, or until a moment at which `act` ends the run. Returns the final state. */
const runOnce = Effect.fnUntraced(function*(
  store: Kinds.Opened,
  world: World,
  chain: RandomChain.RandomChain,
  from: SuspendedJobChain | undefined,
  moment?: Moment,
  act?: (traverser: Traverser) => Effect.Effect<unknown, unknown>
) {
  const rig = yield* Rig.make
  world.repo = store.repo(rig)
  return yield* Effect.scoped(Effect.gen(function*() {
    const context = yield* rig.provide(Layer.build(world.layer))
    const factory = yield* rig.provide(Effect.provideContext(TraverserFactory, context))
    const make = from === undefined ? factory.make(chain.jobChain) : store.resume(factory, from)
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
    if (act === undefined) { while (!isDone() && (yield* rig.advance)) if (!isDone()) yield* world.checkSettled }
    assert.isTrue(yield* rig.runUntil(isDone), "the chain never ended")
    world.checkEnd(yield* traverser.snapshot)
    return (yield* traverser.result).state
  }))
})

/** Each has its share of the random chains. */
const variants: ReadonlyArray<readonly [string, number | undefined]> = [
  ["plainly", undefined],
  ["yielding at every 5th operation", 5],
  ["yielding at every 17th operation", 17]
]

const properties = (kind: Kinds.Kind, maxOps: number | undefined, seed: number) => {
  const options = { arbitrary: { runs: Math.ceil(kind.runs / variants.length), seed } }
  const store = TestStore.shared(kind.open)
  const yielding = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    maxOps === undefined ? effect : Effect.provideService(effect, Scheduler.MaxOpsBeforeYield, maxOps)

  it.effect.prop(
    "runs jobs in order, within their tries, once at a time, with no data of failed tries",
    { seed: Seed },
    ({ seed }) =>
      yielding(Effect.gen(function*() {
        const chain = RandomPolicies.make(seed)
        assert.deepStrictEqual(Validation.faultsOfNew(chain.jobChain), [])
        const world = new World(chain, seed % 3 === 0 ? 1 + seed % 4 : undefined)
        const state = yield* runOnce(store(), world, chain, undefined)
        assert.strictEqual(world.faults.join("\n"), "")
        assert.deepStrictEqual(world.finals, [state])
        yield* checkKept(store(), chain, world)
      })),
    options
  )

  it.effect.prop(
    "sends the final state once, whenever the chain is stopped",
    { seed: Seed, moment: Moment },
    ({ moment, seed }) =>
      yielding(Effect.gen(function*() {
        const chain = RandomPolicies.make(seed)
        const world = new World(chain)
        const state = yield* runOnce(store(), world, chain, undefined, moment, (traverser) => traverser.stop)
        assert.strictEqual(world.faults.join("\n"), "")
        assert.deepStrictEqual(world.finals, [state])
        yield* checkKept(store(), chain, world)
        assert.deepStrictEqual(world.suspended, [])
      })),
    options
  )

  it.effect.prop(
    "ends like never suspended, whenever it is suspended and resumed",
    { seed: Seed, moments: Schema.Array(Moment).check(Schema.isMaxLength(4)) },
    ({ moments, seed }) =>
      yielding(Effect.gen(function*() {
        const chain = RandomPolicies.make(seed)
        const expected = yield* runOnce(store(), new World(chain), chain, undefined)
        yield* store().take(requestIdOf(chain))
        const world = new World(chain)
        let state = "SUSPENDED"
        for (const moment of moments) {
          if (state !== "SUSPENDED") break
          state = yield* runOnce(
            store(),
            world,
            chain,
            world.suspended.at(-1),
            moment,
            (traverser) => traverser.suspend
          )
        }
        const suspends = world.suspended.length
        if (state === "SUSPENDED") state = yield* runOnce(store(), world, chain, world.suspended.at(-1))
        assert.strictEqual(world.faults.join("\n"), "")
        assert.deepStrictEqual([state, world.finals], [expected, [expected]])
        assert.strictEqual(world.suspended.length, suspends)
        yield* checkKept(store(), chain, world)
      })),
    options
  )
}

const requestIdOf = ({ jobChain }: RandomChain.RandomChain): string => jobChain.requestId ?? ""

const namesOf = (logs: Kinds.Kept["logs"]) => logs.map((log) => `${log.jobId} ${log.try} ${log.state}`).toSorted()

/** Checks that the store has kept what the engine has reported. */
const checkKept = Effect.fnUntraced(function*(store: Kinds.Opened, chain: RandomChain.RandomChain, world: World) {
  const kept = yield* store.take(requestIdOf(chain))
  if (kept === undefined) return
  assert.deepStrictEqual([kept.status.state, namesOf(kept.logs)], [world.finals.at(-1), namesOf(world.logs)])
})

for (const kind of Kinds.kinds) {
  describe.each(variants)(`a random chain ${kind.name}, %s`, (_, maxOps) => {
    properties(kind, maxOps, maxOps ?? 1)
  })
}
