/**
 * The wire values of a chain: what a Request Manager sends, a chain file becomes and a suspended chain is kept as.
 *
 * They are never changed. `Chain` is their compiled form and holds the progress; `Validation` says which of them can run.
 * The shapes are the reference's (spincycle proto.Job, proto.JobChain, proto.SuspendedJobChain): a field that is absent
 * or `null` has Go's zero value, and fields not listed here are kept and given back.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { JobData } from "./JobData.ts"
import { RetryPolicy } from "./RetryPolicy.ts"
import { Signal } from "./Signal.ts"

const field = <S extends Schema.Constraint>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

const unknownFields = [Schema.Record(Schema.String, Schema.Unknown)] as const

/** Schema for a job on the wire. States are numbers and waits Go durations here: `Validation` looks at what they say. */
export const Job = Schema.StructWithRest(
  Schema.Struct({
    /** Unique in its chain, and the job's key in `jobs`. */
    id: field(Schema.String),
    name: field(Schema.String),
    /** Names the job type that runs it. */
    type: field(Schema.String),
    /** The serialized job, in base64: what a Request Manager sends instead of `args`. */
    bytes: field(Schema.String),
    /** A number, see `JobState`. */
    state: field(Schema.Number),
    args: field(Schema.Record(Schema.String, Schema.Unknown)),
    data: field(JobData),
    /** How often the job may be tried again after its first try, per try of its sequence. */
    retry: field(Schema.Number),
    /** The wait before each further try, a Go duration. */
    retryWait: field(Schema.String),
    /** The id of the first job of the sequence this job belongs to; empty for none. */
    sequenceId: field(Schema.String),
    /** On a sequence's first job: how often the sequence may be tried again. */
    sequenceRetry: field(Schema.Number),
    /** On a sequence's first job: the wait before each further try of the sequence, a Go duration. */
    sequenceRetryWait: field(Schema.String),
    /** What the job's data was in the chain, where a suspended chain's `data` differs from it. */
    initialData: field(JobData),
    /** On a COMPLETE job: grows in the order of completion; absent, the order is that of the job ids. */
    completion: field(Schema.Number),
    /** Which failures are worth a further try, and how the waits before them grow. */
    retryPolicy: field(RetryPolicy),
    /** How long each try may take, a Go duration. A try that takes longer is interrupted and FAIL. */
    timeout: field(Schema.String),
    /** How long the job may take with all its tries and waits, per try of its sequence; a Go duration. */
    totalTimeout: field(Schema.String),
    /** How long the job may take to end when it is interrupted, before its type kills it; a Go duration. */
    stopGrace: field(Schema.String),
    /** How long it may take in all before it is abandoned; the setting of the run unless given. */
    stopTimeout: field(Schema.String),
    /** Of the jobs that wait for a limit, those of a higher priority start first; 0 unless given. */
    priority: field(Schema.Number),
    /** Jobs with the same key share the limits of that key, across all chains of the process. */
    concurrencyKey: field(Schema.String),
    /** On a sequence's first job: `retryPolicy` for the sequence. */
    sequenceRetryPolicy: field(RetryPolicy),
    /** On a sequence's first job: how long the sequence may take with all its tries and waits; a Go duration. */
    sequenceTimeout: field(Schema.String),
    /**
     * On a sequence's first job: what becomes of its running jobs when it is to be tried again: `"interrupt"`, unless given,
     * or `"finish"`, which waits for them.
     */
    sequenceSiblings: field(Schema.String),
    /** The condition on which the job runs, looked at when it would start; not met, the job is skipped. */
    when: field(Schema.String),
    /** On a sequence's first job: the condition on which the sequence runs; not met, its whole extent is skipped. */
    sequenceWhen: field(Schema.String),
    /** What else is to be said of how the job ended: one of the `specials` of `Ending`. */
    ending: field(Schema.String),
    /** On a job that has failed: why it was not tried again. */
    reason: field(Schema.String),
    /**
     * On the first job of an instance of a fan-out: the data that tells the instance from the others. It stands over what the
     * jobs before hand on.
     */
    item: field(JobData),
    /** On the first job of a fan-out: how many of its instances may be under way at once; all unless given. */
    parallel: field(Schema.Number),
    each: field(Schema.suspend((): Schema.Codec<Each> => Each))
  }),
  unknownFields
).annotate({ identifier: "Job" })
export type Job = typeof Job.Type

