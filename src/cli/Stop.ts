/**
 * `jobchain stop`: ends a chain for good, whoever runs it, and waits until that is done.
 *
 * The process that runs the chain is asked to stop it. A chain that nobody runs is claimed and stopped here; that is also
 * what becomes of one whose process dies, or suspends it, in the meantime.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { TraverserFactory } from "../engine/TraverserFactory.ts"
import { ChainStore } from "../storage/ChainStore.ts"
import { isEnded } from "../storage/Claim.ts"
import * as ChainStanding from "./ChainStanding.ts"
import type * as ChainTable from "./ChainTable.ts"
import * as ExitCode from "./ExitCode.ts"
import * as Interrupts from "./Interrupts.ts"
import * as Layers from "./Layers.ts"
import * as OpenStore from "./OpenStore.ts"
import * as Output from "./Output.ts"
import * as RequestIds from "./RequestIds.ts"
import * as StoreLocation from "./StoreLocation.ts"

export interface StopOptions extends StoreLocation.DatabaseFlag {
  readonly id: string
  readonly output: ChainTable.Format
}

/** Stops a chain; returns the exit code: 0 when it is over, however it ended. */
export const stop = (options: StopOptions) =>
  OpenStore.useExisting(
    StoreLocation.of(options),
    Effect.gen(function*() {
      const requestId = yield* RequestIds.resolve(options.id)
      const interrupts = yield* Interrupts.listen("")
      const isOver = yield* Effect.raceFirst(
        Effect.as(stopAndWait(requestId), true),
        Effect.as(interrupts.first, false)
      )
      if (isOver) return yield* tell(requestId, options.output)
      Output.err(`Not waiting any longer. That ${requestId} is to be stopped stays asked for\n`)
      return ExitCode.killed
    }).pipe(Effect.scoped, Effect.provide(Layers.storedChains({})))
  )

const stopAndWait = Effect.fnUntraced(function*(requestId: string) {
  const store = yield* ChainStore
  let hasAsked = false
  while (true) {
    const [info] = yield* store.list({ requestId })
    if (info === undefined || isEnded(info.state)) return
    if (info.owner === undefined) {
      yield* stopHere(requestId)
      continue
    }
    if (!hasAsked) {
      yield* Effect.catchTag(store.requestStop(requestId), "ChainEnded", () => Effect.void)
      Output.err(`Waiting for ${ChainStanding.named(info.owner)}, to stop ${requestId}\n`)
      hasAsked = true
    }
    yield* Effect.sleep(betweenLooks)
  }
})

const betweenLooks = "250 millis"

/** Somebody else may be quicker, and is then asked. */
const stopHere = Effect.fnUntraced(function*(requestId: string) {
  const store = yield* ChainStore
  const factory = yield* TraverserFactory
  const stopped = Effect.gen(function*() {
    const { chain, resumption } = yield* store.claim(requestId)
    const traverser = yield* Effect.onError(factory.makeFromChain(chain, resumption), () => store.release(requestId))
    yield* traverser.stop
  })
  yield* Effect.catchTags(stopped, { ChainOwned: () => Effect.void, ChainEnded: () => Effect.void })
}, Effect.uninterruptible)

const tell = Effect.fnUntraced(function*(requestId: string, output: ChainTable.Format) {
  const [info] = yield* (yield* ChainStore).list({ requestId })
  if (info === undefined) return 0
  const { finishedJobs, totalJobs } = info
  const verdict = `${info.state} ${requestId}: ${finishedJobs} of ${totalJobs} jobs complete\n`
  Output.out(output === "json" ? `${JSON.stringify(ChainStanding.toJson(info), null, 2)}\n` : verdict)
  return 0
})
