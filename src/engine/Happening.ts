/**
 * What can happen to a chain that runs, as its traversal's queue holds it.
 *
 * @since 0.1.0
 */
import type { JobLog } from "../domain/JobLog.ts"
import type { RunningJob } from "./RunningJob.ts"
import type { SentSignal } from "./SignalBox.ts"
import type { Limit } from "./TimeLimits.ts"
import type { Wait } from "./Waits.ts"

export type Happening =
  | { readonly _tag: "JobEnded"; readonly running: RunningJob; readonly log: JobLog | undefined }
  | { readonly _tag: "TryEnded"; readonly running: RunningJob; readonly log: JobLog }
  /** It is not to run again, because too many crashes met it. */
  | { readonly _tag: "GivenUp"; readonly running: RunningJob; readonly log: JobLog }
  | { readonly _tag: "LogSent"; readonly pending: PendingLog }
  | { readonly _tag: "WaitEnded"; readonly wait: Wait }
  | { readonly _tag: "LimitReached"; readonly limit: Limit }
  | { readonly _tag: "StopTimedOut"; readonly logs: ReadonlyArray<readonly [RunningJob, JobLog]> }
  | { readonly _tag: "Signalled"; readonly sent: SentSignal }
  | { readonly _tag: "Woken" }

/** One try's log, and what goes on when it is kept, accepted or given up. */
export interface PendingLog {
  readonly running: RunningJob
  readonly log: JobLog
  /** Whether the job has ended with it, rather than going on to its next try. */
  readonly isLast: boolean
}
