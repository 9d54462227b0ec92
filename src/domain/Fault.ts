/**
 * A broken rule of a chain, and the error that lists them all. The rules are in `Validation`.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/** Schema for the kinds of faults, one for each rule. */
export const FaultKind = Schema.Literals([
  "malformed",
  "no-request-id",
  "no-jobs",
  "job-id-mismatch",
  "unknown-job-in-adjacency-list",
  "no-first-job",
  "several-first-jobs",
  "no-last-job",
  "several-last-jobs",
  "cycle",
  "duplicate-edge",
  "self-edge",
  "unknown-sequence-id",
  "bad-wait",
  "bad-count",
  "bad-policy",
  "bad-condition",
  "bad-each",
  "job-state",
  "finished-jobs",
  "unknown-job-type",
  "bad-args",
  "missing-data"
])
export type FaultKind = typeof FaultKind.Type

/** Schema for one broken rule. */
export class Fault extends Schema.Class<Fault>("Fault")({
  kind: FaultKind,
  /** The jobs concerned, in the order the message names them. */
  jobIds: Schema.Array(Schema.String),
  /** Where in the wire value, for example `["jobs", "build", "retryWait"]`. */
  path: Schema.Array(Schema.Union([Schema.String, Schema.Number])),
  /** What is wrong and what was expected, in one sentence without its place. */
  message: Schema.String
}) {}

/** Returns a fault. */
export const fault = (
  kind: FaultKind,
  jobIds: ReadonlyArray<string>,
  path: ReadonlyArray<string | number>,
  message: string
): Fault => new Fault({ kind, jobIds, path, message })

/** What a rule answers that is kept: a chain can have a million jobs, and each asks for it. */
export const none: ReadonlyArray<Fault> = []

/** The chain breaks rules: all of them are listed. Nothing of it was run or kept. */
export class InvalidChain extends Schema.TaggedError<InvalidChain>()("InvalidChain", {
  requestId: Schema.String,
  faults: Schema.Array(Fault)
}) {
  override get message(): string {
    const count = this.faults.length === 1 ? "1 fault" : `${this.faults.length} faults`
    return `The chain of request "${this.requestId}" is not valid, ${count}:` +
      this.faults.map((fault) => `\n  ${fault.message}`).join("")
  }
}
