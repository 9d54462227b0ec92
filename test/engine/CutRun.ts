/**
 * Runs a chain whose repo can be cut off at one of its writes, before or after, as a crash of the process would.
 */
import { assert } from "@effect/vitest"
import { Effect, Exit, Layer, Scope } from "effect"
import type { ChainRepo } from "../../src/engine/ChainRepo.ts"
import type { Traverser } from "../../src/engine/Traverser.ts"
import { TraverserFactory } from "../../src/engine/TraverserFactory.ts"
import * as Rig from "../../src/testing/Rig.ts"
import type { World } from "./World.ts"

export interface Cut {
  /** The number of the write, from 1. */
  readonly write: number
  readonly when: "before" | "after"
}

/** A repo that is cut off, or will be. */
export interface Cuttable {
  readonly isCut: boolean
  readonly layer: (rig: Rig.Rig) => Layer.Layer<ChainRepo>
}

/** Runs a chain until it is over, or its repo is cut off; returns its final state, or nothing. */
export const run = Effect.fnUntraced(function*(
  world: World,
  repo: Cuttable,
  make: (factory: TraverserFactory["Service"]) => Effect.Effect<Traverser, unknown>
) {
  const rig = yield* Rig.make
  const scope = yield* Scope.make()
  world.repo = repo.layer(rig)
  const context = yield* rig.provide(Layer.buildWithScope(world.layer, scope))
  const factory = yield* rig.provide(Effect.provideContext(TraverserFactory, context))
  const traverser = yield* rig.provide(make(factory))
  world.traverser = traverser
  const running = yield* Effect.forkDetach(rig.provide(traverser.run))
  const isDone = () => repo.isCut || running.pollUnsafe() !== undefined
  assert.isTrue(yield* rig.runUntil(isDone), "the chain never ended")
  // The process is gone: what ran in it ends, and nobody hears of it.
  yield* Effect.forkDetach(rig.provide(Scope.close(scope, Exit.void)))
  yield* rig.settle
  if (repo.isCut) world.processDied()
  return repo.isCut ? undefined : (yield* traverser.result).state
})
