/**
 * The rules for what a chain says about retries, timeouts, stops and limits: the part of `Validation` that most chains
 * have nothing of.
 *
 * @since 0.1.0
 */
import * as Ending from "./Ending.ts"
import { Fault, none } from "./Fault.ts"
import * as GoDuration from "./GoDuration.ts"
import type { Job, JobChain, WireElapsed } from "./JobChain.ts"
import type { RetryPolicy } from "./RetryPolicy.ts"

type Path = ReadonlyArray<string | number>

/** Returns the faults of one job's optional fields; always the same empty list where there are none. */
export const faultsOfJob = (id: string, job: Job): ReadonlyArray<Fault> => {
  if (!usesAny(job)) return none
  const of = (field: string) => ({ jobIds: [id], path: ["jobs", id, field], what: `The ${field} of job "${id}"` })
  return [
    ...limits.flatMap((field) => isLimit(job[field], of(field))),
    ...isWait(job.stopGrace, of("stopGrace")),
    ...(["retryPolicy", "sequenceRetryPolicy"] as const).flatMap((field) => faultsOfPolicy(job[field], of(field))),
    ...isWholeNumber(job.priority, of("priority")),
    // 0 stands for none, as in every field of the wire.
    ...isNumberOf("instances", job.parallel || undefined, of("parallel")),
    ...isOneOf(job.sequenceSiblings, ["interrupt", "finish"], of("sequenceSiblings")),
    ...isOneOf(job.ending, Ending.specials, of("ending"))
  ]
}

/** Returns the faults of what a chain itself says. */
export const faultsOfChain = ({ limits, timeout }: JobChain): ReadonlyArray<Fault> => {
  if (!limits && !timeout) return none
  return [
    ...isLimit(timeout, ofChain("timeout")),
    ...isNumberOf("jobs", limits?.jobs, ofChain("limits", "jobs")),
    ...(["types", "keys"] as const).flatMap((field) =>
      Object.entries(limits?.[field] ?? {}).flatMap(([name, count]) =>
        isNumberOf("jobs", count, ofChain("limits", field, name))
      )
    )
  ]
}

/** Returns the faults of the elapsed times of a suspended chain. */
export const faultsOfElapsed = (elapsed: WireElapsed | null | undefined): ReadonlyArray<Fault> => [
  ...isTime(elapsed?.chain, ["elapsed", "chain"]),
  ...(["jobs", "sequences"] as const).flatMap((field) =>
    Object.entries(elapsed?.[field] ?? {}).flatMap(([id, time]) => isTime(time, ["elapsed", field, id]))
  )
]

const limits = ["timeout", "totalTimeout", "stopTimeout", "sequenceTimeout"] as const

const usesAny = (job: Job): boolean =>
  Boolean(
    job.retryPolicy || job.timeout || job.totalTimeout || job.stopGrace || job.stopTimeout || job.priority ||
      job.sequenceRetryPolicy || job.sequenceTimeout || job.sequenceSiblings || job.ending || job.parallel
  )

/** Where a value stands, and what to call it. */
interface Place {
  readonly jobIds: ReadonlyArray<string>
  readonly path: Path
  readonly what: string
}

const ofChain = (...path: Path): Place => ({ jobIds: [], path, what: `The chain's ${path.join(".")}` })

const fault = (kind: Fault["kind"], { jobIds, path, what }: Place, rest: string): Fault =>
  new Fault({ kind, jobIds, path, message: `${what} is ${rest}` })

type Optional<A> = A | null | undefined

const isLimit = (text: Optional<string>, place: Place) =>
  !text || (GoDuration.parse(text) ?? 0) > 0
    ? none
    : [fault("bad-wait", place, `"${text}", expected a duration > 0 such as "500ms" or "1m30s"`)]

const isTime = (time: Optional<number>, path: Path) => {
  const place = { jobIds: [], path, what: `The ${path.join(".")}` }
  return (time ?? 0) >= 0 ? none : [fault("bad-count", place, `${time}, expected milliseconds ≥ 0`)]
}

const isWait = (text: Optional<string>, place: Place) =>
  !text || (GoDuration.parse(text) ?? -1) >= 0
    ? none
    : [fault("bad-wait", place, `"${text}", expected a duration ≥ 0 such as "500ms" or "1m30s"`)]

const isWholeNumber = (value: Optional<number>, place: Place) =>
  Number.isSafeInteger(value ?? 0) ? none : [fault("bad-count", place, `${value}, expected a whole number`)]

const isNumberOf = (what: string, value: Optional<number>, place: Place) =>
  value === null || value === undefined || (Number.isSafeInteger(value) && value > 0)
    ? none
    : [fault("bad-count", place, `${value}, expected a number of ${what} from 1`)]

const isOneOf = (value: Optional<string>, words: ReadonlyArray<string>, place: Place) =>
  !value || words.includes(value)
    ? none
    : [fault("bad-policy", place, `"${value}", expected ${words.map((word) => `"${word}"`).join(" or ")}`)]

const faultsOfPolicy = (policy: Optional<RetryPolicy>, place: Place): ReadonlyArray<Fault> => {
  if (!policy) return none
  const { factor, jitter } = policy
  const of = (field: string): Place => ({
    ...place,
    path: [...place.path, field],
    what: place.what.replace("The ", `The ${field} in the `)
  })
  return [
    ...((factor ?? 1) >= 1 ? none : [fault("bad-policy", of("factor"), `${factor}, expected a number ≥ 1`)]),
    ...((jitter ?? 0) >= 0 && (jitter ?? 0) <= 1
      ? none
      : [fault("bad-policy", of("jitter"), `${jitter}, expected a number from 0 to 1`)]),
    ...isWait(policy.maxWait, of("maxWait")),
    ...isLimit(policy.maxElapsed, of("maxElapsed"))
  ]
}
