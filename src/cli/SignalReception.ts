/**
 * Hands the signals that come by way of the store on to the chain that runs here.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Traverser } from "../engine/Traverser.ts"
import type { ChainStore } from "../storage/ChainStore.ts"

/** Does so for as long as it runs. */
export const run = (store: ChainStore["Service"], traverser: Traverser): Effect.Effect<void> =>
  Stream.runForEach(
    Stream.filter(store.signals, ({ requestId }) => requestId === traverser.requestId),
    // A chain that is over leaves it in the store.
    ({ signal: { data, id, name } }) => Effect.ignore(traverser.signal(name, data ?? undefined, id))
  )
