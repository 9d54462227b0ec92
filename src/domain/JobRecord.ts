/**
 * What a store keeps of how far a job has come, and how a chain gets it back.
 *
 * A chain is its wire value, as it was when it was taken in, and the records of the jobs that have changed since. Records
 * are small: a job's data is kept as what its own tries wrote, never as what it inherited.
 *
 * @since 0.1.0
 */
import * as DataFlow from "./DataFlow.ts"
import type * as Ending from "./Ending.ts"
import { at } from "./Graph.ts"
import type { JobData } from "./JobData.ts"
import * as JobState from "./JobState.ts"
import * as Progress from "./Progress.ts"
import * as Rewind from "./Rewind.ts"
import type { SparseMap } from "./Sparse.ts"

export interface JobRecord {
  /** The job's index in its chain. */
  readonly job: number
  /** A wire number. */
  readonly state: number
  readonly latestTries: number
  readonly totalTries: number
  /** On a sequence's first job; 0 on others. */
  readonly sequenceTries: number
  /** Place in the order of completion, from 1; 0 while not COMPLETE. */
  readonly completion: number
  /** Whether it still ran when its sequence was rewound. */
  readonly isRewinding: boolean
  /** What its own tries wrote; `undefined` for nothing. */
  readonly writes: JobData | undefined
  /** Present where what it starts from is no longer what the chain came with. */
  readonly base: DataFlow.Base | undefined
  /** How it ended, where its state does not say it. */
  readonly ending: Ending.Special | undefined
  /** Why it was not tried again, where it has failed. */
  readonly reason: string | undefined
  /** How long it has run in this try of its sequence, in milliseconds, where that matters. */
  readonly elapsed: number | undefined
  /** On a sequence's first job: the same of the sequence. */
  readonly sequenceElapsed: number | undefined
  /** The name of the signal that it waits for, while it runs. */
  readonly awaits: string | undefined
}

/** Returns the record of a job as it is now. */
export const make = (chain: Progress.Chain, job: number): JobRecord => ({
  job,
  state: at(chain.states, job),
  latestTries: at(chain.latestTries, job),
  totalTries: at(chain.totalTries, job),
  sequenceTries: at(chain.sequenceTries, job),
  completion: at(chain.completions, job),
  isRewinding: chain.rewinding[job] === 1,
  writes: chain.data.writes.get(job),
  base: chain.data.bases.get(job),
  ending: chain.endings.get(job),
  reason: chain.reasons.get(job),
  elapsed: chain.elapsed.jobs.get(job),
  sequenceElapsed: chain.elapsed.sequences.get(job),
  awaits: chain.states[job] === JobState.RUNNING ? chain.awaited.get(job) : undefined
})

/** Brings a chain that was just compiled from its wire value to where its records say it was. */
export const restore = (chain: Progress.Chain, records: Iterable<JobRecord>): void => {
  for (const record of records) {
    const { job } = record
    chain.states[job] = record.state
    chain.latestTries[job] = record.latestTries
    chain.totalTries[job] = record.totalTries
    chain.sequenceTries[job] = record.sequenceTries
    chain.completions[job] = record.completion
    chain.rewinding[job] = record.isRewinding ? 1 : 0
    DataFlow.restore(chain.data, job, record.writes, record.base)
    restoreTo(chain.endings, job, record.ending)
    restoreTo(chain.reasons, job, record.reason)
    restoreTo(chain.elapsed.jobs, job, record.elapsed)
    restoreTo(chain.elapsed.sequences, job, record.sequenceElapsed)
    restoreTo(chain.awaited, job, record.awaits)
  }
  Progress.recount(chain)
}

const restoreTo = <A>(kept: SparseMap<number, A>, job: number, value: A | undefined): void => {
  if (value === undefined) kept.delete(job)
  else kept.set(job, value)
}

/**
 * Takes back what ran when the process that ran the chain was cut off, and returns those jobs.
 *
 * Their try is as if it had not begun, so that it begins again under the same number. One whose sequence was rewound
 * meanwhile is rewound now, and is not among them.
 */
export const takeBackRunning = (chain: Progress.Chain): ReadonlyArray<number> => {
  const cutOff: Array<number> = []
  for (let job = 0; job < chain.jobs.length; job++) {
    if (chain.states[job] !== JobState.RUNNING) continue
    chain.awaited.delete(job)
    if (chain.rewinding[job] === 1) {
      Rewind.endRewinding(chain, job)
    } else {
      Progress.unstart(chain, job)
      cutOff.push(job)
    }
  }
  return cutOff
}
