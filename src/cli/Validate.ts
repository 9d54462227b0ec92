/**
 * `jobchain validate`: says of each file whether it could run, and everything that is wrong with it if not.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { ParsedChain } from "../spec/ChainFile.ts"
import type { ChainFileError } from "../spec/ChainFileError.ts"
import type { BadInput } from "./BadInput.ts"
import * as ExitCode from "./ExitCode.ts"
import * as InputFile from "./InputFile.ts"
import * as Output from "./Output.ts"

export interface ValidateOptions {
  readonly files: ReadonlyArray<string>
  readonly output: "pretty" | "json"
}

/** Checks files; returns the exit code: 0 when all are valid. */
export const validate = Effect.fnUntraced(function*({ files, output }: ValidateOptions) {
  const checked = yield* Effect.forEach(
    files,
    (file) => Effect.map(Effect.result(InputFile.read(file)), (parsed) => ({ file, parsed }))
  )
  if (output === "json") Output.out(`${JSON.stringify(checked.map(toJson), null, 2)}\n`)
  else checked.forEach(tell)
  return checked.every(({ parsed }) => Result.isSuccess(parsed)) ? 0 : ExitCode.badInput
})

export interface Checked {
  readonly file: string
  readonly parsed: Result.Result<ParsedChain, BadInput | ChainFileError>
}

const tell = ({ file, parsed }: Checked): void => {
  if (Result.isFailure(parsed)) return Output.err(`${parsed.failure.message}\n`)
  const count = jobCount(parsed.success)
  Output.out(`${file}: ok, ${count} ${count === 1 ? "job" : "jobs"}\n`)
}

/** Returns what was found of a file as the document of `--output json`. */
export const toJson = ({ file, parsed }: Checked) => {
  if (Result.isSuccess(parsed)) return { file, valid: true, jobs: jobCount(parsed.success), faults: [] }
  const error = parsed.failure
  return { file, valid: false, faults: error._tag === "BadInput" ? [{ file, message: error.message }] : error.faults }
}

const jobCount = ({ jobChain }: ParsedChain): number => Object.keys(jobChain.jobs ?? {}).length
