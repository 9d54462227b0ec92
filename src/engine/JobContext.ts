/**
 * What a job sees of its surroundings while it runs: the second argument of a job type's `run`.
 *
 * Built by the job runner for each try. What it can do may be taken out of it: `run: (_, { setData, write }) => …`.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type { JobData } from "../domain/JobData.ts"
import type { Reason } from "./Interruption.ts"

export interface JobContext {
  readonly requestId: string
  readonly jobId: string
  /** The number of this try, from 1. It only grows: over job retries, sequence retries, suspend and resume. */
  readonly try: number
  /** `<requestId>/<jobId>/<try>`: the same again only when a crash cut this very try off. */
  readonly idempotencyKey: string
  /** Whether a crash of the process cut this very try off before: it may have done some of its work already. */
  readonly recovered: boolean
  /** What the jobs before this one, and its own earlier tries, set. A snapshot, built when it is read. */
  readonly data: JobData
  /** Merges into the job's data at once. Stays for the job's next try, also when this one fails. */
  readonly setData: (data: JobData) => Effect.Effect<void>
  /** Sets the one-line status that `Traverser.running` and the live view show. */
  readonly setStatus: (status: string) => Effect.Effect<void>
  /** Hands a piece of output to `JobOutput`, which streams it to who listens and keeps its tail for the job log. */
  readonly write: (stream: "stdout" | "stderr", chunk: Uint8Array | string) => Effect.Effect<void>
  /**
   * Waits for a signal of this name and takes it: returns its data, or `undefined` when `timeout` is over first. It is used up
   * when the job is COMPLETE, and kept for another try otherwise; so do not race it, but give a `timeout`.
   */
  readonly takeSignal: (name: string, timeout?: Duration.Input) => Effect.Effect<JobData | undefined>
  /** Why the job, or this try of it, is being interrupted; `undefined` while it is not. */
  readonly stopReason: Reason | undefined
  /**
   * How long the job may take to end when it is interrupted, before its type kills what does not end by itself, in
   * milliseconds; `undefined` where the type decides.
   */
  readonly stopGrace: number | undefined
  /** Waits until the job is interrupted and returns the reason: for jobs whose type has a `stop`, which are not cut off. */
  readonly stopped: Effect.Effect<Reason>
}
