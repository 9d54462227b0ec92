/**
 * The record of one try of a job, as a Request Manager keeps it (spincycle proto.JobLog).
 *
 * (request, job, try) is unique. Times are Unix milliseconds here and nanosecond integers on the wire; both are 0 for a
 * job that never ran.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as JobState from "./JobState.ts"

/** Schema for a state: its number on the wire, its word here. A number that means nothing decodes to UNKNOWN. */
export const StateFromCode = Schema.Number.pipe(Schema.decodeTo(
  JobState.JobState,
  SchemaTransformation.transform({ decode: JobState.fromCode, encode: JobState.toCode })
))

/** Schema for a time: nanoseconds on the wire, milliseconds here. */
export const MillisFromNanos = Schema.Number.pipe(Schema.decodeTo(
  Schema.Number,
  SchemaTransformation.transform({
    // To the microsecond, which is what a double holds of such a time in milliseconds.
    decode: (nanoseconds) => Math.round(nanoseconds / 1e3) / 1e3,
    encode: (milliseconds) => Math.round(milliseconds * 1e6)
  })
))

/** Schema for a job log. */
export const JobLog = Schema.Struct({
  requestId: Schema.String,
  jobId: Schema.String,
  /** The job's total try number, from 1. */
  try: Schema.Number,
  name: Schema.String,
  type: Schema.String,
  startedAt: MillisFromNanos,
  finishedAt: MillisFromNanos,
  state: StateFromCode,
  exit: Schema.Number,
  error: Schema.String,
  stdout: Schema.String,
  stderr: Schema.String
}).annotate({ identifier: "JobLog" })
export interface JobLog extends Schema.Schema.Type<typeof JobLog> {}
