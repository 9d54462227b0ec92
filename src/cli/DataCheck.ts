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

/** Returns what jobs are sure to fail without, as nothing in the chain sets it. */
export const missing = Effect.fnUntraced(function*(jobChain: JobChain) {
  const sources = yield* sourcesOf(jobChain)
  const jobs = Object.values(jobChain.jobs ?? {})
  if (!jobs.some(({ each, type }) => each || (sources.keysOf(type ?? "")?.needs ?? []).length > 0)) return []
  return DataKeys.find(jobChain, sources)
    .filter(({ kind, neededBy }) => kind === "never-set" && neededBy !== "condition")
})

/** Returns the faults of a chain that is about to run with no other data. */
export const faultsOf = (jobChain: JobChain): Effect.Effect<ReadonlyArray<Fault>> =>
  Effect.map(missing(jobChain), (findings) => findings.map(toFault))

/** Returns how a key is given to `jobchain run`. */
export const flagOf = ({ key, neededBy }: DataKeys.DataFinding): string =>
  `--data ${key}${neededBy === "list" ? ":" : ""}=…`

const toFault = (finding: DataKeys.DataFinding): Fault => {
  const { job, key, neededBy } = finding
  return new Fault({
    kind: "missing-data",
    jobIds: [job],
    path: ["jobs", job, ...(neededBy === "list" ? ["each", "from"] : ["type"])],
    message: `job "${job}" needs "${key}" in its data, which nothing before it sets; ${flagOf(finding)} gives it`
  })
}

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
