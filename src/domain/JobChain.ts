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
    completion: field(Schema.Number)
  }),
  unknownFields
).annotate({ identifier: "Job" })
export type Job = typeof Job.Type

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
    finishedJobs: field(Schema.Number)
  }),
  unknownFields
).annotate({ identifier: "JobChain" })
export type JobChain = typeof JobChain.Type

const Tries = Schema.Record(Schema.String, Schema.Number)

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
    sequenceTries: field(Tries)
  }),
  unknownFields
).annotate({ identifier: "SuspendedJobChain" })
export type SuspendedJobChain = typeof SuspendedJobChain.Type
