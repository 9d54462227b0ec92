/**
 * Chains in TypeScript: the form of a chain file as a value, in which the compiler checks names and args.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as DataKeys from "../domain/DataKeys.ts"
import type { Job, JobChain } from "../domain/JobChain.ts"
import { Fault, InvalidChain } from "../domain/Validation.ts"
import * as ChainPlan from "./ChainPlan.ts"
import type * as DataTypes from "./DataTypes.ts"
import * as PlanCompiler from "./PlanCompiler.ts"
import type * as PolicySpec from "./PolicySpec.ts"
import type { SpecFault } from "./SpecFault.ts"

/** A job type as far as a chain needs it: its name, and the args that jobs of it take. The engine's `JobType` is one. */
export interface TypeOfJob<Args = unknown> {
  readonly name: string
  readonly keys?: DataKeys.TypeKeys
  /** Says what is wrong with a job's args. */
  readonly prepare?: (job: Job) => Result.Result<unknown, UnfitArgs>
  readonly "~args"?: Args
  readonly "~needs"?: string
  readonly "~sets"?: string
}

/** Every wrong place in a job, as a path from it. */
export interface UnfitArgs {
  readonly issues: ReadonlyArray<{ readonly path: ReadonlyArray<PropertyKey>; readonly message: string }>
}

/** A list, or the key of one in job data at run time, of which each item gets a job or sequence of its own. */
export type Each = ReadonlyArray<unknown> | string | {
  readonly of: ReadonlyArray<unknown> | string
  /** The key of the item in the data of the jobs, and what `${…}` in their args means; `"item"` unless given. */
  readonly as?: string
  /** Where items are objects: the field by which they are called in ids. */
  readonly key?: string
  /** How many instances may be under way at once; all of them unless given. */
  readonly parallel?: number
}

interface Common<Name extends string> {
  /** What must be complete before this starts: names of the same level or further out. */
  readonly needs?: Name | ReadonlyArray<Name>
  /** The condition on which it runs, in CEL: `data.version != ""`. Not met, it is skipped. */
  readonly when?: string
  /** Repeats it for each item of a list. */
  readonly each?: Each
  /** How often it may be tried again after its first try. */
  readonly retry?: number
  /** The wait before each further try, a Go duration such as `"1m30s"`. */
  readonly retryWait?: string
}

interface JobFields<Name extends string> extends Common<Name>, PolicySpec.Of<typeof PolicySpec.job> {
  /** What the job is called in logs; its id if not given. */
  readonly name?: string
  /** The job data it starts with. */
  readonly data?: Readonly<Record<string, unknown>>
}

/** A job that is a command line. */
export interface Command<Name extends string> extends JobFields<Name> {
  readonly run: string
}

/** A job of a type, by the type's name or the type itself. */
export type Typed<Name extends string, Type, Items extends string = never> =
  & JobFields<Name>
  & { readonly type: Type }
  & ArgsOf<Type, Items>

type ArgsOf<Type, Items extends string> = Type extends TypeOfJob<infer Args>
  ? {} extends Args ? { readonly args?: DataTypes.WithItems<Args, Items> }
  : { readonly args: DataTypes.WithItems<Args, Items> }
  : { readonly args?: Readonly<Record<string, unknown>> }

/** Jobs that are retried together. */
export interface Sequence<Name extends string, Jobs, Outer extends string, Around extends string, Items extends string>
  extends Common<Name>, PolicySpec.Of<typeof PolicySpec.sequence>
{
  readonly sequence: Checked<Jobs, Outer, Around, Items>
}

/**
 * The jobs of a level, in which each may need the others of it and those further out. `Around` are the keys of job data that are set
 * before it, `Items` what stands for items of the lists around.
 */
export type Checked<Jobs, Outer extends string, Around extends string, Items extends string> = {
  readonly [Key in keyof Jobs]:
    & CheckedEntry<Jobs, Key, Exclude<(keyof Jobs & string) | Outer, Key>, Around, Items | DataTypes.ItemOf<Jobs[Key]>>
    & DataTypes.WithData<Jobs, Key, Around>
}

type CheckedEntry<Jobs, Key extends keyof Jobs, Name extends string, Around extends string, Items extends string> =
  Jobs[Key] extends { readonly sequence: infer Inside }
    ? Sequence<Name, Inside, Name, DataTypes.SetAround<Jobs, Key, Around>, Items>
    : Jobs[Key] extends { readonly type: infer Type } ? Typed<Name, Type, Items>
    : Command<Name>

