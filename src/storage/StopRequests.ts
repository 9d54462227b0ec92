/**
 * What stops a chain that another process runs: whoever opens the store asks, and who runs the chain hears of it.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as JobState from "../domain/JobState.ts"
import * as Claim from "./Claim.ts"
import * as NewChain from "./NewChain.ts"
import type { OwnedChain, Ownership } from "./Ownership.ts"
import { onLiveClock } from "./Patience.ts"
import * as Sql from "./Sql.ts"
import type { Tables } from "./Tables.ts"

/** Asks for a chain to be stopped. */
export const send = Effect.fnUntraced(function*(
  tables: Tables["Service"],
  requestId: string
): Effect.fn.Return<void, Claim.ChainNotStored | Claim.ChainEnded> {
  const refusal = yield* tables.urgent.write(function*() {
    const present = yield* NewChain.lock(requestId)
    if (present === undefined) return new Claim.ChainNotStored({ requestId })
    const state = JobState.fromCode(present.state)
    if (Claim.isEnded(state)) return new Claim.ChainEnded({ requestId, state })
    yield* Sql.run(
      "UPDATE jobchain_chains SET stop_requested = 1 WHERE number = ? AND stop_requested = 0",
      present.number
    )
    return undefined
  })
  if (refusal !== undefined) return yield* refusal
})

/** Returns the request ids of chains of this process that are to be stopped, or that another process has taken over. */
export const taken = (tables: Tables["Service"], ownership: Ownership["Service"]): Stream.Stream<string> => {
  const { id } = ownership
  const look = Effect.gen(function*() {
    const owned = Array.from(ownership.chains.values()).filter(({ isRunning, number }) => isRunning && number > 0)
    const { isAny, mine } = yield* tables.urgent.read(function*() {
      return {
        mine: yield* Sql.all<{ readonly number: number }>("SELECT number FROM jobchain_chains WHERE owner = ?", id),
        isAny: (yield* Sql.get(`SELECT number FROM jobchain_chains ${requested} LIMIT 1`, id)) !== undefined
      }
    })
    const lost = takeLost(ownership, owned, new Set(mine.map(({ number }) => number)))
    // Mostly there is nothing, and nothing is written.
    if (!isAny) return lost
    // Taken, but not done: whoever claims the chain after a crash hears of it again.
    const asked = yield* tables.urgent.write(() =>
      Sql.all<{ readonly requestId: string }>(
        `UPDATE jobchain_chains SET stop_requested = 2 ${requested} RETURNING request_id AS "requestId"`,
        id
      )
    )
    return [...asked.map(({ requestId }) => requestId), ...lost]
  })
  return Stream.fromIterableEffectRepeat(Effect.tap(look, (ids) => ids.length > 0 ? Effect.void : pause))
}

const requested = "WHERE owner = ? AND stop_requested = 1"

/** Returns those chains that have another owner, each once; one that was let go of meanwhile is not among them. */
const takeLost = (
  { chains }: Ownership["Service"],
  owned: ReadonlyArray<OwnedChain>,
  mine: ReadonlySet<number>
): ReadonlyArray<string> => {
  const lost = owned.filter((chain) =>
    !mine.has(chain.number) && chain.isLost !== true && chains.get(chain.requestId) === chain
  )
  for (const chain of lost) chain.isLost = true
  return lost.map(({ requestId }) => requestId)
}

/** Between two looks at who is to be stopped. */
const pause = onLiveClock(Effect.sleep("1 second"))
