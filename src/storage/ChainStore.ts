/**
 * What commands and applications ask of the store: which chains there are, how they stand, and to take one over.
 *
 * The engine itself knows only `ChainRepo`. To run what was suspended or cut off: `claim` it and give it to
 * `TraverserFactory.makeFromChain`. To stop what another process runs: `requestStop`, of which that process hears by
 * `stopRequests`.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import type * as Ending from "../domain/Ending.ts"
import * as Explanation from "../domain/Explanation.ts"
import * as Graph from "../domain/Graph.ts"
import type { SuspendedJobChain } from "../domain/JobChain.ts"
import type { JobData } from "../domain/JobData.ts"
import type { JobLog } from "../domain/JobLog.ts"
import * as JobState from "../domain/JobState.ts"
import * as Progress from "../domain/Progress.ts"
import type { Retry } from "../domain/Retry.ts"
import type * as Validation from "../domain/Validation.ts"
import type { ChainConflict } from "../engine/ChainRepo.ts"
import { forSignal } from "../engine/Checkpoint.ts"
import type { OutputTail, TryKey } from "../engine/JobOutput.ts"
import * as ChainList from "./ChainList.ts"
import * as ChainRetry from "./ChainRetry.ts"
import * as ChainTransfer from "./ChainTransfer.ts"
import * as Claim from "./Claim.ts"
import * as Collection from "./Collection.ts"
import type { DamagedRow } from "./DamagedRow.ts"
import * as LogRows from "./LogRows.ts"
import { Outbox } from "./Outbox.ts"
import * as OutboxRows from "./OutboxRows.ts"
import * as OutputRows from "./OutputRows.ts"
import { Ownership } from "./Ownership.ts"
import * as SignalTransfer from "./SignalTransfer.ts"
import * as Sql from "./Sql.ts"
import * as SqlChainRepo from "./SqlChainRepo.ts"
import * as StopRequests from "./StopRequests.ts"
import * as StoredChain from "./StoredChain.ts"
import { Tables } from "./Tables.ts"
import { Writer } from "./Writer.ts"

/** A chain and each of its jobs. */
export interface ChainStatus extends ChainList.StoredChainInfo {
  readonly jobs: ReadonlyArray<JobStanding>
  /** What a remote Request Manager has not heard; nothing of a chain that is not reported to one. */
  readonly reports: OutboxRows.ReportStanding
}

/** How a job stands. */
export interface JobStanding {
  readonly id: string
  readonly name: string
  readonly type: string
  readonly state: JobState.JobState
  /** How it ended, where its state does not say it all. */
  readonly ending: Ending.Special | undefined
  /** All its tries so far. */
  readonly tries: number
  /** Why it does not run, as far as the chain itself says it: what it waits for beyond that, only who runs it knows. */
  readonly explanation: Explanation.Explanation | undefined
  /** Until when it waits before its next try, or its sequence's, in Unix milliseconds. */
  readonly waitUntil: number | undefined
  /** How often in a row the process crashed while it ran. */
  readonly crashes: number
}

