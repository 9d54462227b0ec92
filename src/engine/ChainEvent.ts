/**
 * What happens to a chain, as it happens: a public format.
 *
 * `Traverser.events` is a stream of these; the live view and the `ndjson` output are made of it. Every event has a time
 * in Unix milliseconds and a number that grows by one with each event of the chain, so a gap shows what was lost.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { JobState } from "../domain/JobState.ts"

const common = {
  requestId: Schema.String,
  /** Unix milliseconds. */
  at: Schema.Number,
  /** A snapshot has that of the last event it includes, and `lost` that of the last lost one. */
  number: Schema.Number
}

/** Schema for where a job stands. */
export const JobSnapshot = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  type: Schema.String,
  state: JobState,
  /** The job's total tries. */
  tries: Schema.Number,
  /** Whether it is COMPLETE because it was skipped; absent where it was not. */
  skipped: Schema.optionalKey(Schema.Boolean)
})

/** The first thing a listener gets: where every job stands when it begins to listen. */
export const Snapshot = Schema.TaggedStruct("snapshot", {
  ...common,
  state: JobState,
  finishedJobs: Schema.Number,
  jobs: Schema.Array(JobSnapshot)
})

/** This listener was too slow: so many events are missing here. */
export const Lost = Schema.TaggedStruct("lost", { ...common, count: Schema.Number })

export const ChainStarted = Schema.TaggedStruct("chainStarted", { ...common, jobs: Schema.Number })

export const JobStarted = Schema.TaggedStruct("jobStarted", { ...common, jobId: Schema.String, try: Schema.Number })

/** A job waits before its next try, or a sequence before its next one; `jobId` is then its first job. */
export const JobWaiting = Schema.TaggedStruct("jobWaiting", {
  ...common,
  jobId: Schema.String,
  for: Schema.Literals(["retry", "sequenceRetry"]),
  /** Unix milliseconds. */
  until: Schema.Number
})

/** A try ended. Where tries are left, the job goes on; `jobEnded` follows otherwise. */
export const TryEnded = Schema.TaggedStruct("tryEnded", {
  ...common,
  jobId: Schema.String,
  try: Schema.Number,
  state: JobState,
  exit: Schema.Number,
  error: Schema.String,
  startedAt: Schema.Number,
  finishedAt: Schema.Number
})

/** A job is over, for this try of its sequence: in `state`, or rewound and PENDING again. */
export const JobEnded = Schema.TaggedStruct("jobEnded", { ...common, jobId: Schema.String, state: JobState })

/** A job is COMPLETE without having run, because a condition was not met. */
export const JobSkipped = Schema.TaggedStruct("jobSkipped", {
  ...common,
  jobId: Schema.String,
  condition: Schema.String,
  /** The first job of the sequence whose condition it was, where it was not the job's own. */
  sequenceId: Schema.optionalKey(Schema.String)
})

/** A fan-out's first job is COMPLETE, and its list is known: the jobs of its instances are in the chain now. */
export const JobsAdded = Schema.TaggedStruct("jobsAdded", {
  ...common,
  /** The fan-out's first job. */
  jobId: Schema.String,
  jobs: Schema.Array(JobSnapshot),
  /** Jobs of items that were in the list in an earlier try of the sequence around, and are not now. */
  removedJobIds: Schema.Array(Schema.String)
})

/** A sequence goes back to its start because `failedJobId` has failed. */
export const SequenceRewound = Schema.TaggedStruct("sequenceRewound", {
  ...common,
  /** The sequence's first job. */
  sequenceId: Schema.String,
  failedJobId: Schema.String,
  /** Every job that went back. */
  jobIds: Schema.Array(Schema.String),
  /** How often the sequence has been tried so far. */
  tries: Schema.Number
})

export const Status = Schema.TaggedStruct("status", { ...common, jobId: Schema.String, status: Schema.String })

/** A piece of a job's output as text; a character cut in two at the end of a piece is joined in the next. */
export const Output = Schema.TaggedStruct("output", {
  ...common,
  jobId: Schema.String,
  try: Schema.Number,
  stream: Schema.Literals(["stdout", "stderr"]),
  text: Schema.String
})

/** A signal came. */
export const SignalReceived = Schema.TaggedStruct("signalReceived", { ...common, name: Schema.String })

export const Progress = Schema.TaggedStruct("progress", {
  ...common,
  finishedJobs: Schema.Number,
  jobs: Schema.Number
})

/** The chain is being stopped or suspended, or takes too long: running jobs are interrupted and waited for. */
export const ChainStopping = Schema.TaggedStruct("chainStopping", {
  ...common,
  reason: Schema.Literals(["stop", "suspend", "timeout"])
})

/** The last event. */
export const ChainEnded = Schema.TaggedStruct("chainEnded", {
  ...common,
  state: JobState,
  finishedJobs: Schema.Number
})

/** Schema for every event. */
export const ChainEvent = Schema.Union([
  Snapshot,
  Lost,
  ChainStarted,
  JobStarted,
  JobWaiting,
  TryEnded,
  JobEnded,
  JobSkipped,
  JobsAdded,
  SequenceRewound,
  Status,
  Output,
  SignalReceived,
  Progress,
  ChainStopping,
  ChainEnded
])
export type ChainEvent = typeof ChainEvent.Type
