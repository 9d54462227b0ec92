/**
 * The `RequestManager` whose requests are the chains of the store.
 *
 * What the engine keeps of a chain is at once what the request says: there is nothing to report. The calls that report are
 * there for engines elsewhere.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Chain from "../domain/Chain.ts"
import * as Compilation from "../domain/Compilation.ts"
import type { JobChain, SuspendedJobChain } from "../domain/JobChain.ts"
import * as JobState from "../domain/JobState.ts"
import type { CreateRequest, FinishRequest, Request } from "../domain/Request.ts"
import {
  JobLogNotFound,
  type JobRunnerClient,
  RequestExists,
  type RequestFilter,
  RequestManager,
  RequestManagerUnavailable,
  RequestNotFound,
  RequestStateConflict
} from "../engine/RequestManager.ts"
import * as ChainList from "./ChainList.ts"
import * as ChainProgress from "./ChainProgress.ts"
import * as ChainRequest from "./ChainRequest.ts"
import * as ChainRow from "./ChainRow.ts"
import { type DamagedRow, jsonObject } from "./DamagedRow.ts"
import * as LogRows from "./LogRows.ts"
import * as NewChain from "./NewChain.ts"
import { Ownership } from "./Ownership.ts"
import * as Sql from "./Sql.ts"
import { differing } from "./SqlChainRepo.ts"
import * as StoredChain from "./StoredChain.ts"
import { Tables } from "./Tables.ts"

export interface Options {
  /** What `requestList` answers; nothing unless given. */
  readonly types?: ReadonlyArray<string>
  /** Who is told to start, resume and stop chains. Without, starting one only notes that it runs, and stopping one fails. */
  readonly jobRunner?: JobRunnerClient
}

export const layerWith = (options: Options): Layer.Layer<RequestManager, never, Tables | Ownership> =>
  Layer.effect(
    RequestManager,
    Effect.gen(function*() {
      return make(yield* Tables, yield* Ownership, options)
    })
  )

type StateError = RequestNotFound | RequestStateConflict | RequestManagerUnavailable

