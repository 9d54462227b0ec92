/**
 * `jobchain resume`: a suspended chain goes on where it was.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { BadInput } from "./BadInput.ts"
import * as ChainRun from "./ChainRun.ts"
import * as ExitCode from "./ExitCode.ts"
import * as InputFile from "./InputFile.ts"
import * as Interrupts from "./Interrupts.ts"
import * as Output from "./Output.ts"
import * as SuspendedFile from "./SuspendedFile.ts"

export interface ResumeOptions extends ChainRun.ChainRunOptions {
  readonly file: string
}

/** Resumes a suspended chain from a file; returns the exit code. */
export const resume = Effect.fnUntraced(function*(options: ResumeOptions) {
  const { file } = options
  if (SuspendedFile.isClaimed(file)) {
    const message = `${file}: a run has resumed this chain. If that was killed, rename the file and resume that`
    return yield* new BadInput({ message })
  }
  const parsed = yield* InputFile.read(file)
  if (parsed.kind === "new") {
    return yield* new BadInput({ message: `${file}: this chain is not suspended: start it by "jobchain run ${file}"` })
  }
  const chain = { jobChain: parsed.jobChain, suspended: parsed.suspended }
  if (file === InputFile.stdin) {
    const interrupts = yield* Interrupts.listen("Killed\n")
    return ExitCode.ofState((yield* ChainRun.run(options, { ...chain, interrupts })).state)
  }
  const claimed = yield* claim(file)
  const interrupts = yield* Interrupts.listen(`Killed. Where the chain was before this run is in ${claimed}\n`)
  const { state, suspendedFile } = yield* Effect.tapError(
    ChainRun.run(options, { ...chain, interrupts }),
    // Only a chain that could not be begun fails; after a defect nobody knows what has run.
    () => Effect.sync(() => SuspendedFile.unclaim(file, claimed))
  )
  const kept = SuspendedFile.settle(claimed, state, suspendedFile)
  if (kept !== undefined) Output.err(`Where the chain was before this run is in ${kept}\n`)
  return ExitCode.ofState(state)
}, Effect.scoped)

const claim = (file: string): Effect.Effect<string, BadInput> =>
  Effect.try({
    try: () => SuspendedFile.claim(file),
    catch: (error) => {
      const { code, message } = error as NodeJS.ErrnoException
      const why = code === "EEXIST" ? "a run has resumed this chain, or one that was killed had" : message
      return new BadInput({ message: `${file}: cannot be taken to be resumed: ${why}` })
    }
  })
