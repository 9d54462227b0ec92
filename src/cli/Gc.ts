/**
 * `jobchain gc`: deletes chains that ended long ago, with all that belongs to them.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { ChainStore } from "../storage/ChainStore.ts"
import type * as ChainTable from "./ChainTable.ts"
import * as OpenStore from "./OpenStore.ts"
import * as Output from "./Output.ts"
import * as StoreLocation from "./StoreLocation.ts"
import * as Times from "./Times.ts"

export interface GcOptions extends StoreLocation.DatabaseFlag {
  /** Milliseconds. */
  readonly olderThan: number
  readonly dryRun: boolean
  readonly output: ChainTable.Format
}

/** Deletes chains, or only counts them; returns the exit code. */
export const gc = (options: GcOptions) =>
  OpenStore.useExisting(
    StoreLocation.of(options),
    Effect.gen(function*() {
      const { dryRun, olderThan, output } = options
      const store = yield* ChainStore
      const endedBefore = (yield* Clock.currentTimeMillis) - olderThan
      const chains = yield* dryRun ? store.collectable(olderThan) : store.collect(olderThan)
      if (output === "json") {
        Output.out(`${JSON.stringify({ chains, endedBefore: Times.iso(endedBefore), dryRun }, null, 2)}\n`)
      } else {
        const what = `${chains} ${chains === 1 ? "chain that has" : "chains that have"} ended`
        const verb = dryRun ? "Would delete" : "Deleted"
        Output.out(`${verb} ${what} before ${Times.dateTime(endedBefore)}\n`)
      }
      return 0
    })
  )
