/**
 * What has come together in a chain for its next checkpoint.
 *
 * @since 0.1.0
 */
import type { Chain } from "../domain/Progress.ts"
import type { Signal } from "../domain/Signal.ts"
import type { Checkpoint } from "./Checkpoint.ts"
import type { PendingLog } from "./Happening.ts"
import type { RequestOutcome } from "./JobReaper.ts"
import type { RunningJob } from "./RunningJob.ts"

export class CheckpointDraft {
  added: Array<number> = []
  changed: Array<number> = []
  waiting: Array<Checkpoint["waiting"][number]> = []
  signals: Array<Signal> = []
  /** Ids. */
  usedSignals: Array<string> = []
  /** Until they are sent. */
  logs: Array<PendingLog> = []
  /** Until they are started. */
  starting: Array<RunningJob> = []
  private readonly chain: Chain

  constructor(chain: Chain) {
    this.chain = chain
  }

  get isEmpty(): boolean {
    return this.changed.length + this.logs.length + this.starting.length + this.waiting.length === 0 &&
      this.signals.length + this.usedSignals.length === 0
  }

  /** Makes the checkpoint. What it reports and starts stays here, to be taken when it is kept. */
  take(outcome?: RequestOutcome): Checkpoint {
    const { added, chain, changed, logs, signals, starting, usedSignals, waiting } = this
    if (added.length > 0) this.added = []
    this.changed = []
    this.waiting = []
    if (signals.length > 0) this.signals = []
    if (usedSignals.length > 0) this.usedSignals = []
    return {
      chain,
      added,
      changed,
      logs: logs.map((pending) => pending.log),
      starting: starting.map((running) => running.job),
      waiting,
      signals,
      usedSignals,
      outcome
    }
  }

  takeLogs(): ReadonlyArray<PendingLog> {
    const { logs } = this
    if (logs.length > 0) this.logs = []
    return logs
  }

  takeStarting(): ReadonlyArray<RunningJob> {
    const { starting } = this
    if (starting.length > 0) this.starting = []
    return starting
  }
}
