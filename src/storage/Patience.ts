/**
 * Tries again what a database cannot do now and may be able to later.
 *
 * All of that happens on the real clock, whatever clock the caller's chain runs on.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { SqlError } from "effect/sql/SqlError"

/** The database could not be read or written, and waiting would not help. */
export class StorageFailed extends Schema.TaggedError<StorageFailed>()("StorageFailed", {
  reason: Schema.String,
  cause: Schema.Defect()
}) {
  override get message(): string {
    return `The store failed: ${this.reason}`
  }
}

/** The clock of leases and waits for the disk: that of the machine, also where a test has put another one in its place. */
export const liveClock: Clock.Clock = Clock.Clock.defaultValue()

/** Runs an effect on the real clock. */
export const onLiveClock = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.provideService(effect, Clock.Clock, liveClock)

/** Does what is left to do as the store closes, for so long at most: its database may not come back. */
export const whileClosing = (effect: Effect.Effect<unknown>): Effect.Effect<void> =>
  onLiveClock(Effect.ignore(Effect.timeout(Effect.interruptible(effect), "10 seconds")))

/** How long to wait before the next attempt: longer after each one, up to a limit. */
export interface Wait {
  readonly firstMillis: number
  readonly millisMax: number
  readonly triesMax: number
}

/** What is known of a failure. */
export interface Failure {
  readonly reason: string
  /** Absent where waiting would not help. */
  readonly wait: Wait | undefined
}

/** Makes attempts until one succeeds; dies with `StorageFailed` where waiting would not help. */
export const untilDone = <A>(
  attempt: Effect.Effect<A, SqlError>,
  failureOf: (error: SqlError) => Failure
): Effect.Effect<A> => onLiveClock(attemptAfter(attempt, failureOf, 0))

const attemptAfter = <A>(
  attempt: Effect.Effect<A, SqlError>,
  failureOf: (error: SqlError) => Failure,
  failures: number
): Effect.Effect<A> =>
  Effect.catch(attempt, (error) => {
    const { reason, wait } = failureOf(error)
    if (wait === undefined || failures >= wait.triesMax) return Effect.die(new StorageFailed({ reason, cause: error }))
    const millis = Math.min(wait.firstMillis * 2 ** failures, wait.millisMax)
    const said = millis < saidFromMillis
      ? Effect.void
      : Effect.logWarning(`The store cannot be used now, next attempt in ${millis} ms: ${reason}`)
    return Effect.andThen(Effect.andThen(said, Effect.sleep(millis)), attemptAfter(attempt, failureOf, failures + 1))
  })

/** A wait that is shorter is nothing to speak of. */
const saidFromMillis = 100
