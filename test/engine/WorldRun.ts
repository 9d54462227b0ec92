/**
 * Runs a world's chain for a while, and ends that run in some way.
 */
import { assert } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { JobChain, SuspendedJobChain } from "../../src/domain/JobChain.ts"
import type { Traverser } from "../../src/engine/Traverser.ts"
import { TraverserFactory } from "../../src/engine/TraverserFactory.ts"
import * as Rig from "../../src/testing/Rig.ts"
import type { World } from "./World.ts"

/** What a run begins with. */
export type Start = { readonly jobChain: JobChain } | { readonly suspended: SuspendedJobChain }

/** Runs a chain until it is over, or until after so many moves of the clock `act` ends it; returns where it then stands. */
export const run = Effect.fnUntraced(function*(
  world: World,
  start: Start,
  moves: number,
  act: (traverser: Traverser) => Effect.Effect<unknown, unknown>
) {
  const rig = yield* Rig.make
  return yield* Effect.scoped(Effect.gen(function*() {
    const context = yield* rig.provide(Layer.build(world.layer))
    const factory = yield* rig.provide(Effect.provideContext(TraverserFactory, context))
    const made = "suspended" in start
      ? factory.makeFromSuspended(overTheWire(start.suspended))
      : factory.make(start.jobChain)
    const traverser = yield* rig.provide(made)
    world.traverser = traverser
    const running = yield* Effect.forkChild(rig.provide(traverser.run))
    const isDone = () => running.pollUnsafe() !== undefined
    for (let move = 0; move < moves; move++) {
      yield* rig.settle
      if (isDone()) break
      yield* rig.advance
    }
    yield* Effect.forkChild(rig.provide(Effect.exit(act(traverser))))
    assert.isTrue(yield* rig.runUntil(isDone), "the chain never ended")
    return yield* traverser.snapshot
  }))
})

/** Returns a chain as another process gets it. */
export const overTheWire = (chain: SuspendedJobChain): SuspendedJobChain => JSON.parse(JSON.stringify(chain))
