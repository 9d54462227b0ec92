/**
 * The `ChainRepo` that keeps running chains in the database.
 *
 * A chain is written once, when it is added. From then on each checkpoint is one transaction of what has changed: the states,
 * tries and data of its jobs, their logs, the jobs about to start, and in the last one the outcome. What is removed is no
 * longer owned by this process, and stays as history.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Chain from "../domain/Chain.ts"
import { at } from "../domain/Graph.ts"
import * as JobState from "../domain/JobState.ts"
import * as Progress from "../domain/Progress.ts"
import { ChainConflict, ChainNotFound, ChainRepo } from "../engine/ChainRepo.ts"
import type { Checkpoint } from "../engine/Checkpoint.ts"
import * as ChainProgress from "./ChainProgress.ts"
import * as Deletion from "./Deletion.ts"
import * as LogRows from "./LogRows.ts"
import * as NewChain from "./NewChain.ts"
import { Outbox } from "./Outbox.ts"
import * as OutboxRows from "./OutboxRows.ts"
import { type OwnedChain, Ownership } from "./Ownership.ts"
import * as RecordRows from "./RecordRows.ts"
import * as SignalRows from "./SignalRows.ts"
import * as Sql from "./Sql.ts"
import * as StoredChain from "./StoredChain.ts"
import { Tables, type Transactions } from "./Tables.ts"
import * as WireRows from "./WireRows.ts"
import { type Write, Writer } from "./Writer.ts"

/** Keeps chains in the database; `set` is over after its commit. */
export const layer: Layer.Layer<ChainRepo, never, Tables | Ownership | Writer | Outbox> = Layer.effect(
  ChainRepo,
  Effect.gen(function*() {
    const tables = yield* Tables
    const ownership = yield* Ownership
    const writer = yield* Writer
    const outbox = yield* Outbox

    const snapshot = Effect.fnUntraced(function*(key: StoredChain.ChainKey) {
      const stored = yield* Effect.orDie(StoredChain.load(tables, key))
      return stored === undefined ? undefined : Chain.toSuspended(stored.chain)
    })

    const get = Effect.fnUntraced(function*(requestId: string) {
      const present = yield* tables.read(() => NewChain.select(requestId))
      const taken = present === undefined || present.owner === null ? undefined : present
      const found = taken === undefined ? undefined : yield* snapshot({ requestId, number: taken.number })
      return found ?? (yield* new ChainNotFound({ requestId }))
    })

    return {
      keepsReports: true,
      add: (chain) => add(writer.shared, ownership, outbox, chain),
      get,
      set: (checkpoint) =>
        Clock.clockWith((clock) => {
          const { requestId } = checkpoint.chain
          const owned = ownership.chains.get(requestId)
          if (owned === undefined) return Effect.die(new Error(`The chain of request "${requestId}" was never added`))
          const written = writer.write(writeOf(owned, checkpoint, clock.currentTimeMillisUnsafe()))
          return owned.reported === undefined
            ? written
            : Effect.map(written, () => outbox.wake(owned.number))
        }),
      remove: (requestId) => remove(writer.shared, ownership, requestId),
      getAll: Effect.gen(function*() {
        const keys = yield* tables.read(() => Sql.all<StoredChain.ChainKey>(selectTaken))
        const found = yield* Effect.forEach(keys, snapshot)
        return found.filter((chain) => chain !== undefined)
      })
    }
  })
)

const selectTaken = `SELECT number, request_id AS "requestId" FROM jobchain_chains
  WHERE owner IS NOT NULL AND request_id IS NOT NULL ORDER BY number`

