/**
 * Runs a chain in memory: nothing is kept of it but the file it is suspended into.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Path from "node:path"
import type { JobChain, SuspendedJobChain } from "../domain/JobChain.ts"
import { RequestManager } from "../engine/RequestManager.ts"
import { TraverserFactory } from "../engine/TraverserFactory.ts"
import * as ChainRun from "./ChainRun.ts"
import type * as Interrupts from "./Interrupts.ts"
import * as Layers from "./Layers.ts"
import * as Output from "./Output.ts"
import * as ShellWord from "./ShellWord.ts"
import * as SuspendedFile from "./SuspendedFile.ts"

export interface MemoryRunInput {
  readonly jobChain: JobChain
  /** Where the chain goes on, if it does. */
  readonly suspended?: SuspendedJobChain
  readonly interrupts: Interrupts.Interrupts
}

/** Runs a chain to its end, whatever that is, and tells of it. */
export const run = Effect.fnUntraced(
  function*(options: ChainRun.ChainRunOptions, { interrupts, jobChain, suspended }: MemoryRunInput) {
    const manager = yield* RequestManager
    const factory = yield* TraverserFactory
    const { id } = yield* manager.createRequest({ jobChain })
    const traverser = yield* suspended === undefined ? factory.make(jobChain) : factory.makeFromSuspended(suspended)
    yield* manager.startRequest(id)
    return yield* ChainRun.run(options, {
      traverser,
      interrupts,
      stopRequest: Effect.never,
      logs: () => Effect.orDie(manager.getJobLogs(id)),
      keep
    })
  },
  (effect, options) => Effect.provide(effect, Layers.chains(ChainRun.settingsOf(options)))
)

const keep = (suspended: SuspendedJobChain): ChainRun.Kept => {
  const suspendedFile = SuspendedFile.write(suspended)
  return { suspendedFile, tell: () => tellHowToGoOn(suspended, suspendedFile) }
}

const tellHowToGoOn = (suspended: SuspendedJobChain, file: string | undefined): void => {
  if (file === undefined) {
    Output.err("The suspended chain could not be written to any file. It is the last line on stdout:\n")
    Output.out(`${JSON.stringify(suspended)}\n`)
    return Output.err("Go on with: jobchain resume --memory FILE, when that line is in a file\n")
  }
  const isHere = Path.dirname(file) === process.cwd()
  if (!isHere) Output.err(`The suspended chain could not be written to this folder, it is in ${file}\n`)
  Output.err(`Go on with: jobchain resume --memory ${ShellWord.quoted(isHere ? Path.basename(file) : file)}\n`)
}
