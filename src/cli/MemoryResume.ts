/**
 * Resumes a suspended chain from its file, in memory: nothing is kept of it but such files.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type { SuspendedJobChain } from "../domain/JobChain.ts"
import { BadInput } from "./BadInput.ts"
import type * as ChainRun from "./ChainRun.ts"
import * as InputFile from "./InputFile.ts"
import * as Interrupts from "./Interrupts.ts"
import * as MemoryRun from "./MemoryRun.ts"
import * as Output from "./Output.ts"
import * as SuspendedFile from "./SuspendedFile.ts"

/** Runs the chain of a file to its end, whatever that is, and tells of it. */
export const resume = Effect.fnUntraced(
  function*(
    options: ChainRun.ChainRunOptions,
    { file, suspended }: { readonly file: string; readonly suspended: SuspendedJobChain }
  ) {
    const jobChain = { ...suspended.jobChain, requestId: suspended.requestId ?? "" }
    if (file === InputFile.stdin) {
      const interrupts = yield* Interrupts.listen("Killed\n")
      return yield* MemoryRun.run(options, { jobChain, suspended, interrupts })
    }
    const claimed = yield* claim(file)
    const interrupts = yield* Interrupts.listen(`Killed. Where the chain was before this run is in ${claimed}\n`)
    const result = yield* Effect.tapError(
      MemoryRun.run(options, { jobChain, suspended, interrupts }),
      // Only a chain that could not be begun fails; after a defect nobody knows what has run.
      () => Effect.sync(() => SuspendedFile.unclaim(file, claimed))
    )
    const kept = SuspendedFile.settle(claimed, result.state, result.suspendedFile)
    if (kept !== undefined) Output.err(`Where the chain was before this run is in ${kept}\n`)
    return result
  },
  Effect.scoped
)

const claim = (file: string): Effect.Effect<string, BadInput> =>
  Effect.try({
    try: () => SuspendedFile.claim(file),
    catch: (error) => {
      const { code, message } = error as NodeJS.ErrnoException
      const why = code === "EEXIST" ? "a run has resumed this chain, or one that was killed had" : message
      return new BadInput({ message: `${file}: cannot be taken to be resumed: ${why}` })
    }
  })
