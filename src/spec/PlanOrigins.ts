/**
 * What the parts of a wire chain were made of: where in the spec it is written.
 *
 * @since 0.1.0
 */
import type { Path } from "./SpecFault.ts"
import { pathOf, type Step } from "./Step.ts"

/** Steps by their ids. */
export type PlanOrigins = ReadonlyMap<string, Step>

/** A `noop` job that joins others was made of its sequence. */
const originOf = (origins: PlanOrigins, id: string): Step | undefined => {
  // Instances were all made of the same. Keys hold no brackets.
  const plain = id.replaceAll(/\[[^\]]*\]/g, "")
  return origins.get(plain) ?? origins.get(plain.slice(0, Math.max(0, plain.lastIndexOf("."))))
}

/** Returns the path in the spec of what a path in the wire chain was made of, or of what is around it. */
export const pathInSpec = (origins: PlanOrigins, [field, id, key, ...rest]: Path): Path => {
  if (field === "timeout" || field === "limits") return [field, id, key, ...rest].filter((part) => part !== undefined)
  if (id === undefined) return []
  const [place, ...inside] = rest
  // What is inside of a template was made of what is inside of what is repeated.
  if (key === "each" && place === "template") {
    return pathInSpec(origins, [inside[0] ?? "", `${id}${inside[1] ?? ""}`, ...inside.slice(2)])
  }
  const step = originOf(origins, String(id))
  if (step === undefined) return ["jobs"]
  if (field !== "jobs" || key === undefined) return pathOf(step)
  if (key === "each" && step.fanOut !== undefined) return step.fanOut.list
  const ofSequence = sequenceKeys.get(String(key))
  if (ofSequence !== undefined) return [...pathOf(sequenceOf(step)), ofSequence, ...rest]
  const isShort = step.kind === "job" && "run" in step.entry && (key === "args" || key === "type")
  return isShort ? [...pathOf(step), "run"] : [...pathOf(step), key, ...rest]
}

/** Keys of a job on the wire that say something of its sequence → what they are called there. */
const sequenceKeys: ReadonlyMap<string, string> = new Map(
  ["retry", "retryWait", "retryPolicy", "timeout", "siblings", "when"].map((key) =>
    [`sequence${key[0]?.toUpperCase()}${key.slice(1)}`, key] as const
  )
)

const sequenceOf = (step: Step): Step => step.kind === "job" ? step.outer ?? step : step
