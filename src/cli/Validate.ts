/**
 * `jobchain validate`: says of each file whether it could run, and everything that is wrong with it if not.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { DataFinding } from "../domain/DataKeys.ts"
import type { ParsedChain } from "../spec/ChainFile.ts"
import type { ChainFileError } from "../spec/ChainFileError.ts"
import type { BadInput } from "./BadInput.ts"
import * as DataCheck from "./DataCheck.ts"
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
    (file) => Effect.flatMap(Effect.result(InputFile.read(file)), (parsed) => check(file, parsed))
  )
  if (output === "json") Output.out(`${JSON.stringify(checked.map(toJson), null, 2)}\n`)
  else checked.forEach(tell)
  return checked.every(({ parsed }) => Result.isSuccess(parsed)) ? 0 : ExitCode.badInput
})

export interface Checked {
  readonly file: string
  readonly parsed: Result.Result<ParsedChain, BadInput | ChainFileError>
  /** What has to be given to a new chain that is run. */
  readonly missing?: ReadonlyArray<DataFinding>
}

const check = (file: string, parsed: Checked["parsed"]): Effect.Effect<Checked> =>
  Result.isSuccess(parsed) && parsed.success.kind === "new"
    ? Effect.map(DataCheck.missing(parsed.success.jobChain), (missing) => ({ file, parsed, missing }))
    : Effect.succeed({ file, parsed })

const tell = ({ file, missing = [], parsed }: Checked): void => {
  if (Result.isFailure(parsed)) return Output.err(`${parsed.failure.message}\n`)
  const count = jobCount(parsed.success)
  const flags = [...new Set(missing.map(DataCheck.flagOf))]
  const toGive = flags.length === 0 ? "" : `; to be run with ${flags.join(" ")}`
  Output.out(`${file}: ok, ${count} ${count === 1 ? "job" : "jobs"}${toGive}\n`)
}

/** Returns what was found of a file as the document of `--output json`. */
export const toJson = ({ file, missing = [], parsed }: Checked) => {
  if (Result.isSuccess(parsed)) {
    const dataNeeded = [...new Set(missing.map(({ key }) => key))]
    return {
      file,
      valid: true,
      jobs: jobCount(parsed.success),
      ...(dataNeeded.length > 0 && { dataNeeded }),
      faults: []
    }
  }
  const error = parsed.failure
  return { file, valid: false, faults: error._tag === "BadInput" ? [{ file, message: error.message }] : error.faults }
}

const jobCount = ({ jobChain }: ParsedChain): number => Object.keys(jobChain.jobs ?? {}).length
