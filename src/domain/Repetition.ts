/**
 * How long a job or a sequence may take with all its tries and the waits between them, in milliseconds.
 *
 * @since 0.1.0
 */
import * as GoDuration from "./GoDuration.ts"
import type { Job } from "./JobChain.ts"
import * as RetryPolicy from "./RetryPolicy.ts"

/** Returns a limit in milliseconds; `Infinity` for none. */
export const limit = (text: string | null | undefined): number =>
  text ? GoDuration.parse(text) ?? Number.POSITIVE_INFINITY : Number.POSITIVE_INFINITY

/** Returns the time of a job with all tries it has in one try of its sequence. */
export const ofJob = (job: Job, tryTime: number): number =>
  timeOf({
    once: tryTime,
    retries: job.retry ?? 0,
    wait: GoDuration.parse(job.retryWait ?? "") ?? 0,
    policy: job.retryPolicy ?? {},
    whole: limit(job.totalTimeout)
  })

/** Returns the time of a sequence, which takes `once`, with all its tries in one try of the sequence around it. */
export const ofSequence = (first: Job, once: number): number =>
  timeOf({
    once,
    retries: first.sequenceRetry ?? 0,
    wait: GoDuration.parse(first.sequenceRetryWait ?? "") ?? 0,
    policy: first.sequenceRetryPolicy ?? {},
    whole: limit(first.sequenceTimeout)
  })

interface Repetition {
  readonly once: number
  readonly retries: number
  readonly wait: number
  readonly policy: RetryPolicy.RetryPolicy
  /** The limit on all of it. */
  readonly whole: number
}

const timeOf = ({ once, policy, retries, wait, whole }: Repetition): number => {
  const all = (1 + retries) * once + waits(policy, wait, retries)
  // The last try begins in time, and then takes its own.
  return Math.min(all, whole, limit(policy.maxElapsed) + once)
}

/** Returns the sum of the waits before so many retries: they grow until they are as long as they may be. */
const waits = (policy: RetryPolicy.RetryPolicy, first: number, retries: number): number => {
  if (retries === 0 || first === 0) return 0
  let sum = 0
  let last = -1
  for (let retry = 0; retry < retries; retry++) {
    const wait = RetryPolicy.waitBefore(policy, first, retry, 0)
    if (wait === last) return sum + (retries - retry) * wait
    sum += wait
    last = wait
  }
  return sum
}
