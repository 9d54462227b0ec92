/**
 * Takes over a chain that nobody runs, to run it here: one that was suspended, or one that a crash has cut off.
 *
 * First the chain gets its new owner, in a transaction of its own; from then on nobody else writes to it, and it can be read
 * and compiled at leisure. Then what the crash has left is put in order, and written down: only with that does a crash
 * count. A process that dies in between leaves the chain as it has found it.
 *
 * ```
 *   job was           is then     and
 *   COMPLETE, FAIL    the same
 *   RUNNING           PENDING     its try begins again under the same number, and one more crash counts
 *   RUNNING, waiting  PENDING     it waits on until its deadline, or for its signal; the crash was not in a try of it
 *   STOPPED           PENDING     one try fewer: a stop costs none
 *   PENDING, waiting  PENDING     its sequence's wait keeps its deadline
 * ```
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Chain from "../domain/Chain.ts"
import { at } from "../domain/Graph.ts"
import * as JobRecord from "../domain/JobRecord.ts"
import * as JobState from "../domain/JobState.ts"
import type * as Progress from "../domain/Progress.ts"
import * as Sequences from "../domain/Sequences.ts"
import { forSignal } from "../engine/Checkpoint.ts"
import type { Resumption } from "../engine/Resumption.ts"
import * as ChainProgress from "./ChainProgress.ts"
import * as ChainRequest from "./ChainRequest.ts"
import * as ChainRow from "./ChainRow.ts"
import type { DamagedRow } from "./DamagedRow.ts"
import * as NewChain from "./NewChain.ts"
import * as OutboxRows from "./OutboxRows.ts"
import { lockOwned, named, Owner, Ownership } from "./Ownership.ts"
import * as RecordRows from "./RecordRows.ts"
import * as SignalRows from "./SignalRows.ts"
import * as Sql from "./Sql.ts"
import * as SqlChainRepo from "./SqlChainRepo.ts"
import * as StoredChain from "./StoredChain.ts"
import { Tables } from "./Tables.ts"
import { Writer } from "./Writer.ts"

/** The store has no chain of this request. */
export class ChainNotStored extends Schema.TaggedError<ChainNotStored>()("ChainNotStored", {
  requestId: Schema.String
}) {
  override get message(): string {
    return `The store has no chain of request "${this.requestId}"`
  }
}

/** A living process owns the chain. */
export class ChainOwned extends Schema.TaggedError<ChainOwned>()("ChainOwned", {
  requestId: Schema.String,
  owner: Owner
}) {
  override get message(): string {
    return `The chain of request "${this.requestId}" is run by ${named(this.owner)}`
  }
}

/** The chain has ended for good. */
export class ChainEnded extends Schema.TaggedError<ChainEnded>()("ChainEnded", {
  requestId: Schema.String,
  state: JobState.JobState
}) {
  override get message(): string {
    return `The chain of request "${this.requestId}" has ended: ${this.state}`
  }
}

/** A chain that is this process's own now, to be given to `TraverserFactory.makeFromChain`. */
export interface Claimed {
  readonly chain: Chain.Chain
  readonly resumption: Resumption
  /** Whether it was to be stopped, and may not have been: the traverser is to be stopped before it is run. */
  readonly isStopRequested: boolean
}

/** A job that was running at so many crashes in a row is not run again. */
const crashesMax = 3

/** Takes a chain over. */
export const claim = Effect.fnUntraced(function*(
  requestId: string
): Effect.fn.Return<
  Claimed,
  ChainNotStored | ChainOwned | ChainEnded | DamagedRow,
  Tables | Ownership | Writer
> {
  const tables = yield* Tables
  const ownership = yield* Ownership
  const taken = yield* tables.write(function*() {
    const row = yield* NewChain.lock(requestId)
    const refusal = refusalOf(row, requestId, ownership)
    if (row === undefined || refusal !== undefined) return refusal ?? new ChainNotStored({ requestId })
    yield* Sql.run("UPDATE jobchain_chains SET owner = ? WHERE number = ?", ownership.id, row.number)
    yield* ChainProgress.change(row.number, { hasBegun: 1 })
    if (row.reportedJobs !== null) yield* ChainRequest.change(row, requestId, { reportedJobs: null })
    const stop = yield* Sql.get<{ readonly requested: number }>(
      "SELECT stop_requested AS requested FROM jobchain_chains WHERE number = ?",
      row.number
    )
    const isReported = yield* OutboxRows.isOpen(row.number)
    return { ...row, isReported, isStopRequested: (stop?.requested ?? 0) > 0 || row.closedAt !== null }
  })
  if (taken instanceof Error) return yield* taken
  // -1: what was reported last is not known.
  const reported = taken.isReported ? { reported: { finishedJobs: -1 } } : {}
  ownership.chains.set(requestId, { requestId, number: taken.number, isRunning: false, ...reported })
  const recovered = recover(tables, { requestId, number: taken.number }, taken)
  return yield* Effect.onError(recovered, () => SqlChainRepo.remove(tables, ownership, requestId))
}, Effect.uninterruptible)

/** Returns the chain of a request. */
export const found = Effect.fnUntraced(function*(
  tables: Tables["Service"],
  requestId: string
): Effect.fn.Return<NewChain.Present, ChainNotStored> {
  const present = yield* tables.read(() => NewChain.select(requestId))
  return present ?? (yield* new ChainNotStored({ requestId }))
})

