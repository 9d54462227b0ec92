/**
 * How far a chain is, as its row says it, with a checksum: what every checkpoint writes.
 *
 * All that changes these columns goes through here, so that the checksum is never that of something else. A checkpoint knows
 * them all; who changes only some reads the others in the same transaction. Where those are damaged, the checksum stays as it
 * is, and with it the damage is still found.
 *
 * @since 0.1.0
 */
import * as Checksum from "./Checksum.ts"
import type { DamagedRow } from "./DamagedRow.ts"
import * as RowsStatement from "./RowsStatement.ts"
import * as Sql from "./Sql.ts"

/** Times are Unix milliseconds. */
export interface ChainProgress {
  /** That of the request, and that of the chain itself, as wire numbers. */
  readonly state: number
  readonly chainState: number
  readonly finishedJobs: number
  /** What the engine here has said last; `null` where it is not known. */
  readonly completeJobs: number | null
  readonly totalJobs: number
  /** How long the chain has run, in milliseconds. */
  readonly elapsed: number
  readonly closedAt: number | null
  readonly finishedAt: number | null
  /** 1 where the chain has a history, which is kept. */
  readonly hasBegun: number
}

/** What `selected` selects. */
export interface ChainProgressRow extends ChainProgress {
  readonly progressChecksum: number | null
}

/** Selects a `ChainProgressRow`, from chains `c`. */
export const selected = `c.state, c.chain_state AS "chainState", c.finished_jobs AS "finishedJobs",
  c.complete_jobs AS "completeJobs", c.total_jobs AS "totalJobs", c.elapsed, c.closed_at AS "closedAt",
  c.finished_at AS "finishedAt", c.has_begun AS "hasBegun", c.progress_checksum AS "progressChecksum"`

/** The columns that `valuesOf` has values for. */
export const columns = {
  state: "integer",
  chain_state: "integer",
  finished_jobs: "integer",
  complete_jobs: "integer",
  total_jobs: "integer",
  elapsed: "real",
  closed_at: "integer",
  finished_at: "real",
  has_begun: "integer",
  progress_checksum: "integer"
} as const

/** Returns the values of `columns`. */
export const valuesOf = (progress: ChainProgress): ReadonlyArray<Checksum.Value> => {
  const checked = checkedOf(progress)
  return [...checked, Checksum.of(checked)]
}

const checkedOf = (progress: ChainProgress): ReadonlyArray<Checksum.Value> => [
  progress.state,
  progress.chainState,
  progress.finishedJobs,
  progress.completeJobs,
  progress.totalJobs,
  progress.elapsed,
  progress.closedAt,
  progress.finishedAt,
  progress.hasBegun
]

/** Returns the error of a row that does not hold what was written. */
export const damageOf = (row: ChainProgressRow, requestId: string): DamagedRow | undefined =>
  isWhole(row) ? undefined : Checksum.damaged({ table: "jobchain_chains", requestId })

const isWhole = (row: ChainProgressRow): boolean =>
  row.progressChecksum === null || row.progressChecksum === Checksum.of(checkedOf(row))

/** Returns the row of how far a chain is. */
export const rowOf = (chain: number, progress: ChainProgress): Sql.WriteRows =>
  Sql.rowsFor(update, [[...valuesOf(progress), chain]])

const update = RowsStatement.update({ table: "jobchain_chains", set: columns, key: "number" })

/** Changes some of it. */
export function* change(chain: number, changed: Partial<ChainProgress>): Sql.Script<void> {
  const [row] = yield* Sql.readRows<ChainProgressRow>(Sql.keysFor(lockRows, [[chain]]))
  if (row === undefined) return
  const values = valuesOf({ ...row, ...changed })
  const checksum = isWhole(row) ? values.at(-1) ?? null : row.progressChecksum
  yield* Sql.writeRows(Sql.rowsFor(update, [[...values.slice(0, -1), checksum, chain]]))
}

const lockRows = RowsStatement.lock({
  table: "jobchain_chains",
  alias: "c",
  columns: selected,
  key: { number: "integer" }
})