/** Takes a chain in, unless it is one that was claimed: that is all there. */
const add = (
  transactions: Transactions,
  ownership: Ownership["Service"],
  outbox: Outbox["Service"],
  chain: Progress.Chain
): Effect.Effect<void, ChainConflict> =>
  Effect.suspend(() => {
    const { requestId } = chain
    const owned = ownership.chains.get(requestId)
    if (owned?.isRunning === true) return Effect.fail(new ChainConflict({ requestId }))
    if (owned !== undefined) {
      owned.isRunning = true
      return Effect.void
    }
    // Taken before anything is written, so that nobody else in this process begins with the same.
    const reported = outbox.isOn ? { reported: { finishedJobs: chain.finishedJobs } } : {}
    const taken: OwnedChain = { requestId, number: 0, isRunning: true, ...reported }
    ownership.chains.set(requestId, taken)
    return Effect.onError(
      insert(transactions, ownership, chain, taken),
      (cause) => Cause.hasInterrupts(cause) ? takeBack(transactions, ownership, taken) : forget(ownership, requestId)
    )
  })

const forget = ({ chains }: Ownership["Service"], requestId: string): Effect.Effect<void> =>
  Effect.sync(() => void chains.delete(requestId))

/** Lets go of a chain whose last transaction may have been committed as it was interrupted. */
const takeBack = Effect.fnUntraced(function*(
  transactions: Transactions,
  ownership: Ownership["Service"],
  taken: OwnedChain
) {
  const { requestId } = taken
  const present = yield* transactions.read(() => NewChain.select(requestId))
  if (present?.owner !== ownership.id) return yield* forget(ownership, requestId)
  taken.number = present.number
  yield* remove(transactions, ownership, requestId)
})

const insert = Effect.fnUntraced(function*(
  transactions: Transactions,
  ownership: Ownership["Service"],
  chain: Progress.Chain,
  taken: OwnedChain
) {
  const now = yield* Clock.currentTimeMillis
  const added = yield* NewChain.insert(transactions, {
    requestId: chain.requestId,
    jobChain: chain.jobChain,
    state: "RUNNING",
    chainState: chain.state,
    elapsed: chain.elapsed.chain,
    finishedJobs: chain.finishedJobs,
    records: differing(chain),
    signals: [...chain.signals.values()],
    formerTries: chain.formerTries,
    request: undefined,
    hasBegun: false,
    writer: ownership.id,
    isOwned: true,
    isReported: taken.reported !== undefined,
    createdAt: now,
    startedAt: now
  }, mayTakeOver)
  if ("present" in added) return yield* new ChainConflict({ requestId: chain.requestId })
  taken.number = added.number
})

/** A request that was created, and perhaps started, but of which no process has begun to run the chain. */
const mayTakeOver = ({ hasBegun, owner, state }: NewChain.Present): boolean =>
  owner === null && hasBegun === 0 && (state === JobState.PENDING || state === JobState.RUNNING)

/** The jobs that are not as the chain's wire value says: those of a suspended chain. */
export const differing = (chain: Progress.Chain): ReadonlyArray<RecordRows.RecordChange> => {
  const changes: Array<RecordRows.RecordChange> = []
  for (let job = 0; job < chain.jobs.length; job++) {
    const isAsGiven = chain.states[job] === (chain.jobs[job]?.state ?? JobState.UNKNOWN) &&
      at(chain.totalTries, job) + at(chain.latestTries, job) + at(chain.sequenceTries, job) === 0
    if (!isAsGiven) changes.push(RecordRows.changeOf(chain, job, { waitUntil: null, crashes: 0 }))
  }
  return changes
}

