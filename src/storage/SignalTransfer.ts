/**
 * Signals from whoever opens the store to whoever runs the chain.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { randomUUID } from "node:crypto"
import type { JobData } from "../domain/JobData.ts"
import * as JobState from "../domain/JobState.ts"
import type { Signal } from "../domain/Signal.ts"
import * as Claim from "./Claim.ts"
import * as NewChain from "./NewChain.ts"
import type { Ownership } from "./Ownership.ts"
import { onLiveClock } from "./Patience.ts"
import * as SignalRows from "./SignalRows.ts"
import * as Sql from "./Sql.ts"
import { decoding } from "./StoredChain.ts"
import type { Tables } from "./Tables.ts"

/** A signal for a chain that this process runs. */
export interface SentSignal {
  readonly requestId: string
  readonly signal: Signal
}

/** Keeps a signal for a chain that has not ended. */
export const send = Effect.fnUntraced(function*(
  tables: Tables["Service"],
  requestId: string,
  name: string,
  { data, id = randomUUID() }: { readonly data?: JobData; readonly id?: string }
): Effect.fn.Return<void, Claim.ChainNotStored | Claim.ChainEnded> {
  const refusal = yield* tables.write(function*() {
    const present = yield* NewChain.lock(requestId)
    if (present === undefined) return new Claim.ChainNotStored({ requestId })
    const state = JobState.fromCode(present.state)
    if (Claim.isEnded(state)) return new Claim.ChainEnded({ requestId, state })
    yield* Sql.writeRows(SignalRows.send(present.number, { id, name, ...(data === undefined ? {} : { data }) }))
    return undefined
  })
  if (refusal !== undefined) return yield* refusal
})

/** What was sent to the chains that this process runs, each at least once: again until the engine has kept it. */
export const sent = (tables: Tables["Service"], { chains, id }: Ownership["Service"]): Stream.Stream<SentSignal> => {
  const told = new Set<number>()
  const look = Effect.gen(function*() {
    const rows = yield* tables.urgent.read(() => SignalRows.selectSent(id))
    const fresh = rows.filter(({ number, requestId }) => chains.get(requestId)?.isRunning === true && !told.has(number))
    for (const { number } of fresh) told.add(number)
    if (fresh.length === 0) {
      yield* pause
      told.clear()
    }
    return (yield* Effect.forEach(fresh, read)).flat()
  })
  return Stream.fromIterableEffectRepeat(look)
}

/** A row that cannot be read stops nobody: whoever looks at its chain is told. */
const read = (row: SignalRows.SentRow): Effect.Effect<ReadonlyArray<SentSignal>> =>
  Effect.match(decoding(() => SignalRows.signalOf(row, row.requestId)), {
    onFailure: () => [],
    onSuccess: (signal) => [{ requestId: row.requestId, signal }]
  })

/** Between two looks. */
const pause = onLiveClock(Effect.sleep("1 second"))
