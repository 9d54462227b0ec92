/**
 * What the store tells of a chain at a glance.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as JobState from "../domain/JobState.ts"
import * as ChainRow from "./ChainRow.ts"
import { isEnded } from "./Claim.ts"
import { type Owner, ownerColumns, ownerJoin, type OwnerRow, type Ownership } from "./Ownership.ts"
import * as Sql from "./Sql.ts"
import type { Tables } from "./Tables.ts"

/** A chain in the store. Times are Unix milliseconds. */
export interface StoredChainInfo {
  readonly requestId: string
  readonly name: string
  readonly type: string
  readonly user: string
  readonly state: JobState.JobState
  /** The living process that runs it. */
  readonly owner: Owner | undefined
  /** Whether it began, has not ended and no living process runs it: its process crashed. */
  readonly isCrashed: boolean
  readonly isStopRequested: boolean
  /** Whether its row does not hold what was written: what is said of it here may be wrong, and nobody can take it over. */
  readonly isDamaged: boolean
  readonly totalJobs: number
  readonly finishedJobs: number
  readonly createdAt: number
  readonly startedAt: number | undefined
  readonly finishedAt: number | undefined
}

/** Which chains to list; what is left out does not matter. */
export interface Filter {
  readonly requestId?: string
  /** What the request id begins with. */
  readonly idPrefix?: string
  readonly name?: string
  readonly states?: ReadonlyArray<JobState.JobState>
  /** Unix milliseconds: running at or after `since` and created before `until`. */
  readonly since?: number
  readonly until?: number
  readonly type?: string
  readonly user?: string
  /** Whether a living process runs it. */
  readonly isRunning?: boolean
  /** Whether its process crashed. */
  readonly isCrashed?: boolean
  readonly limit?: number
  readonly offset?: number
}

/** Lists chains, the newest first. */
export const list = (
  tables: Tables["Service"],
  ownership: Ownership["Service"],
  filter: Filter
): Effect.Effect<ReadonlyArray<StoredChainInfo>> => {
  const { params, where } = conditions(filter)
  const offset = filter.offset ?? 0
  const end = filter.limit === undefined ? undefined : offset + filter.limit
  const { isCrashed, isRunning } = filter
  if (isRunning === undefined && isCrashed === undefined) {
    return Effect.map(
      tables.read(() => Sql.all<Row>(`${select} ${where} ${page}`, ...params, ...pageOf(filter))),
      (rows) => rows.map((row) => infoOf(row, ownership))
    )
  }
  // Which processes live is not known to SQL alone.
  return Effect.map(
    tables.read(() => Sql.all<Row>(`${select} ${where} ORDER BY c.number DESC`, ...params)),
    (rows) =>
      rows.map((row) => infoOf(row, ownership))
        .filter((info) => isRunning === undefined || isRunning === (info.owner !== undefined))
        .filter((info) => isCrashed === undefined || isCrashed === info.isCrashed)
        .slice(offset, end)
  )
}

interface Row extends OwnerRow, ChainRow.ChainRow {
  readonly requestId: string
  readonly stopRequested: number
}

const select = `SELECT c.request_id AS "requestId", c.stop_requested AS "stopRequested", ${ChainRow.selected},
  ${ownerColumns} FROM jobchain_chains c ${ownerJoin}`

/** The order and the page of a list in SQL, on chains `c`. */
export const page = "ORDER BY c.number DESC LIMIT ? OFFSET ?"

/** Returns the parameters of the page that a filter asks for. */
export const pageOf = ({ limit = Number.MAX_SAFE_INTEGER, offset = 0 }: Filter): ReadonlyArray<Sql.Value> => [
  limit,
  offset
]

/** Returns the conditions of a filter in SQL, on chains `c`. */
export const conditions = (
  { idPrefix, name, requestId, since, states, type, until, user }: Filter
): { readonly where: string; readonly params: ReadonlyArray<Sql.Value> } => {
  const given: ReadonlyArray<readonly [string, ReadonlyArray<Sql.Value> | undefined]> = [
    ["c.request_id = ?", requestId === undefined ? undefined : [requestId]],
    ["substr(c.request_id, 1, length(?)) = ?", idPrefix === undefined ? undefined : [idPrefix, idPrefix]],
    ["c.name = ?", name === undefined ? undefined : [name]],
    [`c.state IN (${(states ?? []).map(() => "?").join(", ")})`, states?.map(JobState.toCode)],
    ["(c.finished_at IS NULL OR c.finished_at >= ?)", since === undefined ? undefined : [since]],
    ["c.created_at < ?", until === undefined ? undefined : [until]],
    ["c.type = ?", type === undefined ? undefined : [type]],
    ["c.user_name = ?", user === undefined ? undefined : [user]]
  ]
  const asked = given.filter(([, params]) => params !== undefined)
  return {
    where: ["WHERE c.request_id IS NOT NULL", ...asked.map(([condition]) => condition)].join(" AND "),
    params: asked.flatMap(([, params]) => params ?? [])
  }
}

const infoOf = (row: Row, { livingOwner }: Ownership["Service"]): StoredChainInfo => {
  const state = JobState.fromCode(row.state)
  const owner = isEnded(state) ? undefined : livingOwner(row)
  return {
    requestId: row.requestId,
    name: row.name,
    type: row.type,
    user: row.user,
    state,
    owner,
    isCrashed: state === "RUNNING" && owner === undefined,
    isStopRequested: row.stopRequested > 0,
    isDamaged: !ChainRow.isWhole(row, row.requestId),
    totalJobs: ChainRow.totalJobsOf(row),
    finishedJobs: row.finishedJobs,
    createdAt: row.createdAt,
    startedAt: row.startedAt ?? undefined,
    finishedAt: row.finishedAt ?? undefined
  }
}
