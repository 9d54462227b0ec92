/**
 * What is remarkable about the job data of a chain, by what the command's job types and its conditions say of it.
 *
 * What nothing sets may still be given with `--data`, so a file that needs it is not wrong: only to run it without is.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as DataKeys from "../domain/DataKeys.ts"
import type { JobChain } from "../domain/JobChain.ts"
import { Fault } from "../domain/Validation.ts"
import * as Conditions from "../engine/Conditions.ts"
import { JobFactory } from "../engine/JobFactory.ts"
import * as Layers from "./Layers.ts"

/** Returns everything that is found. */
export const findings = (jobChain: JobChain): Effect.Effect<ReadonlyArray<DataKeys.DataFinding>> =>
  Effect.map(sourcesOf(jobChain), (sources) => DataKeys.find(jobChain, sources))

/** Returns the faults of a chain that is about to run with no other data: jobs that are sure to fail, as nothing sets what they need. */
export const faultsOf = Effect.fnUntraced(function*(jobChain: JobChain) {
  const sources = yield* sourcesOf(jobChain)
  const jobs = Object.values(jobChain.jobs ?? {})
  if (!jobs.some(({ each, type }) => each || (sources.keysOf(type ?? "")?.needs ?? []).length > 0)) return []
  return DataKeys.find(jobChain, sources)
    .filter(({ kind, neededBy }) => kind === "never-set" && neededBy !== "condition")
    .map(toFault)
})

const toFault = ({ job, key, neededBy }: DataKeys.DataFinding): Fault =>
  new Fault({
    kind: "missing-data",
    jobIds: [job],
    path: ["jobs", job, ...(neededBy === "list" ? ["each", "from"] : ["type"])],
    message: `job "${job}" needs "${key}" in its data, which nothing before it sets; --data ${key}${
      neededBy === "list" ? ":" : ""
    }=… gives it`
  })

const sourcesOf = (jobChain: JobChain): Effect.Effect<DataKeys.Sources> => {
  const types = Effect.provide(
    Effect.map(JobFactory, ({ keysOf }) => (type: string) => keysOf?.(type)),
    Layers.jobTypes
  )
  const jobs = Object.values(jobChain.jobs ?? {})
  if (!jobs.some(({ sequenceWhen, when }) => when || sequenceWhen)) return Effect.map(types, (keysOf) => ({ keysOf }))
  const language = Effect.provide(Conditions.Current, Layers.conditions)
  return Effect.zipWith(types, language, (keysOf, { keysOf: keysOfCondition }) => ({ keysOf, keysOfCondition }))
}
