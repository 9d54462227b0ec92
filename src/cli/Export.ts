/**
 * `jobchain export`: a chain that nobody runs, as a file that another store can take in.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { renameSync, rmSync, writeFileSync } from "node:fs"
import { ChainStore } from "../storage/ChainStore.ts"
import { BadInput } from "./BadInput.ts"
import * as ChainStanding from "./ChainStanding.ts"
import * as Envelope from "./Envelope.ts"
import * as OpenStore from "./OpenStore.ts"
import * as Output from "./Output.ts"
import * as RequestIds from "./RequestIds.ts"
import * as StoreLocation from "./StoreLocation.ts"

export interface ExportOptions extends StoreLocation.DatabaseFlag {
  readonly id: string
  /** Where to; stdout unless given. */
  readonly file: Option.Option<string>
}

/** Writes a chain of the store to a file or stdout; returns the exit code. */
export const exportChain = Effect.fnUntraced(function*(options: ExportOptions) {
  const { chain, requestId } = yield* OpenStore.useExisting(
    StoreLocation.of(options),
    Effect.gen(function*() {
      const store = yield* ChainStore
      const requestId = yield* RequestIds.resolve(options.id)
      const chain = Effect.catchTag(
        store.exportChain(requestId),
        "ChainEnded",
        (ended) => ChainStanding.whyNotOn(ended, StoreLocation.of(options))
      )
      return { requestId, chain: yield* chain }
    })
  )
  const text = `${JSON.stringify(Envelope.seal(chain, new Date()), null, 2)}\n`
  if (Option.isNone(options.file)) Output.out(text)
  else yield* write(options.file.value, text)
  const where = Option.match(options.file, { onNone: () => "", onSome: (file) => ` to ${file}` })
  Output.err(`Exported ${requestId}${where}. It stays in this store, too: resume it in one place only\n`)
  return 0
})

/** All or nothing: a file that was there is replaced only by a whole one. */
const write = (file: string, text: string): Effect.Effect<void, BadInput> =>
  Effect.try({
    try: () => {
      const draft = `${file}.${process.pid}.tmp`
      try {
        writeFileSync(draft, text, { flush: true })
        renameSync(draft, file)
      } finally {
        rmSync(draft, { force: true })
      }
    },
    catch: (error) => new BadInput({ message: `${file}: cannot be written: ${(error as Error).message}` })
  })
