/**
 * `jobchain import`: takes a suspended chain into the store, to be resumed there.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type { SuspendedJobChain } from "../domain/JobChain.ts"
import { ChainStore } from "../storage/ChainStore.ts"
import { BadInput } from "./BadInput.ts"
import * as ChainStanding from "./ChainStanding.ts"
import * as InputFile from "./InputFile.ts"
import * as OpenStore from "./OpenStore.ts"
import * as Output from "./Output.ts"
import * as StoreLocation from "./StoreLocation.ts"
import * as SuspendedInput from "./SuspendedInput.ts"

export interface ImportOptions extends StoreLocation.DatabaseFlag {
  readonly file: string
  /** Whether to take in a chain that was altered after its export. */
  readonly force: boolean
}

/** Takes in the chain of a file; returns the exit code. */
export const importFile = Effect.fnUntraced(function*(options: ImportOptions) {
  const database = StoreLocation.of(options)
  const suspended = yield* SuspendedInput.read(options.file, options.force ? tellAltered(options.file) : undefined)
  const requestId = yield* OpenStore.use(database, take(suspended, { file: options.file, database }))
  Output.out(`Imported ${requestId}\n`)
  Output.err(`Go on with: ${StoreLocation.command(database, "resume", requestId)}\n`)
  return 0
})

/** Takes a chain into the store, and returns its request id. */
export const take = Effect.fnUntraced(function*(
  suspended: SuspendedJobChain,
  { database, file }: { readonly database: StoreLocation.Database; readonly file: string }
) {
  const requestId = suspended.requestId ?? ""
  if (requestId === "") return yield* new BadInput({ message: `${file}: this chain has no request id` })
  const store = yield* ChainStore
  yield* Effect.catchTag(
    store.importChain(suspended),
    "ChainConflict",
    () => Effect.flatMap(ChainStanding.whyNotAnew(database, requestId), Effect.fail)
  )
  return requestId
})

const tellAltered = (file: string): InputFile.Altered => (alterations) =>
  Effect.sync(() => Output.err(`${file}: ${InputFile.toldOf(alterations)}Taken in all the same\n`))
