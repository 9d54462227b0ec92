/**
 * Checks that items have the fields that jobs ask for by `${item.field}`.
 *
 * @since 0.1.0
 */
import * as Substitution from "../domain/Substitution.ts"
import type { SpecFault } from "./SpecFault.ts"
import type { JobStep, Step } from "./Step.ts"

/** Returns a fault for each item of a step's list that lacks a field. */
export const faults = (step: Step): ReadonlyArray<SpecFault> => {
  const { fanOut } = step
  if (fanOut === undefined || typeof fanOut.of === "string") return []
  const { list, of: items, variable } = fanOut
  const asked = new Map(
    jobsOf(step, variable).flatMap((job) =>
      Substitution.fieldsAsked(textsOf(job), variable).map((field) => [field, job] as const)
    )
  )
  return items.flatMap(({ value }, place) =>
    Array.from(asked).filter(([field]) => Substitution.lookUp(value, field) === undefined).map(([field, job]) => ({
      kind: "malformed",
      path: [...list, place],
      at: "value",
      message: `the item has no field "${field}", which "${job.id}" asks for`
    }))
  )
}

/** Returns the texts of a job in which items stand. What a shell is to run is left to the shell. */
const textsOf = ({ entry }: JobStep): unknown => {
  if ("run" in entry) return [entry.name]
  const { command: _, ...rest } = entry.args ?? {}
  return [entry.name, entry.type === "shell" ? rest : entry.args]
}

/** The jobs that see the variable: an inner list may have given its name to another one. */
const jobsOf = (step: Step, variable: string): ReadonlyArray<JobStep> =>
  step.kind === "job"
    ? [step]
    : [...step.inside.values()].filter(({ fanOut }) => fanOut?.variable !== variable)
      .flatMap((inner) => jobsOf(inner, variable))
