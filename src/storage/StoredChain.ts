/**
 * Brings a chain back from its rows to where it was.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Compilation from "../domain/Compilation.ts"
import * as Graph from "../domain/Graph.ts"
import { at } from "../domain/Graph.ts"
import type { JobChain } from "../domain/JobChain.ts"
import * as JobRecord from "../domain/JobRecord.ts"
import * as JobState from "../domain/JobState.ts"
import * as Progress from "../domain/Progress.ts"
import type * as Slices from "../domain/Slices.ts"
import * as GivingWay from "../engine/GivingWay.ts"
import * as ChainRow from "./ChainRow.ts"
import { DamagedRow, jsonObject } from "./DamagedRow.ts"
import * as RecordRows from "./RecordRows.ts"
import * as SignalRows from "./SignalRows.ts"
import * as Sql from "./Sql.ts"
import type { Tables } from "./Tables.ts"
import * as WireRows from "./WireRows.ts"

/** Names a chain in the store. */
export interface ChainKey {
  readonly requestId: string
  readonly number: number
}

export interface StoredChain {
  /** As it was at its last checkpoint. */
  readonly chain: Progress.Chain
  /** The rows of the jobs that are not as they were in the wire value. */
  readonly records: ReadonlyArray<RecordRows.RecordRow>
}

interface Row extends WireRows.HeadRow, ChainRow.ChainRow {}

/** Returns the chain; `undefined` where it has gone. A large one is read in parts, between which others come in. */
export const load = Effect.fnUntraced(function*(
  tables: Tables["Service"],
  key: ChainKey
): Effect.fn.Return<StoredChain | undefined, DamagedRow> {
  const read = yield* readWire(tables, key)
  if (read === undefined) return undefined
  const formerTries = yield* decoding(() => formerTriesOf(read.row, key.requestId))
  const compiled = yield* GivingWay.run(compile(read.jobChain, formerTries))
  const { records, row, signals } = yield* tables.read(function*() {
    return {
      row: yield* selectChain(key),
      records: yield* RecordRows.select(key.number),
      signals: yield* SignalRows.select(key.number)
    }
  })
  if (row === undefined) return undefined
  const chain = yield* decoding(() => {
    for (const signal of signals) compiled.signals.set(signal.id, SignalRows.signalOf(signal, key.requestId))
    return restored(compiled, row, records)
  })
  return { chain, records }
})

/** Returns the chain's wire value as it was taken in; `undefined` where it has gone. */
export const loadWire = (
  tables: Tables["Service"],
  key: ChainKey
): Effect.Effect<JobChain | undefined, DamagedRow> => Effect.map(readWire(tables, key), (read) => read?.jobChain)

interface ReadWire {
  readonly row: Row
  readonly jobChain: JobChain
}

const readWire = Effect.fnUntraced(function*(
  tables: Tables["Service"],
  key: ChainKey
): Effect.fn.Return<ReadWire | undefined, DamagedRow> {
  const { number, requestId } = key
  const row = yield* tables.read(() => selectChain(key))
  if (row === undefined) return undefined
  // How many jobs there are is of what it says.
  yield* decoding(() => ChainRow.check(row, requestId))
  const assembly = new WireRows.Assembly(requestId)
  // Jobs that have left the chain have rows, too.
  for (let start = 0, isLast = false; start < row.totalJobs || !isLast; start += jobsPerRead) {
    const jobs = yield* tables.read(() => WireRows.selectJobs(number, start, jobsPerRead))
    yield* decoding(() => {
      for (const job of jobs) assembly.add(job)
    })
    isLast = jobs.length < jobsPerRead
    yield* Effect.yieldNow
  }
  if (assembly.size < row.totalJobs) {
    if ((yield* tables.read(() => selectChain(key))) === undefined) return undefined
    const reason = `${assembly.size} rows are there, expected one for each of ${row.totalJobs} jobs`
    return yield* new DamagedRow({ table: "jobchain_jobs", requestId, reason })
  }
  return { row, jobChain: yield* decoding(() => assembly.finish(row)) }
})

/** Some milliseconds of reading and parsing. */
const jobsPerRead = 1024

/** Runs code that throws a `DamagedRow`. */
export const decoding = <A>(decode: () => A): Effect.Effect<A, DamagedRow> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(decode())
    } catch (error) {
      return error instanceof DamagedRow ? Effect.fail(error) : Effect.die(error)
    }
  })

const selectChain = ({ number, requestId }: ChainKey): Sql.Script<Row | undefined> =>
  Sql.get<Row>(
    `SELECT ${ChainRow.selected}, c.wire, c.checksum FROM jobchain_chains c WHERE c.number = ? AND c.request_id = ?`,
    number,
    requestId
  )

const formerTriesOf = ({ formerTries }: Row, requestId: string): Readonly<Record<string, number>> => {
  if (formerTries === null) return {}
  const place = { table: "jobchain_chains", requestId }
  const tries = jsonObject(formerTries, place)
  if (Object.values(tries).every((count) => typeof count === "number")) return tries as Record<string, number>
  throw new DamagedRow({ ...place, reason: `its former tries are ${formerTries}, expected a number for each job` })
}

function* compile(jobChain: JobChain, totalJobTries: Readonly<Record<string, number>>): Slices.Slices<Progress.Chain> {
  const graph = yield* Graph.makeInSlices(jobChain)
  return yield* Compilation.makeInSlices(jobChain, { totalJobTries }, graph)
}

const restored = (
  chain: Progress.Chain,
  row: Row,
  records: ReadonlyArray<RecordRows.RecordRow>
): Progress.Chain => {
  ChainRow.check(row, chain.requestId)
  JobRecord.restore(chain, records.map((record) => checked(chain, record)))
  const completeJobs = at(chain.counts, JobState.COMPLETE)
  if (row.completeJobs !== null && row.completeJobs !== completeJobs) {
    throw new DamagedRow({
      table: "jobchain_records",
      requestId: chain.requestId,
      reason: `${completeJobs} jobs are COMPLETE there, expected ${row.completeJobs}`
    })
  }
  chain.state = row.chainState
  chain.elapsed.chain = row.elapsed
  chain.data.closedAt = row.closedAt ?? Number.POSITIVE_INFINITY
  return chain
}

const checked = (chain: Progress.Chain, row: RecordRows.RecordRow): JobRecord.JobRecord => {
  const { requestId } = chain
  const jobId = chain.graph.ids[row.job]
  const isState = row.state === JobState.UNKNOWN || row.state === JobState.ABSENT
  const fault = jobId === undefined
    ? `the chain has ${chain.graph.ids.length} jobs, and none with number ${row.job}`
    : !isState && JobState.fromCode(row.state) === "UNKNOWN"
    ? `${row.state} is no state`
    : undefined
  if (jobId === undefined || fault !== undefined) {
    throw new DamagedRow({
      table: "jobchain_records",
      requestId,
      ...(jobId === undefined ? {} : { jobId }),
      reason: fault ?? ""
    })
  }
  return RecordRows.recordOf(row, requestId, jobId)
}
