/**
 * The jobs of a spec that cannot be made a chain of, each by itself, so that who knows job types and conditions finds all that is
 * wrong with them at once with what is wrong with the form.
 *
 * @since 0.1.0
 */
import type { Job, JobChain } from "../domain/JobChain.ts"
import * as ChainPlan from "./ChainPlan.ts"
import * as PlanJob from "./PlanJob.ts"
import { pathInSpec } from "./PlanOrigins.ts"
import * as SpecDecoder from "./SpecDecoder.ts"
import type { Path } from "./SpecFault.ts"
import { sequencesAround, type Step } from "./Step.ts"

export interface SalvagedJobs {
  /** Jobs of which types, args and conditions are as written; nothing else is. */
  readonly jobChain: JobChain
  /** Returns the path in the spec of a path in the chain. */
  readonly pathOf: (path: Path) => Path
}

/** Returns what can be looked at of a broken spec. */
export const make = (value: unknown): SalvagedJobs => {
  const spec = SpecDecoder.salvage(value)
  if (spec === undefined) return { jobChain: {}, pathOf: (path) => path }
  const { steps } = ChainPlan.stepsOf(spec)
  const origins = new Map(steps.map((step) => [step.id, step]))
  const jobs = Object.fromEntries(steps.filter(isReadable).map((step) => [step.id, jobOf(step)]))
  return {
    jobChain: { jobs, ...(spec.limits && { limits: spec.limits }) },
    pathOf: (path) => pathInSpec(origins, path)
  }
}

const isReadable = (step: Step): boolean => step.kind === "sequence" || "run" in step.entry || step.entry.type !== ""

const jobOf = (step: Step): Job => {
  const { entry: { when }, id } = step
  if (step.kind === "sequence") return { id, type: "noop", ...(when !== undefined && { sequenceWhen: when }) }
  const { args, type } = PlanJob.make(step, "", [])
  const said = { type: type ?? "", ...(when !== undefined && { when }) }
  // Its args are others for each item.
  const isRepeated = [step, ...sequencesAround(step)].some(({ entry }) => entry.each !== undefined)
  return isRepeated
    ? { id, type: "noop", each: { from: "", as: "", template: { jobs: { "": { id: "", ...said } } } } }
    : { id, ...said, ...(args && { args }) }
}
