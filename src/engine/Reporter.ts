/**
 * Sends one report, with the further attempts that `TraverserConfig` allows.
 *
 * Used where no repo keeps the reports. What is given up is logged, and changes no outcome of a job.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { ReportFailed } from "./Reports.ts"
import type { Settings } from "./TraverserConfig.ts"

/** Runs an effect as a fiber of its own, at once. */
export type Fork = <A, E>(
  effect: Effect.Effect<A, E>,
  options?: { readonly uninterruptible?: boolean }
) => Fiber.Fiber<A, E>

/**
 * Begins to send a report. Returns `true` when it was accepted at once; otherwise `done` is called when it has been
 * accepted (`true`) or given up (`false`).
 *
 * Most layers accept at once, and then this costs a call: no timer, no wait, no hop of the scheduler.
 */
export const send = (
  report: Effect.Effect<void, ReportFailed>,
  tries: number,
  settings: Settings,
  fork: Fork,
  done: (isAccepted: boolean) => void
): boolean => {
  const first = fork(report)
  const exit = first.pollUnsafe()
  if (exit !== undefined && Exit.isSuccess(exit)) return true
  const attempts = Effect.gen(function*() {
    let attempt: Fiber.Fiber<void, ReportFailed> = first
    for (let left = tries - 1;; left--) {
      const sent = yield* Effect.exit(within(attempt, settings))
      if (Exit.isSuccess(sent)) return true
      if (left <= 0) {
        yield* Effect.logError("A report was given up", sent.cause)
        return false
      }
      yield* Effect.logWarning("A report is sent again", sent.cause)
      yield* Effect.sleep(settings.reportRetryWait)
      attempt = fork(report)
    }
  })
  fork(attempts).addObserver((sent) => done(Exit.isSuccess(sent) && sent.value))
  return false
}

const within = (attempt: Fiber.Fiber<void, ReportFailed>, settings: Settings) =>
  Fiber.join(attempt).pipe(
    Effect.timeout(settings.sendTimeout),
    Effect.onError(() => Fiber.interrupt(attempt))
  )
