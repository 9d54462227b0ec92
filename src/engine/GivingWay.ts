/**
 * Does work that comes in slices, and lets other fibers, timers and I/O through between them.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type { Slices } from "../domain/Slices.ts"

export const run = <A>(slices: Slices<A>): Effect.Effect<A> =>
  Effect.suspend(() => {
    const step = slices.next()
    return step.done ? Effect.succeed(step.value) : Effect.andThen(Effect.yieldNow, run(slices))
  })