export class ChainStore extends Context.Service<ChainStore, {
  /** Lists chains, the newest first. */
  readonly list: (filter?: ChainList.Filter) => Effect.Effect<ReadonlyArray<ChainList.StoredChainInfo>>
  readonly status: (requestId: string) => Effect.Effect<ChainStatus, Claim.ChainNotStored | DamagedRow>
  /** Returns every job log of a chain, or of one of its jobs, in the order in which they came. */
  readonly logs: (
    requestId: string,
    jobId?: string
  ) => Effect.Effect<ReadonlyArray<JobLog>, Claim.ChainNotStored | DamagedRow>
  /** Returns the same without what the tries wrote, of which there may be much. */
  readonly tries: (
    requestId: string,
    jobId?: string
  ) => Effect.Effect<ReadonlyArray<LogRows.EndedTry>, Claim.ChainNotStored | DamagedRow>
  /** Tells how much each try of a chain, or of one of its jobs, has written so far, those that run included. */
  readonly written: (
    requestId: string,
    jobId?: string
  ) => Effect.Effect<ReadonlyArray<OutputRows.Written>, Claim.ChainNotStored>
  /**
   * Returns what a try has written so far, byte by byte as it was; empty for a try that is not known. It comes chunk by chunk as
   * it was kept, from the chunk of number `from` on, 0 unless given.
   */
  readonly output: (key: TryKey, stream: keyof OutputTail, from?: number) => Stream.Stream<Uint8Array, DamagedRow>
  /**
   * Takes over a chain that is suspended, or unfinished with no living owner. It is this process's own from then on: give it
   * to `TraverserFactory.makeFromChain`, or `release` it.
   */
  readonly claim: (
    requestId: string
  ) => Effect.Effect<Claim.Claimed, Claim.ChainNotStored | Claim.ChainOwned | Claim.ChainEnded | DamagedRow>
  /** Gives up a chain that was claimed and is not to be run after all: it is suspended. */
  readonly release: (requestId: string) => Effect.Effect<void>
  /** Returns what `retry` would run, with which data, and changes nothing. */
  readonly previewRetry: (requestId: string) => Effect.Effect<Retry, ChainRetry.Refusal | DamagedRow>
  /** Makes a chain that is FAIL or STOPPED one to be claimed: what is COMPLETE stays, the rest runs again. Returns what will. */
  readonly retry: (requestId: string) => Effect.Effect<Retry, ChainRetry.Refusal | DamagedRow>
  /** Asks for a chain to be stopped by who runs it, or by who will claim it. */
  readonly requestStop: (requestId: string) => Effect.Effect<void, Claim.ChainNotStored | Claim.ChainEnded>
  /**
   * Request ids of chains of this process that are to be stopped, each once: because somebody asks for it, or because another
   * process has taken the chain over while this one gave no sign of life. Looks about every second while it runs.
   */
  readonly stopRequests: Stream.Stream<string>
  /**
   * Sends a signal to a chain, whoever runs it or will; is over when the store has it. One with an `id` that the chain has
   * is no second signal.
   */
  readonly signal: (
    requestId: string,
    name: string,
    options?: { readonly data?: JobData; readonly id?: string }
  ) => Effect.Effect<void, Claim.ChainNotStored | Claim.ChainEnded>
  /**
   * Signals for chains of this process, for `Traverser.signal` with their ids: each again until its chain has kept it. Looks
   * about every second while it runs.
   */
  readonly signals: Stream.Stream<SignalTransfer.SentSignal>
  /** Returns a chain that nobody runs as a suspended chain, to be resumed elsewhere. It stays here, too. */
  readonly exportChain: (
    requestId: string
  ) => Effect.Effect<
    SuspendedJobChain,
    Claim.ChainNotStored | Claim.ChainOwned | Claim.ChainEnded | DamagedRow
  >
  /** Takes in a suspended chain, to be claimed. Fails with `InvalidChain` and, where its request is there already, `ChainConflict`. */
  readonly importChain: (
    suspended: SuspendedJobChain
  ) => Effect.Effect<void, Validation.InvalidChain | ChainConflict>
  /**
   * Deletes chains that have ended so long ago, with all that belongs to them, and what dead processes have left
   * half-written. Returns how many chains that were. One with reports that wait to be delivered stays.
   */
  readonly collect: (olderThanMillis: number) => Effect.Effect<number>
  /** Counts the chains that `collect` would delete, and deletes nothing. */
  readonly collectable: (olderThanMillis: number) => Effect.Effect<number>
}>()("jobchain/ChainStore") {
  static readonly layer: Layer.Layer<ChainStore, never, Tables | Ownership | Writer | Outbox> = Layer.effect(
    ChainStore,
    Effect.gen(function*() {
      const tables = yield* Tables
      const ownership = yield* Ownership
      const outbox = yield* Outbox
      const context = yield* Effect.context<Tables | Ownership | Writer>()
      return {
        list: (filter = {}) => ChainList.list(tables, ownership, filter),
        status: (requestId) => status(tables, ownership, requestId),
        logs: (requestId, jobId) => logs(tables, requestId, jobId),
        tries: (requestId, jobId) => tries(tables, requestId, jobId),
        written: (requestId, jobId) => ofChain(tables, requestId, () => OutputRows.selectWritten(requestId, jobId)),
        output: (key, stream, from) => OutputRows.stream(tables, key, stream, from),
        claim: (requestId) => Effect.provideContext(Claim.claim(requestId), context),
        release: (requestId) => SqlChainRepo.remove(tables, ownership, requestId, "SUSPENDED"),
        previewRetry: (requestId) => ChainRetry.preview(tables, ownership, requestId),
        retry: (requestId) => ChainRetry.retry(tables, ownership, requestId),
        requestStop: (requestId) => StopRequests.send(tables, requestId),
        stopRequests: StopRequests.taken(tables, ownership),
        signal: (requestId, name, options = {}) => SignalTransfer.send(tables, requestId, name, options),
        signals: SignalTransfer.sent(tables, ownership),
        exportChain: (requestId) => ChainTransfer.exportChain(tables, ownership, requestId),
        importChain: (suspended) => ChainTransfer.importChain(tables, ownership, outbox, suspended),
        collect: (olderThanMillis) => Collection.collect(tables, ownership, olderThanMillis),
        collectable: (olderThanMillis) => Collection.count(tables, olderThanMillis)
      }
    })
  )
}

