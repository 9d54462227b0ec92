/**
 * Runs the `jobchain` command: what surrounds it, and how it ends.
 *
 * @since 0.1.0
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Cause from "effect/Cause"
import * as CliError from "effect/cli/CliError"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import packageJson from "../../package.json" with { type: "json" }
import { jobchain } from "./CommandLine.ts"
import { CutOff } from "./CutOff.ts"
import * as ExitCode from "./ExitCode.ts"
import * as Logging from "./Logging.ts"
import * as Output from "./Output.ts"
import * as SqliteWarning from "./SqliteWarning.ts"

/** Runs the command with the arguments of the process, and exits. */
export const main = (): void => {
  SqliteWarning.silence()
  Output.expectClosedPipes()
  if (process.argv.includes("--no-color")) Output.disableColor()
  const command = Command.run(jobchain, { version: packageJson.version })
  const fiber = Effect.runFork(Effect.provide(command, Layer.mergeAll(NodeServices.layer, Logging.layer, presenting)))
  fiber.addObserver((exit) => {
    if (Exit.isFailure(exit)) process.exitCode = explain(exit.cause)
    // Explicitly: a job that ignored its stop must not keep the process.
    Output.flush(() => process.exit())
  })
}

/** What was asked for is a result; what is said of bad usage is not. */
const presenting = CliOutput.layerPresenter({
  present: (event) =>
    Effect.sync(() => {
      const isResult = event._tag === "Version" || (event._tag === "Help" && event.reason === "Requested")
      const stream = isResult ? process.stdout : process.stderr
      const formatter = CliOutput.defaultFormatter({ colors: Output.hasColor(stream) })
      const write = isResult ? Output.out : Output.err
      if (event._tag === "Version") return write(`${formatter.formatVersion(event.name, event.version)}\n`)
      if (event._tag === "Help") return write(`${formatter.formatHelpDoc(event.helpDoc)}\n`)
      write(`${formatter.formatErrors(event.errors).trim()}\n\nTry: ${event.commandPath.join(" ")} --help\n`)
    })
})

const explain = (cause: Cause.Cause<unknown>): number => {
  const error = Cause.squash(cause)
  // What was wrong has been presented.
  if (CliError.isCliError(error)) return ExitCode.badInput
  const isExpected = cause.reasons.every(Cause.isFailReason) && error instanceof Error
  Output.err(
    isExpected ? `${error.message}\n` : `A fault of jobchain's own, please report it:\n${Cause.pretty(cause)}\n`
  )
  if (!isExpected) return ExitCode.internalError
  return error instanceof CutOff ? ExitCode.cutOff : ExitCode.badInput
}
