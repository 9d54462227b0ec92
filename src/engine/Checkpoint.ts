/**
 * What has changed in a chain since the last checkpoint: the one thing that leaves the engine's loop.
 *
 * The loop reaps all that waits, makes one of these, and hands it to `ChainRepo.set`; only when that is over do the
 * reports go out and the next jobs start. Jobs are named by index; what they are now, a repo reads from `chain`, before
 * `set` first waits for anything. A durable repo stores `logs`, `progress` and the ending with the states they report.
 *
 * @since 0.1.0
 */
import type { JobLog } from "../domain/JobLog.ts"
import type { Chain } from "../domain/Progress.ts"
import type { Signal } from "../domain/Signal.ts"
import type { RequestOutcome } from "./JobReaper.ts"

/** Stands for the time until which a job waits that waits for a signal: a crash meanwhile is none of its try. */
export const forSignal = -1

export interface Checkpoint {
  readonly chain: Chain
  /**
   * Jobs that are new in the chain, or whose wire value or next jobs have changed: the first job of a fan-out that was
   * expanded, and the jobs of its instances. New ones come in the order of their indices.
   */
  readonly added: ReadonlyArray<number>
  /** Jobs whose state, tries or data changed; a job may be listed more than once. */
  readonly changed: ReadonlyArray<number>
  /** The tries that ended. */
  readonly logs: ReadonlyArray<JobLog>
  /** The jobs about to start. They are RUNNING and their try is counted. */
  readonly starting: ReadonlyArray<number>
  /**
   * The jobs that wait before their next try, or their sequence's, until a time in Unix milliseconds; in a try, until a signal
   * comes (`forSignal`); and those that go on after that (0).
   */
  readonly waiting: ReadonlyArray<{ readonly job: number; readonly until: number }>
  /** Signals that came. */
  readonly signals: ReadonlyArray<Signal>
  /** Ids of signals that are used up. */
  readonly usedSignals: ReadonlyArray<string>
  /** Present once, in the last checkpoint. */
  readonly outcome: RequestOutcome | undefined
}