const status = Effect.fnUntraced(function*(
  tables: Tables["Service"],
  ownership: Ownership["Service"],
  requestId: string
): Effect.fn.Return<ChainStatus, Claim.ChainNotStored | DamagedRow> {
  const { number } = yield* Claim.found(tables, requestId)
  const stored = yield* StoredChain.load(tables, { requestId, number })
  const [info] = yield* ChainList.list(tables, ownership, { requestId })
  if (stored === undefined || info === undefined) return yield* new Claim.ChainNotStored({ requestId })
  const { chain, records } = stored
  const rows = new Map(records.map((record) => [record.job, record]))
  const explanations = new Map(Explanation.explain(chain).map((explanation) => [explanation.jobId, explanation]))
  const present = [...chain.jobs.keys()].filter((job) => Progress.isPresent(chain, job))
  const jobs = present.map((job): JobStanding => ({
    id: chain.graph.ids[job] as string,
    name: chain.jobs[job]?.name ?? "",
    type: chain.jobs[job]?.type ?? "",
    state: JobState.fromCode(Graph.at(chain.states, job)),
    ending: chain.endings.get(job),
    tries: Graph.at(chain.totalTries, job),
    explanation: explanations.get(chain.graph.ids[job] as string),
    waitUntil: JobState.isOver(chain.state) ? undefined : timeOf(rows.get(job)?.waitUntil),
    crashes: rows.get(job)?.crashes ?? 0
  }))
  const reports = yield* tables.read(() => OutboxRows.selectStanding(number))
  return { ...info, jobs, reports }
})

const logs = Effect.fnUntraced(function*(tables: Tables["Service"], requestId: string, jobId: string | undefined) {
  const rows = yield* ofChain(tables, requestId, () => LogRows.select(requestId, jobId))
  return yield* StoredChain.decoding(() => rows.map((row) => LogRows.logOf(row, requestId)))
})

const tries = Effect.fnUntraced(function*(tables: Tables["Service"], requestId: string, jobId: string | undefined) {
  const rows = yield* ofChain(tables, requestId, () => LogRows.selectTries(requestId, jobId))
  return yield* StoredChain.decoding(() => rows.map((row) => LogRows.tryOf(row, requestId)))
})

/** Reads what belongs to a chain that is there. */
const ofChain = <A>(tables: Tables["Service"], requestId: string, read: () => Sql.Script<A>) =>
  Effect.andThen(Claim.found(tables, requestId), tables.read(read))

const timeOf = (waitUntil: number | null | undefined): number | undefined =>
  waitUntil === forSignal ? undefined : waitUntil ?? undefined
