/**
 * Whether the jobs of a chain can run here: their types are those that the command has, and their args and conditions fit.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Job, JobChain } from "../domain/JobChain.ts"
import * as Validation from "../domain/Validation.ts"
import * as Conditions from "../engine/Conditions.ts"
import { JobFactory } from "../engine/JobFactory.ts"
import { didYouMean } from "../spec/SpecFault.ts"
import * as Layers from "./Layers.ts"

/** Returns what is wrong with the types, args and conditions of a chain's jobs. */
export const faultsOf = ({ jobs, limits }: JobChain): Effect.Effect<ReadonlyArray<Validation.Fault>> => {
  const all = Object.entries(jobs ?? {})
  const ofTypes = Effect.provide(
    Effect.map(JobFactory, (factory) => [
      ...faultsOfLimits(limits?.types, factory),
      ...faultsOfJobs(jobs ?? {}, factory)
    ]),
    Layers.jobTypes
  )
  if (!all.some(([, job]) => job.when || job.sequenceWhen)) return ofTypes
  const chain = { ids: all.map(([id]) => id), jobs: all.map(([, job]) => job) }
  const ofConditions = Effect.provide(
    Effect.map(Conditions.Current, (language) => Conditions.faultsOf(chain, language)),
    Layers.conditions
  )
  return Effect.zipWith(ofTypes, ofConditions, (types, conditions) => [...types, ...conditions])
}

/** A limit for a type that is not there limits nothing. */
const faultsOfLimits = (
  types: NonNullable<JobChain["limits"]>["types"],
  { types: known }: JobFactory["Service"]
): ReadonlyArray<Validation.Fault> =>
  Object.keys(types ?? {}).filter((type) => !known.includes(type)).map((type) =>
    new Validation.Fault({
      kind: "unknown-job-type",
      jobIds: [],
      path: ["limits", "types", type],
      message: `limits.types: ${unknownType(type, known)}`
    })
  )

const unknownType = (type: string, known: ReadonlyArray<string>): string =>
  `there is no job type "${type}"; ${didYouMean(type, known) ?? `known are ${known.join(", ")}`}`

/** `around` is the job that repeats the jobs, where they are those of a template. */
const faultsOfJobs = (
  jobs: Readonly<Record<string, Job>>,
  factory: JobFactory["Service"],
  around = ""
): ReadonlyArray<Validation.Fault> =>
  Object.entries(jobs).flatMap(([id, job]) => [
    ...faultsOfJob(id, around + id, job, factory),
    ...faultsOfRepeated(id, around + id, job, factory)
  ])

/** What a list that is not known yet repeats: types, as args will be others. */
const faultsOfRepeated = (
  id: string,
  name: string,
  { each }: Job,
  factory: JobFactory["Service"]
): ReadonlyArray<Validation.Fault> =>
  faultsOfJobs(each?.template?.jobs ?? {}, factory, name).filter(({ kind }) => kind === "unknown-job-type").map((
    fault
  ) => new Validation.Fault({ ...fault, path: ["jobs", id, "each", "template", ...fault.path] }))

/** What the job factory says of a job: a type it does not know, args that do not fit. */
const faultsOfJob = (
  id: string,
  name: string,
  job: Job,
  factory: JobFactory["Service"]
): ReadonlyArray<Validation.Fault> => {
  const made = factory.make(job)
  if (Result.isSuccess(made)) return []
  const error = made.failure
  if (error._tag === "UnknownJobType") {
    const message = `job "${name}": ${unknownType(error.type, error.known)}`
    return [new Validation.Fault({ kind: "unknown-job-type", jobIds: [name], path: ["jobs", id, "type"], message })]
  }
  return error.issues.map(({ message, path }) => {
    const keys = path.map((key) => typeof key === "number" ? key : String(key))
    return new Validation.Fault({
      kind: "bad-args",
      jobIds: [name],
      path: ["jobs", id, ...keys],
      message: `job "${name}": ${keys.join(".")}: ${message}`
    })
  })
}
