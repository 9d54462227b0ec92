/**
 * A request, and what is said of it while its chain runs: progress, the final state, which jobs are running.
 *
 * The shapes on the wire are those of spincycle's proto package.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { JobChain } from "./JobChain.ts"
import { MillisFromNanos, StateFromCode } from "./JobLog.ts"
import { JobState } from "./JobState.ts"

// `Date.parse` alone also takes "1", and times without a zone.
const rfc3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[-+]\d\d:\d\d)$/

const MillisFromRfc3339 = Schema.String.check(
  Schema.makeFilter((text) =>
    (rfc3339.test(text) && !Number.isNaN(Date.parse(text))) || `Expected a time such as "2026-11-24T02:16:06Z"`
  )
).pipe(
  Schema.decodeTo(
    Schema.Number,
    SchemaTransformation.transform({
      decode: (text) => Date.parse(text),
      encode: (milliseconds) => new Date(milliseconds).toISOString()
    })
  )
)

/** How many jobs the chain has by now: our own addition, there only where a fan-out may have brought some. */
const totalJobs = Schema.optionalKey(Schema.Number)

/** Schema for the final state of a request. */
export const FinishRequest = Schema.Struct({
  requestId: Schema.String,
  /** COMPLETE, FAIL or STOPPED. */
  state: StateFromCode,
  /** Unix milliseconds here, RFC 3339 on the wire. */
  finishedAt: MillisFromRfc3339,
  finishedJobs: Schema.Number,
  totalJobs
}).annotate({ identifier: "FinishRequest" })
export interface FinishRequest extends Schema.Schema.Type<typeof FinishRequest> {}

/** Schema for how many jobs of a request are finished. */
export const RequestProgress = Schema.Struct({
  requestId: Schema.String,
  finishedJobs: Schema.Number,
  totalJobs
}).annotate({ identifier: "RequestProgress" })
export interface RequestProgress extends Schema.Schema.Type<typeof RequestProgress> {}

/** Schema for the status of a running job. */
export const JobStatus = Schema.Struct({
  requestId: Schema.String,
  jobId: Schema.String,
  type: Schema.String,
  name: Schema.String,
  /** When the present try started, or the wait for the next one began. */
  startedAt: MillisFromNanos,
  state: StateFromCode,
  /** What the job says of itself; begins with `(retry sleep) ` while it waits between tries. */
  status: Schema.String,
  try: Schema.Number
}).annotate({ identifier: "JobStatus" })
export interface JobStatus extends Schema.Schema.Type<typeof JobStatus> {}

/** Schema for a request as a Request Manager keeps it. Times are Unix milliseconds. */
export const Request = Schema.Struct({
  id: Schema.String,
  type: Schema.String,
  state: JobState,
  user: Schema.String,
  args: Schema.Record(Schema.String, Schema.Unknown),
  createdAt: Schema.Number,
  startedAt: Schema.optionalKey(Schema.Number),
  finishedAt: Schema.optionalKey(Schema.Number),
  totalJobs: Schema.Number,
  finishedJobs: Schema.Number
}).annotate({ identifier: "Request" })
export interface Request extends Schema.Schema.Type<typeof Request> {}

/** Schema for what a request is created with. */
export const CreateRequest = Schema.Struct({
  jobChain: JobChain,
  type: Schema.optionalKey(Schema.String),
  args: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
  user: Schema.optionalKey(Schema.String)
}).annotate({ identifier: "CreateRequest" })
export type CreateRequest = typeof CreateRequest.Type