const make = (
  tables: Tables["Service"],
  { id: writer }: Ownership["Service"],
  { jobRunner, types = [] }: Options
): RequestManager["Service"] => {
  /**
   * Looks at the state and acts in one transaction, so that nobody comes in between. What an engine reports of a chain that runs
   * is taken also where only what was asked for is damaged.
   */
  const inState = <A>(
    requestId: string,
    expected: ReadonlyArray<JobState.JobState>,
    act: (present: NewChain.Present, now: number) => Sql.Script<A>,
    damageOf: typeof ChainRow.damageOf = ChainProgress.damageOf
  ): Effect.Effect<A, StateError> =>
    Effect.gen(function*() {
      const now = yield* Clock.currentTimeMillis
      const done = yield* tables.write(function*() {
        const present = yield* NewChain.lock(requestId)
        if (present === undefined) return { refusal: new RequestNotFound({ requestId }) }
        const damage = damageOf(present, requestId)
        if (damage !== undefined) return { refusal: new RequestManagerUnavailable({ reason: damage.message }) }
        const state = JobState.fromCode(present.state)
        if (!expected.includes(state)) return { refusal: new RequestStateConflict({ requestId, state, expected }) }
        return { value: yield* act(present, now) }
      })
      return "refusal" in done ? yield* done.refusal : done.value
    })

  const create = Effect.fnUntraced(function*({ args = {}, jobChain, type = "", user = "" }: CreateRequest) {
    const requestId = jobChain.requestId ?? ""
    const createdAt = yield* Clock.currentTimeMillis
    const added = yield* NewChain.insert(tables, {
      ...wireOf({ requestId, jobChain }),
      state: "PENDING",
      finishedJobs: 0,
      request: { args, type, user },
      hasBegun: false,
      writer,
      isOwned: false,
      isReported: false,
      createdAt,
      startedAt: null
    }, () => false)
    if ("present" in added) return yield* new RequestExists({ requestId })
    const totalJobs = Object.keys(jobChain.jobs ?? {}).length
    return {
      id: requestId,
      type,
      state: "PENDING",
      user,
      args,
      createdAt,
      totalJobs,
      finishedJobs: 0
    } satisfies Request
  })

  const start = Effect.fnUntraced(function*(requestId: string) {
    // Noted first: the chain may be over before the job runner has answered.
    const before = yield* inState(requestId, ["PENDING", "SUSPENDED"], function*(present, now) {
      yield* ChainProgress.change(present.number, { state: JobState.RUNNING })
      yield* ChainRequest.change(present, requestId, { startedAt: now })
      return present
    }, ChainRow.damageOf)
    if (jobRunner === undefined) return
    const key = { requestId, number: before.number }
    const ask = before.state === JobState.SUSPENDED
      ? Effect.flatMap(needed(suspendedChain(key), requestId), jobRunner.resume)
      : Effect.flatMap(needed(wireChain(key), requestId), jobRunner.start)
    yield* Effect.onError(ask, () =>
      tables.write(function*() {
        const present = yield* NewChain.lock(requestId)
        if (present?.number !== before.number || present.state !== JobState.RUNNING || present.owner !== null) return
        yield* ChainProgress.change(before.number, { state: before.state })
        yield* ChainRequest.change(present, requestId, { startedAt: before.startedAt })
      }))
  })

  const suspendedChain = (key: StoredChain.ChainKey) =>
    Effect.map(unavailable(StoredChain.load(tables, key)), (stored) => stored && Chain.toSuspended(stored.chain))

  const wireChain = (key: StoredChain.ChainKey) => unavailable(StoredChain.loadWire(tables, key))

  const getJobChain = Effect.fnUntraced(function*(requestId: string) {
    const present = yield* tables.read(() => NewChain.select(requestId))
    if (present === undefined) return yield* new RequestNotFound({ requestId })
    const key = { requestId, number: present.number }
    const isSuspended = present.state === JobState.SUSPENDED
    const found = isSuspended
      ? Effect.map(suspendedChain(key), (suspended) => suspended?.jobChain ?? undefined)
      : wireChain(key)
    return yield* needed(found, requestId)
  })

  const finish = ({ finishedAt, finishedJobs, requestId, state, totalJobs }: FinishRequest) =>
    inState(requestId, ["RUNNING", state], function*(present) {
      const { number } = present
      yield* ChainProgress.change(number, { state: JobState.toCode(state), finishedJobs, finishedAt })
      yield* takeTotalJobs(present, requestId, totalJobs)
      yield* Sql.run("UPDATE jobchain_chains SET owner = NULL WHERE number = ?", number)
    })

  const suspend = (suspended: SuspendedJobChain) =>
    Effect.suspend(() => {
      const requestId = suspended.requestId ?? ""
      const rows = wireOf(suspended)
      return inState(requestId, ["RUNNING", "SUSPENDED"], function*(present) {
        const finishedJobs = suspended.jobChain?.finishedJobs ?? 0
        yield* NewChain.replaceRows(present, rows, { state: JobState.SUSPENDED, finishedJobs, hasBegun: 1 })
      })
    })

  const stop = Effect.fnUntraced(function*(requestId: string) {
    yield* inState(requestId, ["RUNNING"], function*() {})
    if (jobRunner === undefined) return yield* new RequestManagerUnavailable({ reason: "it has no job runner" })
    yield* jobRunner.stop(requestId)
  })

  const logs = (requestId: string, jobId?: string) =>
    Effect.flatMap(
      tables.read(() => LogRows.select(requestId, jobId)),
      (rows) => unavailable(StoredChain.decoding(() => rows.map((row) => LogRows.logOf(row, requestId))))
    )

  const find = (filter: ChainList.Filter) =>
    Effect.flatMap(selectRequests(tables, filter), (rows) => Effect.forEach(rows, (row) => requestOf(row)))

  return {
    createRequest: create,
    getRequest: (requestId) =>
      Effect.flatMap(
        find({ requestId }),
        ([request]) => request === undefined ? Effect.fail(new RequestNotFound({ requestId })) : Effect.succeed(request)
      ),
    findRequests: (filter: RequestFilter) => find(filter),
    startRequest: start,
    finishRequest: finish,
    stopRequest: stop,
    suspendRequest: suspend,
    getJobChain,
    getJobLogs: (requestId) => logs(requestId),
    getJobLog: (requestId, jobId, jobTry) =>
      Effect.flatMap(logs(requestId, jobId), (logs) => {
        const found = logs.findLast((log) => jobTry === undefined || log.try === jobTry)
        return found === undefined ? Effect.fail(new JobLogNotFound({ requestId, jobId })) : Effect.succeed(found)
      }),
    createJobLog: (log) =>
      Effect.flatMap(
        tables.write(function*() {
          const present = yield* NewChain.select(log.requestId)
          if (present !== undefined) yield* Sql.writeRows(LogRows.insert(present.number, [log]))
          return present !== undefined
        }),
        (isKept) =>
          isKept
            ? Effect.void
            : Effect.fail(new RequestManagerUnavailable({ reason: `it has no request ${log.requestId}` }))
      ),
    requestList: Effect.succeed(types),
    running: (requestId) => jobRunner?.running(requestId) ?? Effect.succeed([]),
    updateProgress: ({ finishedJobs, requestId, totalJobs }) =>
      // What is sent late must not change what a final state says.
      tables.write(function*() {
        const present = yield* NewChain.lock(requestId)
        if (present?.state !== JobState.RUNNING) return
        yield* ChainProgress.change(present.number, { finishedJobs })
        yield* takeTotalJobs(present, requestId, totalJobs)
      })
  }
}

