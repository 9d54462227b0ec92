import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Option } from "effect"
import * as Interruption from "../../src/engine/Interruption.ts"

/** The cause with which a fiber ends that `interrupt` interrupts. */
const causeOf = Effect.fnUntraced(function*(interrupt: (fiber: Fiber.Fiber<never>) => Effect.Effect<unknown>) {
  const fiber = yield* Effect.forkChild(Effect.never, { startImmediately: true })
  yield* interrupt(fiber)
  const exit = yield* Fiber.await(fiber)
  return Exit.isFailure(exit) ? exit.cause : Cause.empty
})

describe("Interruption", () => {
  describe("reasonOf", () => {
    for (const reason of Interruption.Reason.literals) {
      it.effect(`finds the reason ${reason} in a fiber's cause`, () =>
        Effect.gen(function*() {
          const cause = yield* causeOf((fiber) => Effect.sync(() => Interruption.interruptUnsafe(fiber, reason)))
          assert.deepStrictEqual(Interruption.reasonOf(cause), Option.some(reason))
          assert.isTrue(Cause.hasInterruptsOnly(cause))
        }))
    }

    it.effect("finds none in a plain interruption, a failure or nothing", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(Interruption.reasonOf(yield* causeOf(Fiber.interrupt)), Option.none())
        assert.deepStrictEqual(Interruption.reasonOf(Cause.fail("no")), Option.none())
        assert.deepStrictEqual(Interruption.reasonOf(Cause.empty), Option.none())
      }))

    it.effect("finds the first of several", () =>
      Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(
          Effect.uninterruptible(
            Effect.andThen(Effect.repeat(Effect.yieldNow, { times: 5 }), Effect.interruptible(Effect.never))
          ),
          { startImmediately: true }
        )
        Interruption.interruptUnsafe(fiber, "suspend")
        Interruption.interruptUnsafe(fiber, "stop")
        const exit = yield* Fiber.await(fiber)
        assert.deepStrictEqual(
          Exit.isFailure(exit) && Interruption.reasonOf(exit.cause),
          Option.some("suspend" as const)
        )
      }))
  })
})
