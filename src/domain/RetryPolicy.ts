/**
 * When a failed try of a job, or of a sequence, is worth another one, and how long to wait before it.
 *
 * How many further tries there may be is `retry`, and the first wait `retryWait`; a policy says what else holds. It is data,
 * so that it means the same in chain files, on the wire and in every store; job types can bring more (`JobType.Retrying`).
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as GoDuration from "./GoDuration.ts"

const field = <S extends Schema.Constraint>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

/** Schema for a policy on the wire. `Validation` looks at what it says. */
export const RetryPolicy = Schema.StructWithRest(
  Schema.Struct({
    /** Each wait is so many times the one before, from 1; 1 unless given. */
    factor: field(Schema.Number),
    /** No wait is longer, a Go duration; a day unless given. */
    maxWait: field(Schema.String),
    /** Which part of each wait is left to chance, from 0 to 1: with 0.25 it is between three quarters and all of it. */
    jitter: field(Schema.Number),
    /** No try begins later than this after the first one began, a Go duration; time spent suspended does not count. */
    maxElapsed: field(Schema.String),
    /** The exit codes that are worth another try. */
    exits: field(Schema.Array(Schema.Number)),
    /** The tags of errors that are worth another try. With `exits`, one of both is enough; with neither, every failure is. */
    errors: field(Schema.Array(Schema.String))
  }),
  [Schema.Record(Schema.String, Schema.Unknown)]
).annotate({ identifier: "RetryPolicy" })
export type RetryPolicy = typeof RetryPolicy.Type

/** How a try has failed, as far as policies look at it. */
export interface FailedTry {
  readonly exit: number
  /** The tag of the error it failed with; `undefined` where it had none. */
  readonly errorTag: string | undefined
}

/** What is not said otherwise: a wait that grows without end is a mistake. */
const maxWaitDefault = 24 * 60 * 60 * 1000

/**
 * Returns the wait before the next try, in milliseconds.
 *
 * `retries` is how many further tries there have been before, and `random` a number from 0 to below 1.
 */
export const waitBefore = (policy: RetryPolicy, firstWait: number, retries: number, random: number): number => {
  const { factor, jitter, maxWait } = policy
  const longest = maxWait ? GoDuration.parse(maxWait) ?? 0 : Math.max(firstWait, maxWaitDefault)
  const wait = Math.min(longest, firstWait * (factor ?? 1) ** retries)
  return jitter ? Math.round(wait * (1 - jitter * random)) : wait
}

/** Returns why a failure is not worth another try after a wait, both in milliseconds; `undefined` where it is. */
export const refusal = (
  policy: RetryPolicy,
  { errorTag, exit }: FailedTry,
  elapsed: number,
  wait: number
): string | undefined => {
  const { errors, exits, maxElapsed } = policy
  const isListed = (!exits && !errors) || exits?.includes(exit) === true ||
    (errorTag !== undefined && errors?.includes(errorTag) === true)
  if (!isListed) return `${errorTag === undefined ? "" : `error ${errorTag}, `}exit ${exit} is not to be tried again`
  if (maxElapsed && elapsed + wait > (GoDuration.parse(maxElapsed) ?? 0)) {
    return `the next try would begin later than ${maxElapsed} after the first`
  }
  return undefined
}
