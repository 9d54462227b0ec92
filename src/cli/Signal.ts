/**
 * `jobchain signal`: tells a chain something by name, whoever runs it or will.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type { JobData } from "../domain/JobData.ts"
import { ChainStore } from "../storage/ChainStore.ts"
import * as ChainStanding from "./ChainStanding.ts"
import * as OpenStore from "./OpenStore.ts"
import * as Output from "./Output.ts"
import * as RequestIds from "./RequestIds.ts"
import * as StoreLocation from "./StoreLocation.ts"

export interface SignalOptions extends StoreLocation.DatabaseFlag {
  readonly id: string
  readonly name: string
  readonly data: JobData
}

/** Sends a signal; returns the exit code: 0 when the store has it. */
export const signal = (options: SignalOptions) =>
  OpenStore.useExisting(
    StoreLocation.of(options),
    Effect.gen(function*() {
      const store = yield* ChainStore
      const requestId = yield* RequestIds.resolve(options.id)
      yield* store.signal(requestId, options.name, { data: options.data })
      const [info] = yield* store.list({ requestId })
      const next = info?.owner === undefined
        ? "nobody runs it now: the signal is there when it goes on"
        : `it is run by ${ChainStanding.named(info.owner)}`
      Output.out(`Sent "${options.name}" to ${requestId}; ${next}\n`)
      return 0
    })
  )
