/**
 * Delivers what waits in the outbox, one chain at a time.
 *
 * The reports of a chain go out one after another, in their order; a row goes only when its report has an answer, in one
 * transaction for a batch of them, so after a crash some are said again. Before each one the courier looks whether it still is
 * the courier: one that was frozen says at most the report that it was about to say.
 *
 * ```
 *   Delivered   the row goes
 *   Refused     the row is set aside, and those behind it are next
 *   Retry       the chain waits, twice as long each time, up to a minute
 * ```
 *
 * Progress is best effort: one that cannot be said holds back nothing, and one that is refused is forgotten.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Latch from "effect/Latch"
import { refused, type Report, type ReportAnswer, retry } from "../engine/ReportDelivery.ts"
import type { Settings } from "../engine/TraverserConfig.ts"
import * as OutboxReports from "./OutboxReports.ts"
import * as OutboxRows from "./OutboxRows.ts"
import type { Tables } from "./Tables.ts"

export interface Courier {
  readonly tables: Tables["Service"]
  /** The owner id of this process. */
  readonly id: string
  /** Whether this process has claimed a chain, and does not run it yet. */
  readonly isClaimed: (requestId: string) => boolean
  readonly deliver: (report: Report) => Effect.Effect<ReportAnswer>
  readonly settings: Settings
  /** Opens when no wait is worth its while any more. */
  readonly closing: Latch.Latch
}

/**
 * Delivers a chain's reports until none waits that this process is to deliver.
 *
 * `more` opens when there are further ones; `end` is called, and nothing done after it, when there were none.
 */
export const deliverAll = Effect.fnUntraced(function*(
  courier: Courier,
  chain: number,
  { end, more }: { readonly more: Latch.Latch; readonly end: () => void }
) {
  const { closing, settings } = courier
  const intervalMillis = Duration.toMillis(settings.progressInterval)
  const failures = { inARow: 0, ofProgress: 0 }
  let progressDueAt = Number.NEGATIVE_INFINITY
  while (true) {
    more.closeUnsafe()
    const now = yield* Clock.currentTimeMillis
    const { progress, retry, settled } = yield* deliverBatch(courier, chain, progressDueAt <= now)
    if (progress !== undefined) {
      failures.ofProgress = progress === "told" ? 0 : failures.ofProgress + 1
      progressDueAt = now + doubled(intervalMillis, failures.ofProgress)
    }
    if (retry !== undefined) {
      if (closing.isOpen()) return end()
      if (failures.inARow === 0) yield* Effect.logWarning(`Reports of chain ${chain} are held back: ${retry}`)
      const wait = doubled(Duration.toMillis(settings.reportRetryWait), failures.inARow++)
      yield* Effect.raceFirst(Effect.sleep(wait), closing.await)
    } else if (settled > 0 || more.isOpen()) {
      failures.inARow = 0
    } else if (progressDueAt > now && !closing.isOpen()) {
      // What has changed since the last progress is told when its time has come.
      yield* Effect.raceAllFirst([Effect.sleep(progressDueAt - now), more.await, closing.await])
    } else return end()
  }
})

const doubled = (millis: number, times: number): number => Math.min(millis * 2 ** times, waitMillisMax)

/** So that a Request Manager that comes back hears soon, and one that is away is asked little. */
const waitMillisMax = 60_000

/** So many are said again after a crash, and so many deletions go into one commit. */
const reportsPerBatch = 50

interface Batch {
  readonly settled: number
  readonly progress: "told" | "not taken" | undefined
  /** Why the next one is not delivered. */
  readonly retry: string | undefined
}

const deliverBatch = Effect.fnUntraced(function*(
  courier: Courier,
  chain: number,
  isProgressDue: boolean
): Effect.fn.Return<Batch> {
  const { id, tables } = courier
  const settled: Array<OutboxRows.Settled> = []
  const batch: { progress: Batch["progress"]; retry: Batch["retry"] } = { progress: undefined, retry: undefined }
  let after = 0
  while (settled.length < reportsPerBatch && batch.retry === undefined) {
    const from = after
    const waiting = yield* tables.read(() => OutboxRows.selectNext({ chain, courier: id, after: from, isProgressDue }))
    if (waiting === undefined) break
    after = waiting.number
    const said = yield* say(courier, chain, waiting)
    if (said === undefined) continue
    const isTaken = said.answer._tag !== "Retry"
    if (isTaken) settled.push(settledBy(waiting, said))
    if (waiting.kind === "progress") batch.progress = isTaken ? "told" : "not taken"
    else if (said.answer._tag === "Retry") batch.retry = said.answer.reason
  }
  if (settled.length > 0) yield* tables.write(() => OutboxRows.settle(chain, id, settled))
  return { ...batch, settled: settled.length }
})

interface Said {
  readonly answer: ReportAnswer
  readonly report: Report | undefined
}

/** Makes one attempt; `undefined` where the report is not to be delivered, or not by this process. */
const say = Effect.fnUntraced(function*(
  { deliver, id, isClaimed, tables }: Courier,
  chain: number,
  waiting: OutboxRows.Waiting
): Effect.fn.Return<Said | undefined> {
  const loaded = yield* Effect.match(OutboxReports.load(tables, chain, waiting), {
    onFailure: (damage) => refused(damage.message),
    onSuccess: (report) => report
  })
  if (loaded === undefined) return undefined
  if ("_tag" in loaded) return { answer: loaded, report: undefined }
  // The chain may have been claimed, and this process frozen, while it was read.
  const isStillWaiting = yield* tables.read(() => OutboxRows.isWaiting(waiting.number, id))
  const goesOn = loaded.kind === "suspended chain" && isClaimed(loaded.body.requestId ?? "")
  return isStillWaiting && !goesOn ? { answer: yield* deliver(loaded), report: loaded } : undefined
})

const settledBy = ({ kind, number }: OutboxRows.Waiting, { answer, report }: Said): OutboxRows.Settled => {
  if (answer._tag === "Refused") return kind === "progress" ? { number } : { number, refused: answer.reason }
  return report?.kind === "progress" ? { number, finishedJobs: report.body.finishedJobs } : { number }
}

/** Returns `deliver`, so that every attempt ends, and ends with an answer. */
export const answering = (deliver: Courier["deliver"], { sendTimeout }: Settings): Courier["deliver"] => (report) =>
  deliver(report).pipe(
    Effect.timeoutOrElse({
      duration: sendTimeout,
      orElse: () => Effect.succeed(retry(`no answer within ${Duration.format(sendTimeout)}`))
    }),
    Effect.catchCause((cause) =>
      Cause.hasInterrupts(cause) ? Effect.failCause(cause) : Effect.succeed(retry(Cause.pretty(cause)))
    ),
    Effect.tap((answer) =>
      answer._tag === "Refused"
        ? Effect.logWarning(`The Request Manager refused a ${report.kind}: ${answer.reason}`)
        : Effect.void
    ),
    Effect.annotateLogs({ requestId: report.body.requestId ?? "" })
  )
