/**
 * Waits for a lock that another connection holds, without holding up the thread.
 *
 * SQLite's own busy handler sleeps in the thread, and with it stands everything that Node does. So it is switched off, and
 * what met a lock is tried again here: after 1 ms, then less and less often, until a limit.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { LockTimeoutError, SqlError } from "effect/sql/SqlError"
import * as SqliteError from "./SqliteError.ts"

export interface LockWaitOptions {
  /** How long to wait in all. */
  readonly limitMillis: number
  /** Makes a pause as interruptible as the caller is. */
  readonly restore: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

/** Goes on with what has just failed with `locked`, until it succeeds, fails with anything else, or the limit is over. */
export const tryAgain = Effect.fnUntraced(function*<A>(
  attempt: Effect.Effect<A, SqlError>,
  locked: SqlError,
  { limitMillis, restore }: LockWaitOptions
) {
  const clock = yield* Clock.Clock
  const giveUpAt = clock.currentTimeMillisUnsafe() + limitMillis
  let error = locked
  for (let tries = 0; SqliteError.isLocked(error); tries++) {
    const left = giveUpAt - clock.currentTimeMillisUnsafe()
    if (left <= 0) return yield* timedOut(error, limitMillis)
    yield* restore(Effect.sleep(Math.min(left, pauseMillis[tries] ?? pauseMaxMillis)))
    const result = yield* Effect.result(attempt)
    if (Result.isSuccess(result)) return result.success
    error = result.failure
  }
  return yield* error
})

// Short at first, as most transactions are; then few enough that waiting costs no processor time worth mentioning.
const pauseMillis = [1, 2, 5, 10, 15, 20, 25, 25, 50, 50]
const pauseMaxMillis = 100

const timedOut = ({ reason }: SqlError, limitMillis: number): SqlError =>
  new SqlError({
    reason: new LockTimeoutError({
      cause: reason.cause,
      operation: reason.operation,
      message: `${reason.message}: another connection held its lock for ${limitMillis} ms`
    })
  })
