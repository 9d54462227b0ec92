/**
 * Decodes what people write, text already parsed, to a `ChainSpec`.
 *
 * It also says what of a broken one can still be checked, so that all faults are found at once.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import { ChainSpec, EachOf, Entry, type Jobs, Sequence, ShellJob, TypedJob } from "./ChainSpec.ts"
import * as IssueFaults from "./IssueFaults.ts"
import { meant, type SpecFault } from "./SpecFault.ts"
import * as SpecShape from "./SpecShape.ts"

/** Returns the spec, or everything that is wrong with its shape. */
export const decode = (value: unknown): Result.Result<ChainSpec, ReadonlyArray<SpecFault>> =>
  SpecShape.fits(value)
    ? Result.succeed(value)
    : Result.mapError(decodeSpec(value), ({ issue }) => IssueFaults.make(issue, value, choose).map(explainMixture))

const decodeSpec = Schema.decodeUnknownResult(ChainSpec, { errors: "all", onExcessProperty: "error" })

/** A key of another kind of entry is not unknown, it only does not belong here. */
const explainMixture = (fault: SpecFault): SpecFault => {
  const key = fault.path.at(-1)
  if (fault.at !== "key" || fault.path.length < 3 || !entryKeys.has(String(key))) return fault
  const hint = key === "args" ? "write type: shell with args: { command: … } instead of run" : undefined
  return { ...fault, message: `"${key}" does not go with the other keys here`, hint }
}

/** An entry is what its keys say, or what they were probably meant to say. */
const choose: IssueFaults.Choose = (union, value) => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined
  if (union.types.includes(EachOf.ast)) return EachOf.ast
  if (!union.types.includes(ShellJob.ast)) return undefined
  const keys = Object.keys(value)
  const says = (key: string) => keys.includes(key)
  const means = (key: string) => keys.some((written) => meant(written, entryKeys) === key)
  for (const test of [says, means]) {
    const found = kinds.find(([key]) => test(key))
    if (found !== undefined) return found[1]
  }
  return undefined
}

const kinds: ReadonlyArray<readonly [key: string, member: SchemaAST.AST]> = [
  ["sequence", Sequence.ast],
  ["run", ShellJob.ast],
  ["type", TypedJob.ast]
]

const entryKeys: ReadonlySet<string> = new Set(
  [...Object.keys(ShellJob.fields), ...Object.keys(TypedJob.fields), "sequence"]
)

/**
 * Returns a spec with what of a broken one has the right form by itself: names, needs, lists, types with their args, conditions.
 * `undefined` where there are no jobs. Only `ChainPlan`'s rules and `SalvagedJobs` may look at it. What an entry is that cannot be read is
 * the type `""`.
 */
export const salvage = (value: unknown): ChainSpec | undefined => {
  if (!isObject(value)) return undefined
  const jobs = salvageJobs(value.jobs)
  return jobs && { jobs, ...(isLimits(value.limits) && { limits: value.limits }) }
}

const salvageJobs = (value: unknown): Jobs | undefined =>
  isObject(value)
    ? Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, salvageEntry(entry)]))
    : undefined

const salvageEntry = (value: unknown): Entry => {
  if (!isObject(value)) return { type: "" }
  const { args, each, needs, run, type, when } = value
  const common = {
    ...(isNeeds(needs) && { needs }),
    ...(isText(when) && { when }),
    ...(isEach(each) && { each })
  }
  const sequence = salvageJobs(value.sequence)
  if (sequence !== undefined) return { sequence, ...common }
  if (isText(run) && type === undefined && args === undefined) return { run, ...common }
  // Args of the wrong form are no args, and a job without args would have other faults.
  const isTyped = isText(type) && run === undefined && (args === undefined || isArgs(args))
  return isTyped ? { type, ...(args !== undefined && { args }), ...common } : { type: "", ...common }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const isText = (value: unknown): value is string => typeof value === "string" && value !== ""

const isNeeds = Schema.is(ShellJob.fields.needs.schema)
const isEach = Schema.is(ShellJob.fields.each.schema)
const isArgs = Schema.is(TypedJob.fields.args.schema)
const isLimits = Schema.is(ChainSpec.fields.limits.schema)