/** Returns why a chain cannot be taken over; `undefined` where it can. */
export const refusalOf = (
  row: NewChain.Present | undefined,
  requestId: string,
  { livingOwner }: Ownership["Service"]
): ChainNotStored | ChainOwned | ChainEnded | DamagedRow | undefined => {
  if (row === undefined) return new ChainNotStored({ requestId })
  const damage = ChainRow.damageOf(row, requestId)
  if (damage !== undefined) return damage
  const state = JobState.fromCode(row.state)
  if (isEnded(state)) return new ChainEnded({ requestId, state })
  const owner = livingOwner(row)
  return owner === undefined ? undefined : new ChainOwned({ requestId, owner })
}

/** Answers whether a request's state is a final one. */
export const isEnded = (state: JobState.JobState): boolean =>
  state === "COMPLETE" || state === "FAIL" || state === "STOPPED"

const recover = Effect.fnUntraced(function*(
  tables: Tables["Service"],
  key: StoredChain.ChainKey,
  taken: NewChain.Present & { readonly isStopRequested: boolean }
) {
  const writer = yield* Writer
  const ownership = yield* Ownership
  const stored = yield* StoredChain.load(tables, key)
  if (stored === undefined) return yield* new ChainNotStored({ requestId: key.requestId })
  const now = yield* Clock.currentTimeMillis
  // What waited beyond the last sign of life of its process had not begun its next try.
  const lastSign = taken.owner !== null && taken.aliveUntil !== null ? Math.min(now, taken.aliveUntil) : now
  const { changes, resumption } = putInOrder(stored, lastSign)
  yield* writer.shared.write(function*() {
    const lost = (yield* lockOwned(ownership.id, [key])).get(key.number)
    if (lost !== undefined) throw lost
    const { finishedJobs } = stored.chain
    yield* ChainProgress.change(key.number, { state: JobState.RUNNING, finishedJobs, closedAt: null })
    yield* Sql.writeRows(
      ...RecordRows.upsert(key.number, changes),
      SignalRows.keep(key.number, [...stored.chain.signals.values()])
    )
    // Who has not heard of the suspend need not hear of it: the chain goes on.
    yield* OutboxRows.deleteOutcome(key.number)
    // Kept until the chain is over: the process may die before it has stopped the chain.
    if (taken.isStopRequested) {
      yield* Sql.run("UPDATE jobchain_chains SET stop_requested = 2 WHERE number = ?", key.number)
    }
  }, 1 + changes.length)
  return { chain: stored.chain, resumption, isStopRequested: taken.isStopRequested }
})

/** Makes a chain ready to go on. Returns what has changed with that, and what the engine is to know besides. */
const putInOrder = ({ chain, records }: StoredChain.StoredChain, lastSign: number) => {
  const before = chain.states.slice()
  const rows = new Map(records.map((record) => [record.job, record]))
  // A stop had closed the flow of data; if it is still wanted, it comes again.
  chain.data.closedAt = Number.POSITIVE_INFINITY
  Chain.resume(chain)
  const waited = (job: number) => {
    const until = rows.get(job)?.waitUntil ?? Number.NEGATIVE_INFINITY
    return until === forSignal || until > lastSign
  }
  const cutOff = new Set(JobRecord.takeBackRunning(chain).filter((job) => !waited(job)))
  const moved = Array.from(before.keys()).filter((job) => chain.states[job] !== before[job])
  const crashes = new Map(
    Array.from(
      new Set([...cutOff, ...rows.keys()]),
      (job) => [job, (rows.get(job)?.crashes ?? 0) + (cutOff.has(job) ? 1 : 0)] as const
    )
  )
  return {
    changes: moved.map((job) =>
      RecordRows.changeOf(chain, job, { waitUntil: undefined, crashes: cutOff.has(job) ? 1 : 0 })
    ),
    resumption: resumptionOf(chain, rows, crashes)
  }
}

const resumptionOf = (
  chain: Progress.Chain,
  rows: ReadonlyMap<number, RecordRows.RecordRow>,
  crashes: ReadonlyMap<number, number>
): Resumption => {
  const idOf = (job: number) => chain.graph.ids[job] as string
  // Also what an earlier crash has cut off, and had not begun again at the last one.
  const recovered = Array.from(crashes).filter(([job, count]) => count > 0 && isPending(chain, job))
  const waits = new Map<string, number>()
  // The first job of a sequence had waited for its try, and does not do so again.
  for (const [job] of recovered) if (Sequences.isFirst(chain.sequences, job)) waits.set(idOf(job), 0)
  for (const { job, waitUntil } of rows.values()) {
    if (waitUntil !== null && isPending(chain, job)) waits.set(idOf(job), waitUntil)
  }
  return {
    recovered: new Set(recovered.map(([job]) => idOf(job))),
    waits,
    givenUp: new Map(
      recovered.filter(([, count]) => count >= crashesMax)
        .map(([job, count]) => [idOf(job), `the process crashed ${count} times in a row while it ran`])
    )
  }
}

const isPending = (chain: Progress.Chain, job: number): boolean => at(chain.states, job) === JobState.PENDING