/**
 * On the first job of a fan-out over a list that is known only when that job is COMPLETE: `template` once for each item, between
 * this job and the one right after it. See `Expansion`.
 */
export interface Each {
  /** The key of the list in the job's data. */
  readonly from?: string | null
  /** The key under which each instance has its item in its data; also what `${…}` in its args means. */
  readonly as?: string | null
  /** Where items are objects: the field that names an item; its place in the list unless given. */
  readonly key?: string | null
  readonly template?: Template | null
}

/** Jobs and what comes after what, by the part of their ids that comes after the item's key; one is first and one last. */
export interface Template {
  readonly jobs?: Readonly<Record<string, Job>> | null
  readonly adjacencyList?: Readonly<Record<string, ReadonlyArray<string> | null>> | null
}

/** Schema for a fan-out over a list that is known only at run time. */
export const Each: Schema.Codec<Each> = Schema.StructWithRest(
  Schema.Struct({
    from: field(Schema.String),
    as: field(Schema.String),
    key: field(Schema.String),
    template: field(Schema.Struct({
      jobs: field(Schema.Record(Schema.String, Job)),
      adjacencyList: field(Schema.Record(Schema.String, Schema.NullOr(Schema.Array(Schema.String))))
    }))
  }),
  unknownFields
).annotate({ identifier: "Each" })

/** Schema for the limits of a chain: each a number of jobs, from 1. */
export const ChainLimits = Schema.StructWithRest(
  Schema.Struct({
    /** Of all its jobs. */
    jobs: field(Schema.Number),
    /** Of the jobs of a type, by its name. */
    types: field(Schema.Record(Schema.String, Schema.Number)),
    /** Of the jobs of a `concurrencyKey`: this chain starts none while so many run in the whole process. */
    keys: field(Schema.Record(Schema.String, Schema.Number))
  }),
  unknownFields
).annotate({ identifier: "ChainLimits" })
export type ChainLimits = typeof ChainLimits.Type

/** Schema for a chain on the wire. */
export const JobChain = Schema.StructWithRest(
  Schema.Struct({
    requestId: field(Schema.String),
    /** Job id → job. */
    jobs: field(Schema.Record(Schema.String, Job)),
    /** Job id → ids of the jobs right after it. */
    adjacencyList: field(Schema.Record(Schema.String, Schema.NullOr(Schema.Array(Schema.String)))),
    /** A number, see `JobState`. */
    state: field(Schema.Number),
    /** How many jobs are COMPLETE. */
    finishedJobs: field(Schema.Number),
    /** How long the chain may run in all, a Go duration; time spent suspended does not count. */
    timeout: field(Schema.String),
    /** How many of the chain's jobs may run at once. */
    limits: field(ChainLimits)
  }),
  unknownFields
).annotate({ identifier: "JobChain" })
export type JobChain = typeof JobChain.Type

/** Id → count. */
const Tries = Schema.Record(Schema.String, Schema.Number)

/** Whether jobs may join a chain while it runs. */
export const hasFanOuts = ({ jobs }: JobChain): boolean => Object.values(jobs ?? {}).some(({ each }) => each)

/** Schema for how long a chain has run, where that is limited; in milliseconds, and what is missing is 0. */
export const WireElapsed = Schema.Struct({
  chain: field(Schema.Number),
  /** Job id → how long it has run in the latest try of its sequence, waits included. */
  jobs: field(Tries),
  /** Id of a sequence's first job → how long the sequence has run, in the latest try of the one around it. */
  sequences: field(Tries)
})
export type WireElapsed = typeof WireElapsed.Type

/** Schema for a suspended chain on the wire: the chain with the counts that a resume goes on from. */
export const SuspendedJobChain = Schema.StructWithRest(
  Schema.Struct({
    requestId: field(Schema.String),
    jobChain: field(JobChain),
    /** Job id → all its tries; a missing id is 0. */
    totalJobTries: field(Tries),
    /** Job id → its tries in the latest try of its sequence; a missing id is 0. */
    latestRunJobTries: field(Tries),
    /** Id of a sequence's first job → the sequence's tries; a missing id is 0. */
    sequenceTries: field(Tries),
    /** How long the chain, its jobs and its sequences have run, where that is limited. */
    elapsed: field(WireElapsed),
    /** The signals that came and are not used up, in the order in which they came. */
    signals: field(Schema.Array(Signal))
  }),
  unknownFields
).annotate({ identifier: "SuspendedJobChain" })
export type SuspendedJobChain = typeof SuspendedJobChain.Type