/** Turns a checkpoint into rows, before the chain goes on. */
const writeOf = (owned: OwnedChain, checkpoint: Checkpoint, now: number): Write => {
  const { number, requestId } = owned
  const { added, chain, logs, outcome, signals, usedSignals } = checkpoint
  const { closedAt } = chain.data
  const progress: ChainProgress.ChainProgress = {
    state: outcome === undefined ? JobState.RUNNING : JobState.toCode(outcome.state),
    chainState: chain.state,
    finishedJobs: chain.finishedJobs,
    // Not the same where a chain came with a wrong count of them.
    completeJobs: at(chain.counts, JobState.COMPLETE),
    totalJobs: Progress.size(chain),
    elapsed: chain.elapsed.chain,
    closedAt: Number.isFinite(closedAt) ? closedAt : null,
    finishedAt: outcome === undefined || outcome.state === "SUSPENDED" ? null : now,
    hasBegun: 1
  }
  const rows = [ChainProgress.rowOf(number, progress), ...RecordRows.upsert(number, changesOf(checkpoint, logs))]
  if (logs.length > 0) rows.push(LogRows.insert(number, logs))
  if (added.length > 0) {
    rows.push(WireRows.upsertJobs(number, Array.from(new Set(added), (job) => WireRows.rowOf(chain, job))))
  }
  // One that has come and is used up in one checkpoint need not be kept.
  const kept = signals.filter(({ id }) => !usedSignals.includes(id))
  if (kept.length > 0) rows.push(SignalRows.keep(number, kept))
  if (usedSignals.length > 0) rows.push(SignalRows.use(number, usedSignals))
  if (owned.reported !== undefined) rows.push(...OutboxRows.rowsOf(number, reportsOf(owned.reported, checkpoint, logs)))
  return { requestId, chain: number, rows, size: rows.reduce((size, { rows }) => size + rows.length, 0) }
}

const reportsOf = (
  reported: NonNullable<OwnedChain["reported"]>,
  { chain, outcome }: Checkpoint,
  logs: Checkpoint["logs"]
): OutboxRows.CheckpointReports => {
  const hasProgress = reported.finishedJobs !== chain.finishedJobs
  reported.finishedJobs = chain.finishedJobs
  return { logs, hasProgress, outcome }
}

const changesOf = (
  { chain, changed, starting, waiting }: Checkpoint,
  logs: Checkpoint["logs"]
): ReadonlyArray<RecordRows.RecordChange> => {
  const waits = new Map(waiting.map(({ job, until }) => [job, until]))
  const starts = new Set(starting)
  const ended = new Set(logs.map((log) => chain.graph.indexOf.get(log.jobId)))
  const jobs = new Set([...changed, ...starting, ...waits.keys()])
  return Array.from(jobs, (job) => {
    const hasEnded = ended.has(job)
    // A job that waits before its next try runs. One that only got another base goes on with that.
    const mayStillWait = chain.states[job] === JobState.RUNNING && !hasEnded && !starts.has(job)
    const until = waits.get(job) ?? (mayStillWait ? undefined : 0)
    return RecordRows.changeOf(chain, job, {
      waitUntil: until === 0 ? null : until,
      crashes: hasEnded ? "none" : 0
    })
  })
}

/**
 * Lets go of a chain. One that was never begun leaves nothing, or the request that it was created as. `state` is that of its
 * request from then on, where it is to change.
 */
export const remove = Effect.fnUntraced(function*(
  transactions: Transactions,
  ownership: Ownership["Service"],
  requestId: string,
  state?: JobState.JobState
) {
  const owned = ownership.chains.get(requestId)
  if (owned === undefined || owned.number === 0) return
  ownership.chains.delete(requestId)
  const { number } = owned
  const isGone = yield* transactions.write(function*() {
    const row = yield* Sql.get<{ readonly hasBegun: number; readonly isRequest: number }>(
      `UPDATE jobchain_chains SET owner = NULL WHERE number = ? AND owner = ?
       RETURNING has_begun AS "hasBegun", is_request AS "isRequest"`,
      number,
      ownership.id
    )
    if (row === undefined) return false
    const isGone = row.hasBegun === 0 && row.isRequest === 0
    if (isGone) yield* Deletion.hide(number)
    if (state !== undefined) yield* ChainProgress.change(number, { state: JobState.toCode(state) })
    return isGone
  })
  if (isGone) yield* Deletion.deleteRows(transactions, number)
})
