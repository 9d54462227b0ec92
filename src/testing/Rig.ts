/**
 * Moves the TestClock, and only when nothing else is left to do.
 *
 * Under a rig a test says "go on until this holds" instead of guessing how often to yield or how far to adjust the clock:
 * the rig sees every task that the scheduler still has, every call in flight to a service it counts, and every sleep.
 *
 * **Example**
 *
 * ```ts
 * import { Effect } from "effect"
 * import { TestClock } from "effect/testing"
 * import { Rig } from "jobchain/testing"
 *
 * const program = Effect.gen(function*() {
 *   const rig = yield* Rig.make
 *   yield* rig.provide(Effect.forkChild(Effect.sleep("3 days")))
 *   yield* rig.runUntil(() => rig.sleeping === 0)
 * }).pipe(Effect.provide(TestClock.layer()))
 * ```
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scheduler from "effect/Scheduler"
import * as TestClock from "effect/testing/TestClock"

export interface Rig {
  /** Runs an effect, and all it forks, where the rig sees it. */
  readonly provide: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Counts a call to something outside, such as a database: while it is in flight the clock stands still. */
  readonly count: <A, E, R>(call: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Goes on until nothing more happens without time passing. */
  readonly settle: Effect.Effect<void>
  /** Settles, then moves the clock to the next sleep's end and settles again; `false` when nobody sleeps. */
  readonly advance: Effect.Effect<boolean>
  /** Settles and moves the clock from sleep to sleep until `condition` holds; `false` when it never will. */
  readonly runUntil: (condition: () => boolean) => Effect.Effect<boolean>
  /** Forks an effect under the rig, lets all time it needs pass, and returns what it comes to. */
  readonly run: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** How many calls are in flight. */
  readonly inFlight: number
  /** How many sleeps have not ended. */
  readonly sleeping: number
}

/** Makes a rig on the present TestClock and Scheduler; dies where the clock is not a TestClock. */
export const make: Effect.Effect<Rig> = Effect.gen(function*() {
  const clock = yield* Clock.clockWith(Effect.succeed)
  const scheduler = yield* Scheduler.Scheduler
  const watch: Watch = { tasks: 0, inFlight: 0, waiting: [] }
  const sleeps = new Set<{ readonly until: number }>()
  const watchedClock = watchClock(clock, sleeps)
  const watchedScheduler = watchScheduler(scheduler, watch)

  const provide = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    effect.pipe(
      Effect.provideService(Clock.Clock, watchedClock),
      Effect.provideService(Scheduler.Scheduler, watchedScheduler)
    )

  const settle = Effect.gen(function*() {
    // Our own yield is the scheduler's last task only when no other is left; tasks may beget tasks, so look again.
    do {
      // To look again and again would keep from its work what the calls wait for.
      if (watch.tasks === 0 && watch.inFlight > 0) yield* stirred
      yield* Effect.yieldNow
    } while (watch.tasks > 0 || watch.inFlight > 0)
  })
  const stirred = Effect.callback<void>((resume) => void watch.waiting.push(() => resume(Effect.void)))

  const advance = Effect.gen(function*() {
    yield* settle
    if (sleeps.size === 0) return false
    const next = Math.min(...Array.from(sleeps, (sleep) => sleep.until))
    if (Number.isFinite(next)) yield* TestClock.setTime(next)
    yield* settle
    return Number.isFinite(next)
  })

  const runUntil = Effect.fnUntraced(function*(condition: () => boolean) {
    yield* settle
    while (!condition()) {
      if (!(yield* advance)) return condition()
    }
    return true
  })

  const run = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(provide(effect))
      const isDone = yield* runUntil(() => fiber.pollUnsafe() !== undefined)
      if (!isDone) return yield* Effect.die(new Error("The effect waits for something that time does not bring"))
      return yield* fiber.pollUnsafe() as Exit.Exit<A, E>
    })

  return {
    provide,
    settle,
    advance,
    runUntil,
    run,
    count: (call) =>
      Effect.uninterruptibleMask((restore) => {
        watch.inFlight++
        return Effect.onExit(restore(call), () =>
          Effect.sync(() => {
            watch.inFlight--
            stir(watch)
          }))
      }),
    get inFlight() {
      return watch.inFlight
    },
    get sleeping() {
      return sleeps.size
    }
  }
})

interface Watch {
  tasks: number
  inFlight: number
  /** Called when there is a task again, or a call has ended. */
  waiting: Array<() => void>
}

const stir = (watch: Watch): void => {
  if (watch.waiting.length === 0) return
  const { waiting } = watch
  watch.waiting = []
  for (const resume of waiting) resume()
}

const watchClock = (clock: Clock.Clock, sleeps: Set<{ readonly until: number }>): Clock.Clock =>
  Object.assign(Object.create(clock) as Clock.Clock, {
    sleep: (duration: Duration.Duration) =>
      // Masked: interrupted before its `onExit`, a sleep would count for ever.
      Effect.uninterruptibleMask((restore) => {
        const entry = { until: clock.currentTimeMillisUnsafe() + Duration.toMillis(duration) }
        sleeps.add(entry)
        return Effect.onExit(restore(clock.sleep(duration)), () => Effect.sync(() => sleeps.delete(entry)))
      })
  })

const watchScheduler = (scheduler: Scheduler.Scheduler, watch: Watch): Scheduler.Scheduler => ({
  executionMode: scheduler.executionMode,
  shouldYield: (fiber) => scheduler.shouldYield(fiber),
  makeDispatcher: () => {
    const dispatcher = scheduler.makeDispatcher()
    return {
      scheduleTask: (task, priority) => {
        watch.tasks++
        stir(watch)
        dispatcher.scheduleTask(() => {
          watch.tasks--
          task()
        }, priority)
      },
      flush: () => dispatcher.flush()
    }
  }
})
