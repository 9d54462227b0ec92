/**
 * `jobchain validate`: says of each file whether it could run, and everything that is wrong with it if not.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { JobFactory } from "../engine/JobFactory.ts"
import * as ExitCode from "./ExitCode.ts"
import * as InputFile from "./InputFile.ts"
import * as Layers from "./Layers.ts"
import * as Output from "./Output.ts"

/** Checks files; returns the exit code: 0 when all are valid. */
export const validate = Effect.fnUntraced(function*(
  { files, output }: { readonly files: ReadonlyArray<string>; readonly output: "pretty" | "json" }
) {
  const factory = yield* JobFactory
  const checked = yield* Effect.forEach(
    files,
    (file) => Effect.map(Effect.result(InputFile.read(file, factory)), (parsed) => ({ file, parsed }))
  )
  if (output === "json") Output.out(`${JSON.stringify(checked.map(toJson), null, 2)}\n`)
  else {
    for (const { file, parsed } of checked) {
      if (Result.isFailure(parsed)) Output.err(`${parsed.failure.message}\n`)
      else Output.out(`${file}: ok, ${Object.keys(parsed.success.jobChain.jobs ?? {}).length} jobs\n`)
    }
  }
  return checked.every(({ parsed }) => Result.isSuccess(parsed)) ? 0 : ExitCode.badInput
}, Effect.provide(Layers.jobTypes))

interface Checked {
  readonly file: string
  readonly parsed: Result.Result<
    Effect.Success<ReturnType<typeof InputFile.read>>,
    Effect.Error<ReturnType<typeof InputFile.read>>
  >
}

const toJson = ({ file, parsed }: Checked) => {
  if (Result.isSuccess(parsed)) {
    return { file, valid: true, jobs: Object.keys(parsed.success.jobChain.jobs ?? {}).length, faults: [] }
  }
  const error = parsed.failure
  return { file, valid: false, faults: "faults" in error ? error.faults : [{ file, message: error.message }] }
}
