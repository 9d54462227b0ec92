/**
 * What a chain was asked for as, and what it came with, as its row says it, with a checksum: what is written with the chain, and
 * seldom again.
 *
 * All that changes these columns goes through here, so that the checksum is never that of something else. Where they are
 * damaged, the checksum stays as it is, and with it the damage is still found. No checkpoint reads or writes them.
 *
 * Who owns the chain, and whether it is to be stopped, is in no checksum: each is written alone, by processes that may know
 * nothing else of the row. Whoever runs the chain looks for itself as the owner before it writes.
 *
 * @since 0.1.0
 */
import * as Checksum from "./Checksum.ts"
import type { DamagedRow } from "./DamagedRow.ts"
import * as RowsStatement from "./RowsStatement.ts"
import * as Sql from "./Sql.ts"

/** Times are Unix milliseconds. */
export interface ChainRequest {
  /** Also in the wire value; by this one chains are found. */
  readonly name: string
  readonly type: string
  readonly user: string
  /** As JSON. */
  readonly args: string
  /** 1 where somebody has created a request, 0 where a chain came without. */
  readonly isRequest: number
  readonly createdAt: number
  readonly startedAt: number | null
  /** 1 where jobs may join the chain while it runs. */
  readonly hasFanOuts: number
  /** The tries of jobs that the chain does not have now, and may have again, as JSON; `null` for none. */
  readonly formerTries: string | null
  /** How many jobs the chain has by now, where an engine elsewhere that runs it has said so: more than there are rows. */
  readonly reportedJobs: number | null
}

/** What `selected` selects. */
export interface ChainRequestRow extends ChainRequest {
  readonly requestChecksum: number | null
}

/** Selects a `ChainRequestRow`, from chains `c`. */
export const selected = `c.name, c.type, c.user_name AS "user", c.args, c.is_request AS "isRequest",
  c.created_at AS "createdAt", c.started_at AS "startedAt", c.has_fan_outs AS "hasFanOuts",
  c.former_tries AS "formerTries", c.reported_jobs AS "reportedJobs", c.request_checksum AS "requestChecksum"`

/** The columns that `valuesOf` has values for. */
export const columns = {
  name: "text",
  type: "text",
  user_name: "text",
  args: "text",
  is_request: "integer",
  created_at: "real",
  started_at: "real",
  has_fan_outs: "integer",
  former_tries: "text",
  reported_jobs: "integer",
  request_checksum: "integer"
} as const

/** Returns the values of `columns`. */
export const valuesOf = (request: ChainRequest, requestId: string): ReadonlyArray<Checksum.Value> => [
  ...givenOf(request),
  request.reportedJobs,
  checksumOf(request, requestId)
]

/** Databases have no halves of characters, and the checksum is that of what will be read. */
const givenOf = (request: ChainRequest): ReadonlyArray<Checksum.Value> => [
  request.name.toWellFormed(),
  request.type.toWellFormed(),
  request.user.toWellFormed(),
  request.args,
  request.isRequest,
  request.createdAt,
  request.startedAt,
  request.hasFanOuts,
  request.formerTries
]

/** With another request id it would be what another chain was asked for as. The first rows had no reported jobs. */
const checksumOf = (request: ChainRequest, requestId: string): number => {
  const reported = request.reportedJobs === null ? [] : [request.reportedJobs]
  return Checksum.of([requestId.toWellFormed(), ...givenOf(request), ...reported])
}

/** Returns the error of a row that does not hold what was written. */
export const damageOf = (row: ChainRequestRow, requestId: string): DamagedRow | undefined =>
  isWhole(row, requestId) ? undefined : Checksum.damaged({ table: "jobchain_chains", requestId })

const isWhole = (row: ChainRequestRow, requestId: string): boolean =>
  row.requestChecksum === null || row.requestChecksum === checksumOf(row, requestId)

/** Changes some of it, in a row that was read in the same transaction. */
export function* change(
  row: ChainRequestRow & { readonly number: number },
  requestId: string,
  changed: Partial<ChainRequest>
): Sql.Script<void> {
  const values = valuesOf({ ...row, ...changed }, requestId)
  const checksum = isWhole(row, requestId) ? values.at(-1) ?? null : row.requestChecksum
  yield* Sql.writeRows(Sql.rowsFor(update, [[...values.slice(0, -1), checksum, row.number]]))
}

/** Gives a chain the request of another one. */
export const handOn = (
  from: ChainRequest,
  to: ChainRequest & { readonly number: number },
  requestId: string
): Sql.Script<void> => {
  const { args, createdAt, isRequest, type, user } = from
  const values = valuesOf({ ...to, args, createdAt, isRequest, type, user }, requestId)
  return Sql.writeRows(Sql.rowsFor(update, [[...values, to.number]]))
}

const update = RowsStatement.update({ table: "jobchain_chains", set: columns, key: "number" })
