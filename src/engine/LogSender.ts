/**
 * Sends the logs of tries once their checkpoint is kept, and lets go on what waits for that.
 *
 * A job is over, and those after it may start, when the log of its last try is accepted or given up; between two tries a job
 * waits for the log of the first. Where the repo keeps reports, its checkpoint has said so already.
 *
 * @since 0.1.0
 */
import * as Deferred from "effect/Deferred"
import * as Exit from "effect/Exit"
import type { ChainRepo } from "./ChainRepo.ts"
import type { Happening, PendingLog } from "./Happening.ts"
import * as Reporter from "./Reporter.ts"
import type { Reports } from "./Reports.ts"
import type { StartQueue } from "./StartQueue.ts"
import type { Settings } from "./TraverserConfig.ts"

/** What sending needs of the traversal it is part of. */
interface Surroundings {
  readonly services: {
    readonly repo: ChainRepo["Service"]
    readonly reports: Reports["Service"]
    readonly settings: Settings
  }
  readonly starts: StartQueue
  readonly fork: Reporter.Fork
  readonly happen: (happening: Happening) => void
}

export class LogSender {
  private readonly around: Surroundings
  private readonly reporter: Reporter.Reporter<PendingLog>
  /** Logs that are neither accepted nor given up. */
  private sending = 0

  constructor(around: Surroundings) {
    this.around = around
    const { fork, services: { reports, settings } } = around
    this.reporter = {
      settings,
      fork,
      send: ({ log }) => reports.jobLog(log),
      triesOf: ({ running: { prepared } }) =>
        prepared === undefined ? settings.unmadeJobReportTries : settings.reportTries,
      accepted: (pending) => this.sent(pending),
      settled: (pending) => around.happen({ _tag: "LogSent", pending })
    }
  }

  get isIdle(): boolean {
    return this.sending === 0
  }

  /** Sends logs, unless the repo keeps them too. */
  send(logs: ReadonlyArray<PendingLog>): void {
    if (logs.length === 0) return
    if (this.around.services.repo.keepsReports) {
      // The jobs were over when they were reaped; those that go on to a next try may do so now.
      for (const pending of logs) if (!pending.isLast) this.kept(pending)
      return
    }
    this.sending += logs.length
    Reporter.sendAll(this.reporter, logs)
  }

  /** Takes note that a log is accepted or given up. */
  sent(pending: PendingLog): void {
    this.sending--
    this.kept(pending)
  }

  private kept({ isLast, running }: PendingLog): void {
    if (isLast) {
      this.around.starts.endReport(running.job)
      this.around.starts.jobOver(running.job)
    } else if (running.recorded !== undefined) {
      Deferred.doneUnsafe(running.recorded, Exit.void)
    }
  }
}
