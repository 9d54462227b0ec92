/**
 * The four things the engine says to the outside: a job log, progress, the final state, a suspended chain.
 *
 * Whoever provides this decides where they go; `layerRequestManager` sends them to a `RequestManager`. An attempt that
 * fails is made again, as often as `TraverserConfig` says.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { SuspendedJobChain } from "../domain/JobChain.ts"
import type { JobLog } from "../domain/JobLog.ts"
import type { FinishRequest, RequestProgress } from "../domain/Request.ts"
import { RequestManager } from "./RequestManager.ts"

/** An attempt to send a report came to nothing; another one may succeed. */
export class ReportFailed extends Schema.TaggedError<ReportFailed>()("ReportFailed", {
  requestId: Schema.String,
  /** What was to be sent. */
  report: Schema.Literals(["job log", "progress", "final state", "suspended chain"]),
  reason: Schema.String
}) {
  override get message(): string {
    return `The ${this.report} of request "${this.requestId}" was not accepted: ${this.reason}`
  }
}

export class Reports extends Context.Service<Reports, {
  /** Says how a try ended. Saying the same again must be harmless. */
  readonly jobLog: (log: JobLog) => Effect.Effect<void, ReportFailed>
  /** Says how many jobs are finished. Best effort: never said again when it fails. */
  readonly progress: (progress: RequestProgress) => Effect.Effect<void, ReportFailed>
  /** Says how the request ended, after all its job logs. */
  readonly finish: (finish: FinishRequest) => Effect.Effect<void, ReportFailed>
  /** Hands over a suspended chain, which can be resumed from then on. */
  readonly suspended: (chain: SuspendedJobChain) => Effect.Effect<void, ReportFailed>
}>()("jobchain/Reports") {
  /** Tells a Request Manager. */
  static readonly layerRequestManager: Layer.Layer<Reports, never, RequestManager> = Layer.effect(
    Reports,
    Effect.map(Effect.service(RequestManager), (manager) => ({
      jobLog: (log) => failAs(manager.createJobLog(log), log.requestId, "job log"),
      progress: (progress) => failAs(manager.updateProgress(progress), progress.requestId, "progress"),
      finish: (finish) => failAs(manager.finishRequest(finish), finish.requestId, "final state"),
      suspended: (chain) => failAs(manager.suspendRequest(chain), chain.requestId ?? "", "suspended chain")
    }))
  )

  /** Tells nobody: for applications to which a traverser's result is enough. */
  static readonly layerNone: Layer.Layer<Reports> = Layer.succeed(Reports, {
    jobLog: () => Effect.void,
    progress: () => Effect.void,
    finish: () => Effect.void,
    suspended: () => Effect.void
  })
}

const failAs = (
  sent: Effect.Effect<void, { readonly message: string }>,
  requestId: string,
  report: ReportFailed["report"]
): Effect.Effect<void, ReportFailed> =>
  Effect.mapError(sent, (error) => new ReportFailed({ requestId, report, reason: error.message }))
