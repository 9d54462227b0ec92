/**
 * What has come together in a chain for its next checkpoint.
 *
 * @since 0.1.0
 */
import type { JobLog } from "../domain/JobLog.ts"
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
  readonly chain: Chain

  constructor(chain: Chain) {
    this.chain = chain
  }

  get isEmpty(): boolean {
    return this.changed.length + this.logs.length + this.starting.length + this.waiting.length === 0 &&
      this.signals.length + this.usedSignals.length === 0
  }

  /** Makes the checkpoint. What it reports and starts stays here, to be taken when it is kept. */
  take(outcome?: RequestOutcome): Checkpoint {
    const taken = new TakenCheckpoint(this, outcome)
    if (taken.added.length > 0) this.added = []
    this.changed = []
    if (taken.waiting.length > 0) this.waiting = []
    if (taken.signals.length > 0) this.signals = []
    if (taken.usedSignals.length > 0) this.usedSignals = []
    return taken
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

/** Lists what is asked for: a repo that keeps the chain itself asks for nothing, and a checkpoint can be a single job's. */
class TakenCheckpoint implements Checkpoint {
  readonly chain: Chain
  readonly added: ReadonlyArray<number>
  readonly changed: ReadonlyArray<number>
  readonly waiting: Checkpoint["waiting"]
  readonly signals: ReadonlyArray<Signal>
  readonly usedSignals: ReadonlyArray<string>
  readonly outcome: RequestOutcome | undefined
  private readonly ended: ReadonlyArray<PendingLog>
  private readonly started: ReadonlyArray<RunningJob>

  constructor(draft: CheckpointDraft, outcome: RequestOutcome | undefined) {
    this.chain = draft.chain
    this.added = draft.added
    this.changed = draft.changed
    this.waiting = draft.waiting
    this.signals = draft.signals
    this.usedSignals = draft.usedSignals
    this.outcome = outcome
    this.ended = draft.logs
    this.started = draft.starting
  }

  get logs(): ReadonlyArray<JobLog> {
    return this.ended.map((pending) => pending.log)
  }

  get starting(): ReadonlyArray<number> {
    return this.started.map((running) => running.job)
  }
}
