/**
 * `jobchain run`: a chain goes in, its jobs run, and how it ended comes out.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { randomBytes } from "node:crypto"
import * as Path from "node:path"
import type { JobData } from "../domain/JobData.ts"
import type { ParsedChain } from "../spec/ChainFile.ts"
import { BadInput } from "./BadInput.ts"
import * as ChainRun from "./ChainRun.ts"
import * as ExitCode from "./ExitCode.ts"
import * as InitialData from "./InitialData.ts"
import * as InputFile from "./InputFile.ts"
import * as Interrupts from "./Interrupts.ts"
import * as SuspendedFile from "./SuspendedFile.ts"

export interface RunOptions extends ChainRun.ChainRunOptions {
  readonly file: string
  readonly requestId: Option.Option<string>
  readonly data: JobData
}

/** Runs a chain from a file; returns the exit code. */
export const run = Effect.fnUntraced(function*(options: RunOptions) {
  const { file } = options
  const parsed = yield* InputFile.read(file)
  if (parsed.kind === "suspended") {
    const message = `${file}: this chain is suspended: go on with it by "jobchain resume ${file}"`
    return yield* new BadInput({ message })
  }
  const given = Option.getOrElse(options.requestId, () => parsed.jobChain.requestId ?? "")
  const requestId = given === "" ? requestIdFor(parsed, file) : given
  const waiting = SuspendedFile.find(requestId)
  if (waiting !== undefined) {
    const message = `Request ${requestId} has been started before: ${waiting} has where it was. ` +
      `Resume it, remove that file, or take another --request-id`
    return yield* new BadInput({ message })
  }
  const jobChain = { ...InitialData.addTo(parsed.jobChain, options.data), requestId }
  const interrupts = yield* Interrupts.listen("Killed\n")
  const { state } = yield* ChainRun.run(options, { jobChain, interrupts })
  return ExitCode.ofState(state)
}, Effect.scoped)

/** A readable id that is not given twice: what the chain is called, when, and four random letters. */
const requestIdFor = ({ name }: ParsedChain, file: string): string => {
  const base = name || (file === InputFile.stdin ? "chain" : Path.parse(file).name)
  const time = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-")
  return `${base}-${time}-${randomBytes(2).toString("hex")}`
}
