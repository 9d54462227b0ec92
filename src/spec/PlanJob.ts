/**
 * Makes a job of the wire chain from what a plan says of it and of the sequence around it.
 *
 * @since 0.1.0
 */
import type { Job } from "../domain/JobChain.ts"
import * as JobState from "../domain/JobState.ts"
import * as Substitution from "../domain/Substitution.ts"
import type { JobStep, SequenceStep } from "./Step.ts"

type Args = NonNullable<Job["args"]>

type Mutable<A> = { -readonly [Key in keyof A]: A[Key] }

/** Returns a job that joins others. `sequenceId` is that of `of`, the sequence it is part of. */
export const noop = (id: string, sequenceId: string, of: SequenceStep | undefined): Job => {
  const job: Mutable<Job> = { id, name: id, type: "noop", state: JobState.PENDING }
  if (of !== undefined) setSequence(job, sequenceId, of)
  return job
}

/** Returns the job of a step; `variables` stand for items of the lists around. */
export const make = ({ entry, id, outer }: JobStep, sequenceId: string, variables: ReadonlyArray<string>): Job => {
  // Fields one by one: to spread what may be there costs as much as all the rest.
  const { data, name = id, retry, retryWait, when } = entry
  const job: Mutable<Job> = { id, name, type: "run" in entry ? "shell" : entry.type, state: JobState.PENDING }
  const args = "run" in entry ? { command: entry.run } : entry.args
  if (args !== undefined) job.args = variables.length === 0 ? args : leftToShell(job, args, variables)
  if (data !== undefined) job.data = data
  if (retry !== undefined) job.retry = retry
  if (retryWait !== undefined) job.retryWait = retryWait
  if (when !== undefined) job.when = when
  setPolicies(job, entry)
  if (outer !== undefined) setSequence(job, sequenceId, outer)
  return job
}

const setPolicies = (job: Mutable<Job>, entry: JobStep["entry"]): void => {
  const { concurrencyKey, priority, retryPolicy, stopGrace, stopTimeout, timeout, totalTimeout } = entry
  if (retryPolicy !== undefined) job.retryPolicy = retryPolicy
  if (timeout !== undefined) job.timeout = timeout
  if (totalTimeout !== undefined) job.totalTimeout = totalTimeout
  if (stopGrace !== undefined) job.stopGrace = stopGrace
  if (stopTimeout !== undefined) job.stopTimeout = stopTimeout
  if (priority !== undefined) job.priority = priority
  if (concurrencyKey !== undefined) job.concurrencyKey = concurrencyKey
}

/** What a shell is to run is left to it: it has the items in its environment, and can quote them. */
const leftToShell = ({ type }: Job, args: Args, variables: ReadonlyArray<string>): Args =>
  type === "shell" && typeof args.command === "string"
    ? { ...args, command: variables.reduce(Substitution.escape, args.command) }
    : args

/** The first job of a sequence says on the wire when the sequence runs, and how it is retried. */
const setSequence = (job: Mutable<Job>, sequenceId: string, { entry }: SequenceStep): void => {
  const { retry, retryPolicy, retryWait, siblings, timeout, when } = entry
  job.sequenceId = sequenceId
  if (job.id !== sequenceId) return
  if (retry !== undefined) job.sequenceRetry = retry
  if (retryWait !== undefined) job.sequenceRetryWait = retryWait
  if (when !== undefined) job.sequenceWhen = when
  if (retryPolicy !== undefined) job.sequenceRetryPolicy = retryPolicy
  if (timeout !== undefined) job.sequenceTimeout = timeout
  if (siblings !== undefined) job.sequenceSiblings = siblings
}
