/**
 * A remote Request Manager that keeps what it hears as the reference does, and is in whatever state the test wants it to be in.
 */
import { Effect } from "effect"
import type { SuspendedJobChain } from "../../src/domain/JobChain.ts"
import {
  delivered,
  type Report,
  type ReportAnswer,
  type ReportDelivery,
  retry
} from "../../src/engine/ReportDelivery.ts"

/** What comes of an attempt before (`undefined`: it is heard) or after the manager has heard it. */
export interface Script {
  readonly before?: (said: string, report: Report) => Effect.Effect<ReportAnswer | undefined>
  readonly after?: (said: string, report: Report) => Effect.Effect<ReportAnswer>
}

export class ScriptedManager {
  /** What it holds of each request, in the order in which it came. */
  readonly held = new Map<string, Array<string>>()
  readonly suspended: Array<SuspendedJobChain> = []
  readonly progress: Array<number> = []
  /** Every attempt. */
  attempts = 0
  /** What it was told again. */
  readonly duplicates: Array<string> = []
  script: Script = {}

  /** A process's way to it, which is cut off when the process dies. */
  connect(): { isDead: boolean } & ReportDelivery["Service"] {
    const connection = {
      isDead: false,
      deliver: (report: Report) =>
        Effect.suspend(() => connection.isDead ? Effect.succeed(retry("dead")) : this.hear(report))
    }
    return connection
  }

  heldOf(requestId: string): ReadonlyArray<string> {
    return this.held.get(requestId) ?? []
  }

  private hear(report: Report): Effect.Effect<ReportAnswer> {
    return Effect.gen({ self: this }, function*() {
      this.attempts++
      const said = sayingOf(report)
      const answer = yield* this.script.before?.(said, report) ?? Effect.succeed(undefined)
      if (answer !== undefined) return answer
      this.keep(said, report)
      return yield* this.script.after?.(said, report) ?? Effect.succeed(delivered)
    })
  }

  private keep(said: string, report: Report): void {
    if (report.kind === "progress") {
      this.progress.push(report.body.finishedJobs)
      return
    }
    const requestId = report.body.requestId ?? ""
    const held = this.held.get(requestId) ?? []
    this.held.set(requestId, held)
    if (held.includes(said)) this.duplicates.push(said)
    else held.push(said)
    if (report.kind === "suspended chain") this.suspended.push(report.body)
  }
}

const sayingOf = (report: Report): string => {
  switch (report.kind) {
    case "job log":
      return `${report.body.jobId} ${report.body.try} ${report.body.state}`
    case "progress":
      return `progress ${report.body.finishedJobs}`
    case "final state":
      return report.body.state
    case "suspended chain":
      return `SUSPENDED ${report.body.jobChain?.finishedJobs}`
    default:
      return report satisfies never
  }
}
