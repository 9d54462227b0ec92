/**
 * Reads a chain from a file or stdin and checks all of it, job types and args too, before anything is run.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { readFileSync } from "node:fs"
import { text } from "node:stream/consumers"
import type { Job } from "../domain/JobChain.ts"
import * as Validation from "../domain/Validation.ts"
import { JobFactory } from "../engine/JobFactory.ts"
import * as ChainFile from "../spec/ChainFile.ts"
import type { ChainFileError } from "../spec/ChainFileError.ts"
import { didYouMean } from "../spec/SpecFault.ts"
import { BadInput } from "./BadInput.ts"
import * as Layers from "./Layers.ts"

/** The file's name that stands for stdin. */
export const stdin = "-"

/** Reads a chain that could be run: its jobs are of types we have, with args that fit. Fails with every fault. */
export const read = (path: string): Effect.Effect<ChainFile.ParsedChain, BadInput | ChainFileError> =>
  Effect.provide(
    Effect.gen(function*() {
      const factory = yield* JobFactory
      const parsed = yield* parse(path)
      const faults = Object.entries(parsed.jobChain.jobs ?? {}).flatMap(([id, job]) => faultsOfJob(id, job, factory))
      return faults.length > 0 ? yield* ChainFile.errorOf(parsed, faults) : parsed
    }),
    Layers.jobTypes
  )

/** Reads a chain, whatever its jobs are. */
export const parse = (path: string): Effect.Effect<ChainFile.ParsedChain, BadInput | ChainFileError> =>
  Effect.flatMap(
    textOf(path),
    (text) => Effect.fromResult(ChainFile.parse(text, { file: path === stdin ? "<stdin>" : path }))
  )

const textOf = (path: string): Effect.Effect<string, BadInput> =>
  Effect.tryPromise({
    try: async () => path === stdin ? await text(process.stdin) : readFileSync(path, "utf8"),
    catch: (error) => new BadInput({ message: `${path}: ${explain(error as NodeJS.ErrnoException)}` })
  })

const explain = ({ code = "", message }: NodeJS.ErrnoException): string => reasons[code] ?? message

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  ENOTDIR: "no such file",
  EISDIR: "is a directory, expected a chain file",
  EACCES: "permission denied"
}

/** What the job factory says of a job: a type it does not know, args that do not fit. */
const faultsOfJob = (id: string, job: Job, factory: JobFactory["Service"]): ReadonlyArray<Validation.Fault> => {
  const made = factory.make(job)
  if (Result.isSuccess(made)) return []
  const error = made.failure
  if (error._tag === "UnknownJobType") {
    const hint = didYouMean(error.type, error.known) ?? `known are ${error.known.join(", ")}`
    const message = `job "${id}": there is no job type "${error.type}"; ${hint}`
    return [new Validation.Fault({ kind: "unknown-job-type", jobIds: [id], path: ["jobs", id, "type"], message })]
  }
  return error.issues.map(({ message, path }) => {
    const keys = path.map((key) => typeof key === "number" ? key : String(key))
    return new Validation.Fault({
      kind: "bad-args",
      jobIds: [id],
      path: ["jobs", id, ...keys],
      message: `job "${id}": ${keys.join(".")}: ${message}`
    })
  })
}
