/**
 * Sends reports, with the further attempts that `TraverserConfig` allows.
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

/** Sends reports, with what a traversal has to do it. */
export interface Reporter<Report> {
  readonly settings: Settings
  readonly fork: Fork
  readonly send: (report: Report) => Effect.Effect<void, ReportFailed>
  /** How often a report is tried to be sent. */
  readonly triesOf: (report: Report) => number
  /** Called when a report is accepted at once, before `sendAll` returns. */
  readonly accepted: (report: Report) => void
  /** Called for every other report, later: it was accepted (`true`) or given up (`false`). */
  readonly settled: (report: Report, isAccepted: boolean) => void
}

/**
 * Begins to send reports.
 *
 * Most layers accept at once: then all reports together cost one fiber, and no timer, no wait, no hop of the scheduler.
 * One that takes longer is waited for in a fiber of its own and holds back none of the others.
 */
export const sendAll = <Report>(reporter: Reporter<Report>, reports: ReadonlyArray<Report>): void => {
  const [only] = reports
  if (only !== undefined && reports.length === 1) return sendOne(reporter, only)
  for (let next = 0; next < reports.length; next++) {
    const walk = { next, isLeft: false }
    const fiber = reporter.fork(sendInTurn(reporter, reports, walk))
    if (walk.next === reports.length) return
    // This one was not accepted at once: the walk ends with it, and another one takes the rest.
    walk.isLeft = true
    next = walk.next
    waitAndSendAgain(reporter, reports[next] as Report, fiber)
  }
}

/** Does without the walk: in a line of jobs, that is what there is after each. */
const sendOne = <Report>(reporter: Reporter<Report>, report: Report): void => {
  const fiber = reporter.fork(reporter.send(report))
  const exit = fiber.pollUnsafe()
  if (exit !== undefined && Exit.isSuccess(exit)) reporter.accepted(report)
  else waitAndSendAgain(reporter, report, fiber)
}

interface Walk {
  /** The report that is being sent. */
  next: number
  /** Whether it is left to that report, for whose fate somebody else waits. */
  isLeft: boolean
}

const sendInTurn = <Report>(reporter: Reporter<Report>, reports: ReadonlyArray<Report>, walk: Walk) =>
  Effect.whileLoop({
    while: () => walk.next < reports.length && !walk.isLeft,
    body: () => reporter.send(reports[walk.next] as Report),
    step: () => {
      if (!walk.isLeft) reporter.accepted(reports[walk.next++] as Report)
    }
  })

const waitAndSendAgain = <Report>(
  { fork, send, settings, settled, triesOf }: Reporter<Report>,
  report: Report,
  first: Fiber.Fiber<void, ReportFailed>
): void => {
  const attempts = Effect.gen(function*() {
    let attempt = first
    for (let left = triesOf(report) - 1;; left--) {
      const sent = yield* Effect.exit(within(attempt, settings))
      if (Exit.isSuccess(sent)) return true
      if (left <= 0) {
        yield* Effect.logError("A report was given up", sent.cause)
        return false
      }
      yield* Effect.logWarning("A report is sent again", sent.cause)
      yield* Effect.sleep(settings.reportRetryWait)
      attempt = fork(send(report))
    }
  })
  fork(attempts).addObserver((sent) => settled(report, Exit.isSuccess(sent) && sent.value))
}

const within = (attempt: Fiber.Fiber<void, ReportFailed>, settings: Settings) =>
  Fiber.join(attempt).pipe(
    Effect.timeout(settings.sendTimeout),
    Effect.onError(() => Fiber.interrupt(attempt))
  )