/** Takes how many jobs a chain has by now, unless an engine here runs it, whose checkpoints say so. */
function* takeTotalJobs(present: NewChain.Present, requestId: string, totalJobs: number | undefined): Sql.Script<void> {
  if (totalJobs === undefined || totalJobs === ChainRow.totalJobsOf(present) || present.owner !== null) return
  yield* ChainRequest.change(present, requestId, { reportedJobs: totalJobs })
}

/** The chain's rows as its wire value has them. */
const wireOf = (suspended: SuspendedJobChain): NewChain.Rows => {
  const requestId = suspended.requestId ?? ""
  const jobChain: JobChain = suspended.jobChain ?? {}
  const chain = Compilation.make(jobChain, suspended)
  return {
    requestId,
    jobChain,
    chainState: chain.state,
    elapsed: chain.elapsed.chain,
    records: differing(chain),
    signals: [...chain.signals.values()],
    formerTries: chain.formerTries
  }
}

const unavailable = <A>(loaded: Effect.Effect<A, DamagedRow>): Effect.Effect<A, RequestManagerUnavailable> =>
  Effect.mapError(loaded, (damage) => new RequestManagerUnavailable({ reason: damage.message }))

/** Fails where the request has gone meanwhile. */
const needed = <A>(found: Effect.Effect<A | undefined, RequestManagerUnavailable>, requestId: string) =>
  Effect.flatMap(
    found,
    (value): Effect.Effect<A, RequestNotFound> =>
      value === undefined ? Effect.fail(new RequestNotFound({ requestId })) : Effect.succeed(value)
  )

interface RequestRow extends ChainRow.ChainRow {
  readonly id: string
}

const selectRequests = (tables: Tables["Service"], filter: ChainList.Filter) => {
  const { params, where } = ChainList.conditions(filter)
  return tables.read(() =>
    Sql.all<RequestRow>(
      `SELECT c.request_id AS id, ${ChainRow.selected} FROM jobchain_chains c ${where} ${ChainList.page}`,
      ...params,
      ...ChainList.pageOf(filter)
    )
  )
}

const requestOf = (row: RequestRow) =>
  unavailable(StoredChain.decoding((): Request => {
    const { createdAt, finishedAt, finishedJobs, id, startedAt, type, user } = row
    ChainRow.check(row, id)
    return {
      id,
      type,
      state: JobState.fromCode(row.state),
      user,
      args: jsonObject(row.args, { table: "jobchain_chains", requestId: id }),
      createdAt,
      totalJobs: ChainRow.totalJobsOf(row),
      finishedJobs,
      ...(startedAt === null ? {} : { startedAt }),
      ...(finishedAt === null ? {} : { finishedAt })
    }
  }))
