/**
 * `jobchain retry`: a chain that has failed, or was stopped, keeps what is COMPLETE and runs the rest again.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Retrying from "../domain/Retry.ts"
import { ChainStore } from "../storage/ChainStore.ts"
import { BadInput } from "./BadInput.ts"
import type * as ChainRun from "./ChainRun.ts"
import * as ExitCode from "./ExitCode.ts"
import * as Import from "./Import.ts"
import * as InputFile from "./InputFile.ts"
import * as Interrupts from "./Interrupts.ts"
import * as MemoryRun from "./MemoryRun.ts"
import * as OpenStore from "./OpenStore.ts"
import * as Output from "./Output.ts"
import * as RequestIds from "./RequestIds.ts"
import * as RetryPreview from "./RetryPreview.ts"
import * as StoredRun from "./StoredRun.ts"
import * as StoreLocation from "./StoreLocation.ts"

export interface RetryOptions extends ChainRun.ChainRunOptions, StoreLocation.KeepingFlags {
  /** A request id or a file. */
  readonly chain: string
  /** Whether only to say what would run. */
  readonly dryRun: boolean
}

/** Tries a chain again; returns the exit code. */
export const retry = Effect.fnUntraced(function*(options: RetryOptions) {
  const database = yield* StoreLocation.ofRun(options)
  if (InputFile.isThere(options.chain)) return yield* retryFile(options, database)
  if (database !== undefined) return yield* retryStored(options, database)
  return yield* new BadInput({ message: `With --memory, retry needs a FILE: ${options.chain} is none` })
})

const retryStored = (options: RetryOptions, database: StoreLocation.Database) =>
  OpenStore.useExisting(
    database,
    Effect.gen(function*() {
      const store = yield* ChainStore
      const requestId = yield* RequestIds.resolve(options.chain)
      if (options.dryRun) {
        RetryPreview.write(yield* store.previewRetry(requestId), options.output)
        return 0
      }
      Output.err(RetryPreview.toHead(yield* store.retry(requestId)))
      return ExitCode.ofState((yield* StoredRun.resume(options, database, requestId)).state)
    })
  )

const retryFile = Effect.fnUntraced(function*(options: RetryOptions, database: StoreLocation.Database | undefined) {
  const file = options.chain
  const ended = yield* InputFile.readEnded(file)
  const retry = yield* Effect.fromResult(Retrying.make(ended))
  if (options.dryRun) {
    RetryPreview.write(retry, options.output)
    return 0
  }
  Output.err(RetryPreview.toHead(retry))
  const { suspended } = retry
  if (database === undefined) {
    const interrupts = yield* Interrupts.listen("Killed\n")
    const jobChain = { ...suspended.jobChain, requestId: suspended.requestId ?? "" }
    return ExitCode.ofState((yield* MemoryRun.run(options, { jobChain, suspended, interrupts })).state)
  }
  const running = Effect.flatMap(
    Import.take(suspended, { file, database }),
    (requestId) => StoredRun.resume(options, database, requestId)
  )
  return ExitCode.ofState((yield* OpenStore.use(database, running)).state)
}, Effect.scoped)
