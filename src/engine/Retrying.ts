/**
 * Decides whether a job whose try has failed tries again, and after which wait.
 *
 * What the chain says comes first: `retry`, `retryWait` and `retryPolicy`. A job type may bring a `Schedule`, which counts
 * where the chain says nothing of it, and a predicate, which always does. Most jobs have neither policy nor type of their own:
 * `JobRunner` asks only where there is something to decide.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import { at } from "../domain/Graph.ts"
import * as Progress from "../domain/Progress.ts"
import * as RetryPolicy from "../domain/RetryPolicy.ts"
import * as Rewind from "../domain/Rewind.ts"
import type { RunningJob } from "./RunningJob.ts"
import type { TryFailure, TypeRetrying } from "./TypeRetrying.ts"

/** Either the wait before the next try, in milliseconds, or why there is none. */
export type Decision = { readonly wait: number } | { readonly refusal: string }

type Retrying = TypeRetrying<unknown, never>

/** Decides on the next try of a job. Steps its type's schedule. */
export const decide = (
  running: RunningJob,
  type: Retrying | undefined,
  failure: TryFailure
): Effect.Effect<Decision> => {
  const { retry, retryPolicy, retryWait } = running.spec
  const schedule = retryPolicy || retryWait ? undefined : type?.schedule
  if (running.retriesLeft <= 0 && (schedule === undefined || retry)) return Effect.succeed(noRetriesLeft)
  if (type?.while !== undefined && !type.while(failure)) return Effect.succeed(refusedByType)
  if (schedule !== undefined) return step(running, schedule, failure)
  if (!retryPolicy) return Effect.succeed({ wait: running.retryWait })
  return Effect.map(Random.next, (random) => {
    const wait = RetryPolicy.waitBefore(retryPolicy, running.retryWait, running.latestTry - 1, random)
    const failed = toFailedTry(failure)
    const refusal = RetryPolicy.refusal(retryPolicy, failed, running.host.elapsedOf(running), wait)
    return refusal === undefined ? { wait } : { refusal }
  })
}

/** Returns what policies look at of a failure. */
export const toFailedTry = ({ error, exit }: TryFailure): RetryPolicy.FailedTry => ({ exit, errorTag: tagOf(error) })

const tagOf = (error: unknown): string | undefined =>
  typeof error === "object" && error !== null && "_tag" in error && typeof error._tag === "string"
    ? error._tag
    : undefined

/** Says why a job that has failed, and whose sequence is not rewound, is not tried again. */
export const whyNot = (chain: Progress.Chain, running: RunningJob): string => {
  const { failure, interruption, job, limit, refusal } = running
  const unmade = running.unclear === undefined ? "it could not be made" : "its condition could not be told"
  const last = failure === undefined ? unmade : refusal ?? noRetriesLeft.refusal
  // A job whose time is up is not tried again whatever else is left.
  const own = limit === undefined ? last : interruption === "timeout" ? limit : `${limit}; ${last}`
  const first = at(chain.sequences.sequenceOf, job)
  if (first < 0) return own
  const failed = failure && toFailedTry(failure)
  const ofSequence = Rewind.refusalOfRetry(chain, first, failed) ?? noRetriesLeft.refusal
  return `${own}; sequence "${chain.graph.ids[first]}": ${ofSequence}`
}

const noRetriesLeft = { refusal: "no retries left" }
const refusedByType: Decision = { refusal: "its type does not try again after this failure" }
const scheduleEnded: Decision = { refusal: "the schedule of its type has ended" }

const step = Effect.fnUntraced(function*(
  running: RunningJob,
  schedule: NonNullable<Retrying["schedule"]>,
  failure: TryFailure
) {
  const now = yield* Clock.currentTimeMillis
  const next = running.scheduleStep ?? (yield* replayed(running, schedule, failure, now))
  running.scheduleStep = next
  return yield* next(now, failure).pipe(
    Effect.map(([, wait]): Decision => ({ wait: Duration.toMillis(wait) })),
    Effect.catchCause(() => Effect.succeed(scheduleEnded))
  )
})

/** A schedule is not data: after a resume it is brought to where it was by the tries that were made. */
const replayed = Effect.fnUntraced(function*(
  running: RunningJob,
  schedule: NonNullable<Retrying["schedule"]>,
  failure: TryFailure,
  now: number
) {
  const next = yield* Schedule.toStep(schedule)
  const begun = now - running.host.elapsedOf(running)
  for (let made = 1; made < running.latestTry; made++) yield* Effect.exit(next(begun, failure))
  return next
})
