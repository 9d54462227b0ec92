/**
 * Chains that are already in wire form: a `JobChain` or a `SuspendedJobChain`, decoded and checked against the domain's
 * rules.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaJITCompiler from "effect/schema/SchemaJITCompiler"
import { JobChain, SuspendedJobChain } from "../domain/JobChain.ts"
import * as Validation from "../domain/Validation.ts"
import * as IssueFaults from "./IssueFaults.ts"
import type { Path, SpecFault } from "./SpecFault.ts"

/** What a value is meant to be. */
export type Form = "spec" | "jobChain" | "suspended"

/** Returns what a value is meant to be, by the keys that only that form has. */
export const formOf = (value: unknown): Form => {
  if (!isObject(value)) return "spec"
  if ("jobChain" in value) return "suspended"
  return "adjacencyList" in value || ("requestId" in value && hasWireJob(value.jobs)) ? "jobChain" : "spec"
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null

/** A chain of one job may come without an adjacency list. */
const hasWireJob = (jobs: unknown): boolean =>
  isObject(jobs) && Object.values(jobs).some((job) => isObject(job) && "id" in job)

/** What a value is, where it has the form, and everything that is wrong with it. */
export interface Decoded<A> {
  readonly decoded: A | undefined
  readonly faults: ReadonlyArray<SpecFault>
}

/** Decodes a chain that has not run yet. */
export const jobChain = (value: unknown): Decoded<JobChain> =>
  checked(decodeJobChain(value), Validation.faultsOfNew, (path) => path)

/** Decodes a suspended chain. */
export const suspended = (value: unknown): Decoded<SuspendedJobChain> =>
  checked(decodeSuspended(value), Validation.faultsOfSuspended, pathInSuspended)

/** Decodes a chain that is over, as a snapshot has it. */
export const ended = (value: unknown): Decoded<SuspendedJobChain> =>
  checked(decodeSuspended(value), Validation.faultsOfEnded, pathInSuspended)

/** Returns the path in a suspended chain of a path in its chain: the counts stand beside the chain, everything else in it. */
export const pathInSuspended = (path: Path): Path => String(path[0]).endsWith("Tries") ? path : ["jobChain", ...path]

const checked = <A>(
  decoded: Result.Result<A, ReadonlyArray<SpecFault>>,
  faultsOf: (chain: A) => ReadonlyArray<Validation.Fault>,
  pathOf: (path: Path) => Path
): Decoded<A> => {
  if (Result.isFailure(decoded)) return { decoded: undefined, faults: decoded.failure }
  const faults = faultsOf(decoded.success)
  return {
    decoded: decoded.success,
    faults: faults.map(({ kind, message, path }) => ({ kind, message, path: pathOf(path), at: "value", whole: true }))
  }
}

/**
 * The wire schemas only look, they change nothing: a value that fits is its own decoding. Looking is compiled, which is
 * several times as fast; what is wrong is asked for only where something is.
 */
const decoder = <A>(schema: Schema.Codec<A, A>) => {
  SchemaJITCompiler.enable(schema.ast)
  const fits = Schema.is(schema)
  const explain = Schema.decodeUnknownResult(schema, { errors: "all" })
  return (value: unknown): Result.Result<A, ReadonlyArray<SpecFault>> =>
    fits(value)
      ? Result.succeed(value)
      : Result.mapError(explain(value), ({ issue }) => IssueFaults.make(issue, value, () => undefined))
}

const decodeJobChain = decoder(JobChain)
const decodeSuspended = decoder(SuspendedJobChain)
