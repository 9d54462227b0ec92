/**
 * Makes the reapers of a traversal: streams over one queue of what has happened, of which one is at work at a time.
 *
 * Stop and suspend swap them: the old stream's fiber is interrupted, the next starts on the same queue, and nothing is
 * lost or taken twice. That holds because a reaper can be interrupted only while it waits: `Stream.fromQueue` takes whole
 * chunks and loses them when it is interrupted between taking and handling; the masked pull here does not.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"

/** As many as are reaped, checkpointed and started in one go: enough to share a commit, few enough to stay responsive. */
const batchMax = 512

/** What a reaper works through, as its stream sees it. */
class Work extends Context.Service<Work, {
  readonly pull: Effect.Effect<readonly [ReadonlyArray<unknown>], Cause.Done>
  readonly step: (batch: ReadonlyArray<unknown>) => Effect.Effect<void>
}>()("jobchain/ReaperFactory/Work") {}

/**
 * The stream of all reapers, which asks the fiber that runs it for its work. Made once: a stream of its own for each chain keeps
 * the whole chain, when it is over, until all garbage is collected, since V8 (13.6) holds on to a closure that is stored
 * in an object after it was made, as Effect's channels do.
 */
const batches = Stream.fromPull(Effect.map(Effect.service(Work), ({ pull }) => pull))
const workAll = Stream.runForEach(batches, (batch) => Effect.flatMap(Effect.service(Work), ({ step }) => step(batch)))

/**
 * Returns a reaper: it hands `step` all that waits in the queue, at most 512 at once, until `step` says that all is over,
 * and then does `finalize`. Interrupted while it waits, it ends without.
 */
export const make = <A>(
  queue: Queue.Dequeue<A>,
  step: (batch: ReadonlyArray<A>) => Effect.Effect<boolean>,
  finalize: Effect.Effect<void>
): Effect.Effect<void> =>
  Effect.uninterruptibleMask((restore) => {
    let isOver = false
    const take = restore(Queue.takeBetween(queue, 1, batchMax))
    const work = {
      pull: Effect.suspend(() => isOver ? Cause.done() : Effect.map(take, (batch) => [batch] as const)),
      step: (batch: ReadonlyArray<unknown>) =>
        Effect.map(step(batch as ReadonlyArray<A>), (over) => {
          isOver = over
        })
    }
    return Effect.andThen(Effect.provideService(workAll, Work, work), finalize)
  })

/** Ends the reaper at work, once it has done with what it has taken, and lets the next one begin where it has left off. */
export const swap = (old: Fiber.Fiber<void>, next: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.uninterruptible(Effect.andThen(Fiber.interrupt(old), next))
