/**
 * How one report gets to a remote Request Manager: the contract of what a durable store delivers through.
 *
 * The store keeps each report until its answer is final, and asks again as long as it is not. So an attempt says only what came of
 * it, and delivering the same report twice must be harmless: a crash between an answer and its being noted makes it so.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { SuspendedJobChain } from "../domain/JobChain.ts"
import type { JobLog } from "../domain/JobLog.ts"
import type { FinishRequest, RequestProgress } from "../domain/Request.ts"

/** What is told to a Request Manager. */
export type Report =
  | { readonly kind: "job log"; readonly body: JobLog }
  | { readonly kind: "progress"; readonly body: RequestProgress }
  | { readonly kind: "final state"; readonly body: FinishRequest }
  | { readonly kind: "suspended chain"; readonly body: SuspendedJobChain }

/** What came of an attempt to deliver a report. */
export type ReportAnswer =
  /** The other side has it, or had it before. */
  | { readonly _tag: "Delivered" }
  /** It may yet be taken: the other side is away, busy, or not so far. */
  | { readonly _tag: "Retry"; readonly reason: string }
  /** It never will be taken as it is. */
  | { readonly _tag: "Refused"; readonly reason: string }

export const delivered: ReportAnswer = { _tag: "Delivered" }
export const retry = (reason: string): ReportAnswer => ({ _tag: "Retry", reason })
export const refused = (reason: string): ReportAnswer => ({ _tag: "Refused", reason })

export class ReportDelivery extends Context.Service<ReportDelivery, {
  /** Makes one attempt, which must end by itself. The reports of one request come one after another. */
  readonly deliver: (report: Report) => Effect.Effect<ReportAnswer>
}>()("jobchain/ReportDelivery") {}
