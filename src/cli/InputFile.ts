/**
 * Reads a chain from a file or stdin and checks all of it, job types and args too, before anything is run.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import leven from "leven"
import { readFileSync } from "node:fs"
import type { JobChain } from "../domain/JobChain.ts"
import type { JobFactory } from "../engine/JobFactory.ts"
import * as ChainFile from "../spec/ChainFile.ts"
import * as ChainFileError from "../spec/ChainFileError.ts"
import { BadInput } from "./Failure.ts"

/** Reads and checks a chain; `-` is stdin. Fails with everything that is wrong with it. */
export const read = (
  path: string,
  factory: JobFactory["Service"]
): Effect.Effect<ChainFile.ParsedChain, BadInput | ChainFileError.ChainFileError> =>
  Effect.flatMap(textOf(path), (text) => {
    const file = path === "-" ? "<stdin>" : path
    const parsed = ChainFile.parse(text, { file })
    if (Result.isFailure(parsed)) return Effect.fail(parsed.failure)
    const faults = faultsOfJobs(parsed.success, factory).map(({ message, path: place }) => ({
      ...parsed.success.locate(place),
      message
    }))
    return faults.length > 0
      ? Effect.fail(ChainFileError.make(file, faults))
      : Effect.succeed(parsed.success)
  })

const textOf = (path: string): Effect.Effect<string, BadInput> =>
  Effect.try({
    try: () => readFileSync(path === "-" ? 0 : path, "utf8"),
    catch: (error) => new BadInput({ message: `${path}: ${explain(error)}` })
  })

const explain = (error: unknown): string => {
  const { code } = error as NodeJS.ErrnoException
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: "no such file",
    EISDIR: "is a directory, expected a chain file",
    EACCES: "permission denied"
  }
  return reasons[code ?? ""] ?? String(error)
}

interface JobFault {
  readonly path: ReadonlyArray<string | number>
  readonly message: string
}

/** What the job factory says of each job: types it does not know, args that do not fit. */
const faultsOfJobs = (
  { jobChain }: { readonly jobChain: JobChain },
  factory: JobFactory["Service"]
): ReadonlyArray<JobFault> =>
  Object.entries(jobChain.jobs ?? {}).flatMap(([id, job]): ReadonlyArray<JobFault> => {
    const made = factory.make(job)
    if (Result.isSuccess(made)) return []
    const error = made.failure
    if (error._tag === "UnknownJobType") {
      const near = error.known.find((type) => leven(type, error.type, { maxDistance: 2 }) <= 2)
      const hint = near === undefined ? `known are ${error.known.join(", ")}` : `did you mean "${near}"?`
      return [{ path: ["jobs", id, "type"], message: `job "${id}": there is no job type "${error.type}"; ${hint}` }]
    }
    return error.issues.map(({ message, path }) => ({
      path: ["jobs", id, ...path.map((key) => typeof key === "number" ? key : String(key))],
      message: `job "${id}": ${path.map(String).join(".")}: ${message}`
    }))
  })
