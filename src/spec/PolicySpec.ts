/**
 * What people write about retries, timeouts, stops and limits, in jobs, sequences and chains.
 *
 * On the wire it has the same names, but for that of a sequence: there it is on the first job, as `sequence…`.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as GoDuration from "../domain/GoDuration.ts"

const durationPattern = "^(?:0|(?:(?:\\d+\\.?\\d*|\\.\\d+)(?:ns|us|µs|ms|s|m|h))+)?$"

const aWait = { expected: `a duration ≥ 0 such as "500ms", "5s" or "1m30s"` }

/** Schema for a time to wait, a Go duration. */
export const Wait = Schema.String.annotate(aWait).check(Schema.makeFilter(
  (text) => (GoDuration.parse(text) ?? -1) >= 0,
  { ...aWait, toJsonSchema: () => ({ pattern: durationPattern }) }
))

const aLimit = { expected: `a duration > 0 such as "500ms", "5s" or "1m30s"` }

const Limit = Schema.String.annotate(aLimit).check(Schema.makeFilter(
  (text) => (GoDuration.parse(text) ?? 0) > 0,
  {
    ...aLimit,
    toJsonSchema: () => ({ pattern: durationPattern }),
    // Hardly any text is a duration: those that make specs at random are told which are.
    arbitraryConstraint: { patterns: [{ source: "^[1-9][0-9]?(?:ms|s|m|h)$", flags: "" }] }
  }
))

const aNumberOfJobs = { expected: "a number of jobs from 1" }
const NumberOfJobs = Schema.Number.annotate(aNumberOfJobs).check(
  Schema.isInt(aNumberOfJobs),
  Schema.isGreaterThanOrEqualTo(1, aNumberOfJobs)
)

const aWholeNumber = { expected: "a whole number" }
const aFactor = { expected: "a number ≥ 1" }
const aPart = { expected: "a number from 0 to 1" }

const list = <S extends Schema.Constraint>(items: S, expected: string) => Schema.Array(items).annotate({ expected })

/** Schema for when failures are worth another try. */
export const RetryPolicy = Schema.Struct({
  factor: Schema.optionalKey(
    Schema.Number.annotate(aFactor).check(Schema.isGreaterThanOrEqualTo(1, aFactor)).annotate({
      description: "Each wait is so many times the one before.",
      default: 1
    })
  ),
  maxWait: Schema.optionalKey(Wait.annotate({ description: "No wait is longer, a Go duration.", default: "24h" })),
  jitter: Schema.optionalKey(
    Schema.Number.annotate(aPart).check(
      Schema.isGreaterThanOrEqualTo(0, aPart),
      Schema.isLessThanOrEqualTo(1, aPart)
    ).annotate({ description: "The part of each wait that is left to chance.", default: 0 })
  ),
  maxElapsed: Schema.optionalKey(
    Limit.annotate({ description: "No try begins later than this after the first, a Go duration." })
  ),
  exits: Schema.optionalKey(
    list(Schema.Int.annotate({ expected: "an exit code" }), "a list of exit codes").annotate({
      description: "The exit codes that are worth another try; all, unless given."
    })
  ),
  errors: Schema.optionalKey(
    list(Schema.String.annotate({ expected: "an error tag" }), "a list of error tags").annotate({
      description: "The tags of errors that are worth another try; all, unless given."
    })
  )
}).annotate({ expected: "a map" })

const retryPolicy = Schema.optionalKey(RetryPolicy.annotate({
  description: "Which failures are worth another try, and how the waits before it grow.",
  examples: [{ factor: 2, maxWait: "1m", jitter: 0.2 }, { exits: [75] }]
}))

/** The fields of a job. */
export const job = {
  retryPolicy,
  timeout: Schema.optionalKey(
    Limit.annotate({ description: "How long each try may take, a Go duration.", examples: ["30s", "1h"] })
  ),
  totalTimeout: Schema.optionalKey(
    Limit.annotate({ description: "How long it may take with all its tries and waits, a Go duration." })
  ),
  stopGrace: Schema.optionalKey(
    Wait.annotate({ description: "How long it may take to end when it is interrupted, before it is killed." })
  ),
  stopTimeout: Schema.optionalKey(
    Limit.annotate({ description: "How long it may take in all when it is interrupted, before it is abandoned." })
  ),
  priority: Schema.optionalKey(
    Schema.Number.annotate(aWholeNumber).check(Schema.isInt(aWholeNumber)).annotate({
      description: "Of the jobs that wait for a limit, those of a higher priority start first.",
      default: 0
    })
  ),
  concurrencyKey: Schema.optionalKey(
    Schema.String.annotate({ expected: "a text that is not empty" }).check(
      Schema.isNonEmpty({ expected: "a text that is not empty" })
    ).annotate({
      description: "Jobs with the same key, of all chains, run one at a time, or as many as the process allows."
    })
  )
}

/** The fields of a sequence. */
export const sequence = {
  retryPolicy,
  timeout: Schema.optionalKey(
    Limit.annotate({ description: "How long it may take with all its tries and waits, a Go duration." })
  ),
  siblings: Schema.optionalKey(
    Schema.Literals(["interrupt", "finish"]).annotate({
      expected: `"interrupt" or "finish"`,
      description: "What becomes of its running jobs when it is to be tried again.",
      default: "interrupt"
    })
  )
}

const jobsByName = Schema.Record(Schema.String, NumberOfJobs).annotate({ expected: "a map" })

/** The fields of a chain. */
export const chain = {
  timeout: Schema.optionalKey(
    Limit.annotate({ description: "How long the chain may run in all, a Go duration." })
  ),
  limits: Schema.optionalKey(
    Schema.Struct({
      jobs: Schema.optionalKey(NumberOfJobs.annotate({ description: "How many of its jobs may run at once." })),
      types: Schema.optionalKey(
        jobsByName.annotate({ description: "How many of its jobs of a type may run at once." })
      ),
      keys: Schema.optionalKey(
        jobsByName.annotate({
          description: "It starts no job with the key while so many of all chains run."
        })
      )
    }).annotate({ expected: "a map", description: "How many jobs may run at once." })
  )
}

/** What of it one of these may have. */
export type Of<Fields extends Readonly<Record<string, Schema.Constraint>>> = Schema.Struct<Fields>["Type"]
