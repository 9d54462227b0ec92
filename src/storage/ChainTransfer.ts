/**
 * Chains that leave the store as suspended chains, and such that come into it.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Chain from "../domain/Chain.ts"
import * as Compilation from "../domain/Compilation.ts"
import * as Graph from "../domain/Graph.ts"
import type { SuspendedJobChain } from "../domain/JobChain.ts"
import * as JobRecord from "../domain/JobRecord.ts"
import * as Validation from "../domain/Validation.ts"
import { ChainConflict } from "../engine/ChainRepo.ts"
import * as Claim from "./Claim.ts"
import type { DamagedRow } from "./DamagedRow.ts"
import * as NewChain from "./NewChain.ts"
import type { Outbox } from "./Outbox.ts"
import type { Ownership } from "./Ownership.ts"
import * as SqlChainRepo from "./SqlChainRepo.ts"
import * as StoredChain from "./StoredChain.ts"
import type { Tables } from "./Tables.ts"

/** Returns a chain that nobody runs as a suspended one. */
export const exportChain = Effect.fnUntraced(function*(
  tables: Tables["Service"],
  ownership: Ownership["Service"],
  requestId: string
): Effect.fn.Return<
  SuspendedJobChain,
  Claim.ChainNotStored | Claim.ChainOwned | Claim.ChainEnded | DamagedRow
> {
  const present = yield* Claim.found(tables, requestId)
  const refusal = Claim.refusalOf(present, requestId, ownership)
  if (refusal !== undefined) return yield* refusal
  const stored = yield* StoredChain.load(tables, { requestId, number: present.number })
  if (stored === undefined) return yield* new Claim.ChainNotStored({ requestId })
  JobRecord.takeBackRunning(stored.chain)
  Chain.setState(stored.chain, "SUSPENDED")
  return Chain.toSuspended(stored.chain)
})

/** Takes in a suspended chain, owned by nobody. */
export const importChain = Effect.fnUntraced(function*(
  tables: Tables["Service"],
  ownership: Ownership["Service"],
  outbox: Outbox["Service"],
  suspended: SuspendedJobChain
): Effect.fn.Return<void, Validation.InvalidChain | ChainConflict> {
  const requestId = suspended.requestId ?? ""
  const jobChain = { ...suspended.jobChain, requestId }
  const graph = Graph.make(jobChain)
  const faults = Validation.faultsOfSuspended(suspended, graph)
  if (faults.length > 0) return yield* new Validation.InvalidChain({ requestId, faults })
  const chain = Compilation.make(jobChain, suspended, graph)
  const now = yield* Clock.currentTimeMillis
  const added = yield* NewChain.insert(tables, {
    requestId,
    jobChain,
    state: "SUSPENDED",
    chainState: chain.state,
    elapsed: chain.elapsed.chain,
    finishedJobs: chain.finishedJobs,
    records: SqlChainRepo.differing(chain),
    signals: [...chain.signals.values()],
    formerTries: chain.formerTries,
    request: undefined,
    hasBegun: true,
    writer: ownership.id,
    isOwned: false,
    isReported: outbox.isOn,
    createdAt: now,
    startedAt: null
  }, () => false)
  if ("present" in added) return yield* new ChainConflict({ requestId })
})
