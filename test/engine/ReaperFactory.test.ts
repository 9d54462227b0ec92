/**
 * Goal: nothing is lost or taken twice, whenever one reaper is swapped for another. Method: producers, steps and swaps
 * that yield at random, on one queue, counted at the end.
 */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Queue, Random, Scheduler } from "effect"
import * as ReaperFactory from "../../src/engine/ReaperFactory.ts"
import { itYielding } from "./Bench.ts"

const dawdle = Effect.flatMap(Random.nextIntBetween(0, 3), (turns) => Effect.repeat(Effect.yieldNow, { times: turns }))

/** Swaps reapers at random while things happen; returns how often each thing was taken, and by how many reapers. */
const swapAtRandom = Effect.fnUntraced(function*(things: number) {
  const queue = yield* Queue.unbounded<number>()
  const taken = new Array<number>(things).fill(0)
  const seen = { reaped: 0, atWork: 0, most: 0, finalized: 0 }
  const step = (batch: ReadonlyArray<number>) =>
    Effect.gen(function*() {
      seen.most = Math.max(seen.most, ++seen.atWork)
      yield* dawdle
      for (const thing of batch) {
        taken[thing] = (taken[thing] as number) + 1
        seen.reaped++
      }
      yield* dawdle
      seen.atWork--
      return seen.reaped === things
    })
  const reaper = ReaperFactory.make(queue, step, Effect.sync(() => void seen.finalized++))
  let current = yield* Effect.forkChild(reaper)
  yield* Effect.forkChild(Effect.gen(function*() {
    for (let thing = 0; thing < things; thing++) {
      Queue.offerUnsafe(queue, thing)
      yield* dawdle
    }
  }))
  while (seen.finalized === 0) {
    yield* dawdle
    yield* ReaperFactory.swap(
      current,
      Effect.suspend(() => {
        if (seen.finalized > 0) return Effect.void
        return Effect.map(Effect.forkDetach(reaper), (next) => {
          current = next
        })
      })
    )
    yield* Effect.yieldNow
  }
  return { taken, most: seen.most, finalized: seen.finalized }
})

describe("ReaperFactory", () => {
  describe("make", () => {
    itYielding(
      "hands over all that waits, in order, until all is over, and then finalizes",
      () =>
        Effect.gen(function*() {
          const queue = yield* Queue.unbounded<number>()
          const batches: Array<ReadonlyArray<number>> = []
          for (let thing = 0; thing < 1200; thing++) Queue.offerUnsafe(queue, thing)
          const step = (batch: ReadonlyArray<number>) => Effect.sync(() => batches.push(batch) === 3)
          let isFinal = false
          yield* ReaperFactory.make(queue, step, Effect.sync(() => void (isFinal = true)))
          assert.deepStrictEqual(batches.map((batch) => batch.length), [512, 512, 176])
          assert.deepStrictEqual(batches.flat(), Array.from({ length: 1200 }, (_, index) => index))
          assert.isTrue(isFinal)
        })
    )

    itYielding("does not finalize when it is interrupted while it waits", () =>
      Effect.gen(function*() {
        const queue = yield* Queue.unbounded<number>()
        let isFinal = false
        const reaper = ReaperFactory.make(queue, () => Effect.succeed(true), Effect.sync(() => void (isFinal = true)))
        const fiber = yield* Effect.forkChild(reaper, { startImmediately: true })
        yield* Effect.yieldNow
        yield* Fiber.interrupt(fiber)
        assert.isFalse(isFinal)
        assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
      }))

    itYielding("finishes what it has taken before it lets itself be interrupted", () =>
      Effect.gen(function*() {
        const queue = yield* Queue.unbounded<number>()
        const done: Array<string> = []
        const begun = yield* Deferred.make<void>()
        const step = () =>
          Effect.gen(function*() {
            yield* Deferred.succeed(begun, undefined)
            yield* dawdle
            yield* Effect.yieldNow
            done.push("step")
            return true
          })
        Queue.offerUnsafe(queue, 1)
        const fiber = yield* Effect.forkChild(
          ReaperFactory.make(queue, step, Effect.sync(() => void done.push("finalize"))),
          { startImmediately: true }
        )
        yield* Deferred.await(begun)
        yield* ReaperFactory.swap(fiber, Effect.sync(() => void done.push("next")))
        assert.deepStrictEqual(done, ["step", "finalize", "next"])
      }))
  })

  describe("swap", () => {
    for (const maxOps of [undefined, 5, 17, 33]) {
      it.effect(`loses nothing and takes nothing twice (yielding at every ${maxOps ?? 2048}th operation)`, () => {
        const trials = Effect.gen(function*() {
          for (let seed = 0; seed < 100; seed++) {
            const { finalized, most, taken } = yield* Random.withSeed(swapAtRandom(30), `seed ${seed}`)
            assert.deepStrictEqual(taken, new Array<number>(30).fill(1), `seed ${seed}`)
            assert.deepStrictEqual([most, finalized], [1, 1], `seed ${seed}`)
          }
        })
        return maxOps === undefined ? trials : Effect.provideService(trials, Scheduler.MaxOpsBeforeYield, maxOps)
      })
    }
  })
})
