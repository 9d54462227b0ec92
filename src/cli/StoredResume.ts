/**
 * Resumes a chain of the store, or one that comes into it from a file; or lists those that can be resumed.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { existsSync } from "node:fs"
import { ChainStore } from "../storage/ChainStore.ts"
import { BadInput } from "./BadInput.ts"
import type * as ChainRun from "./ChainRun.ts"
import * as ChainStanding from "./ChainStanding.ts"
import * as ChainTable from "./ChainTable.ts"
import * as ExitCode from "./ExitCode.ts"
import * as Import from "./Import.ts"
import * as InputFile from "./InputFile.ts"
import * as OpenStore from "./OpenStore.ts"
import * as Output from "./Output.ts"
import * as RequestIds from "./RequestIds.ts"
import * as StoredRun from "./StoredRun.ts"
import * as StoreLocation from "./StoreLocation.ts"
import * as SuspendedInput from "./SuspendedInput.ts"

export interface StoredResumeOptions extends ChainRun.ChainRunOptions {
  /** A request id or a file. */
  readonly chain: Option.Option<string>
}

/** Resumes a chain; returns the exit code. Without one, lists those that can be resumed. */
export const resume = Effect.fnUntraced(function*(options: StoredResumeOptions, database: StoreLocation.Database) {
  if (Option.isNone(options.chain)) return yield* list(options, database)
  const name = options.chain.value
  if (!isFile(name) && !OpenStore.exists(database)) {
    return yield* new BadInput({
      message: `${name}: no such file, and there is no store ${StoreLocation.shown(database)}`
    })
  }
  const resumed = Effect.flatMap(
    find(name, database),
    (requestId) =>
      Effect.catchTag(
        StoredRun.resume(options, database, requestId),
        "ChainEnded",
        (ended) => ChainStanding.whyNotOn(ended, database)
      )
  )
  return ExitCode.ofState((yield* OpenStore.use(database, resumed)).state)
})

const isFile = (name: string): boolean => name === InputFile.stdin || existsSync(name)

/** Returns the request id that is meant: of a chain that is in the store, or comes into it now. */
const find = Effect.fnUntraced(function*(name: string, database: StoreLocation.Database) {
  const store = yield* ChainStore
  if ((yield* store.list({ requestId: name })).length > 0) return name
  if (isFile(name)) {
    const requestId = yield* Import.take(yield* SuspendedInput.read(name), { file: name, database })
    Output.err(`Request ${requestId} is in the store now, and goes on there: ${name} stays as it was\n`)
    return requestId
  }
  const requestId = yield* RequestIds.find(name)
  const message = `${name}: no such file, and no request of the store`
  return requestId ?? (yield* new BadInput({ message }))
})

const list = (options: StoredResumeOptions, database: StoreLocation.Database) => {
  const chains = OpenStore.exists(database) || !database.isDefault
    ? OpenStore.useExisting(
      database,
      Effect.flatMap(ChainStore, (store) => store.list({ states: ["RUNNING", "SUSPENDED"] }))
    )
    : Effect.succeed([])
  return Effect.map(chains, (chains) => {
    ChainTable.write(chains.filter(ChainStanding.isResumable), {
      format: options.output === "pretty" ? "pretty" : "json",
      columns: [ChainTable.request, ChainTable.state, ChainTable.jobs, ChainTable.started],
      none: "There is no chain to be resumed"
    })
    return 0
  })
}
