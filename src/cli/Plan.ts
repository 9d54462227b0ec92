/**
 * `jobchain plan`: shows what a run of a chain can come to, without running any of it.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Forecast from "../domain/Forecast.ts"
import * as DataCheck from "./DataCheck.ts"
import * as DataText from "./DataText.ts"
import * as ExitCode from "./ExitCode.ts"
import * as InputFile from "./InputFile.ts"
import * as Output from "./Output.ts"
import * as PlanText from "./PlanText.ts"
import * as Validate from "./Validate.ts"

export interface PlanOptions {
  readonly file: string
  readonly output: "pretty" | "json"
}

/** Shows the plan of a file; returns the exit code: 0 when the file is valid. */
export const plan = Effect.fnUntraced(function*({ file, output }: PlanOptions) {
  const parsed = yield* Effect.result(InputFile.read(file))
  if (Result.isFailure(parsed)) {
    if (output === "pretty") return yield* parsed.failure
    Output.out(`${JSON.stringify(Validate.toJson({ file, parsed }), null, 2)}\n`)
    return ExitCode.badInput
  }
  const forecast = Forecast.make(parsed.success.jobChain)
  const findings = yield* DataCheck.findings(parsed.success.jobChain)
  if (output === "pretty") Output.out(PlanText.pretty(forecast) + DataText.pretty(findings))
  else {
    const whole = {
      file,
      valid: true,
      faults: [],
      ...PlanText.toJson(forecast),
      dataFindings: DataText.toJson(findings)
    }
    Output.out(`${JSON.stringify(whole, null, 2)}\n`)
  }
  return 0
})