/**
 * Makes a chain. Its request id is empty, for the caller to give. Throws `InvalidChain`, which lists every fault, for what
 * the compiler cannot see.
 *
 * A job of a type that `needs` a key of job data is refused by the compiler where everything before it is known: jobs of types
 * that say what they set. After a command, a sequence or any other type the compiler is silent, and `make` throws where it can tell.
 * Both look at keys, not at the types of their values. Where args stand for an item, `"${item.port}"`, the compiler takes that for any
 * value, and `make` looks at what becomes of it, unless the list is made by a job: then the job fails.
 *
 * **Example**
 *
 * ```ts
 * import { ChainBuilder } from "jobchain"
 *
 * const chain = ChainBuilder.make({
 *   name: "release",
 *   jobs: {
 *     build: { run: "npm run build", retry: 2, retryWait: "5s" },
 *     rollout: {
 *       needs: "build",
 *       retry: 1,
 *       sequence: { push: { run: "./push.sh" }, smoke: { needs: ["push"], run: "./smoke.sh" } }
 *     }
 *   }
 * })
 * ```
 */
export const make = <const Jobs extends Readonly<Record<string, object>>>(spec: {
  readonly name?: string
  /** How long the chain may run in all, a Go duration. */
  readonly timeout?: string
  /** How many jobs may run at once: of the chain, of a type, of a key. */
  readonly limits?: NonNullable<PolicySpec.Of<typeof PolicySpec.chain>["limits"]>
  readonly jobs: Jobs & Checked<Jobs, never, never, never>
}): JobChain => {
  const types = new Map<string, TypeOfJob>([["noop", joins]])
  const plan = ChainPlan.read({ ...spec, jobs: withTypeNames(spec.jobs, types) })
  if (Result.isFailure(plan)) throw new InvalidChain({ requestId: "", faults: plan.failure.map(toFault) })
  const compiled = PlanCompiler.compile(plan.success, "")
  const faults = [...missingData(compiled, types), ...unfitArgs(compiled, types)]
  if (faults.length > 0) throw new InvalidChain({ requestId: "", faults: faults.map(toFault) })
  return compiled.jobChain
}

/** The jobs that join others. */
const joins: TypeOfJob = { name: "noop", keys: { needs: [], reads: [], sets: [] } }

/** Jobs that need what nothing before them sets. What is only odd, such as keys that nobody reads, is no fault. */
const missingData = (
  { jobChain, pathOf }: PlanCompiler.Compiled,
  types: Types
): ReadonlyArray<SpecFault> => {
  if (!types.values().some(({ keys }) => keys?.needs !== undefined && keys.needs.length > 0)) return []
  return DataKeys.find(jobChain, { keysOf: (type) => types.get(type)?.keys })
    .filter(({ kind }) => kind === "never-set")
    .map(({ job, key }) => ({
      kind: "missing-data",
      path: pathOf(["jobs", job, "type"]),
      at: "value",
      message: `a job of this type needs "${key}" in its data, which nothing before it sets`
    }))
}

/** Args of instances, in which items stand now: the compiler has seen all others. */
const unfitArgs = ({ jobChain, pathOf }: PlanCompiler.Compiled, types: Types): ReadonlyArray<SpecFault> =>
  Object.entries(jobChain.jobs ?? {}).filter(([id]) => id.includes("[")).flatMap(([id, job]) => {
    const prepared = types.get(job.type ?? "")?.prepare?.(job)
    if (prepared === undefined || Result.isSuccess(prepared)) return []
    return prepared.failure.issues.map(({ message, path }) => ({
      kind: "bad-args",
      path: pathOf(["jobs", id, ...path.map((key) => typeof key === "symbol" ? String(key) : key)]),
      at: "value",
      message: `of "${id}": ${message}`
    }))
  })

const toFault = ({ at, hint, kind, message, path }: SpecFault): Fault => {
  const place = (at === "key" ? path.slice(0, -1) : path).join(".")
  const words = hint === undefined ? message : `${message}; ${hint}`
  return new Fault({ kind, jobIds: [], path, message: place === "" ? words : `${place}: ${words}` })
}

type Types = ReadonlyMap<string, TypeOfJob>

const withTypeNames = (
  jobs: Readonly<Record<string, unknown>>,
  types: Map<string, TypeOfJob>
): Record<string, unknown> =>
  Object.fromEntries(Object.entries(jobs).map(([name, entry]) => [name, withTypeName(entry, types)]))

/** Puts the name in place of a type, and the type into `types`. */
const withTypeName = (entry: unknown, types: Map<string, TypeOfJob>): unknown => {
  if (typeof entry !== "object" || entry === null) return entry
  if ("sequence" in entry && typeof entry.sequence === "object" && entry.sequence !== null) {
    return { ...entry, sequence: withTypeNames(entry.sequence as Readonly<Record<string, unknown>>, types) }
  }
  const type = "type" in entry ? entry.type : undefined
  if (typeof type !== "object" || type === null || !("name" in type)) return entry
  const given = type as TypeOfJob
  types.set(given.name, given)
  return { ...entry, type: given.name }
}
