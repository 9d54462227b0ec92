/**
 * The row of a chain without its wire value: what was asked for, and how far it is.
 *
 * @since 0.1.0
 */
import * as ChainProgress from "./ChainProgress.ts"
import * as ChainRequest from "./ChainRequest.ts"
import type { DamagedRow } from "./DamagedRow.ts"

/** What `selected` selects. */
export interface ChainRow extends ChainProgress.ChainProgressRow, ChainRequest.ChainRequestRow {}

/** Selects a `ChainRow`, from chains `c`. */
export const selected = `${ChainProgress.selected}, ${ChainRequest.selected}`

/** Returns how many jobs a chain has by now, as whoever runs it says. */
export const totalJobsOf = ({ reportedJobs, totalJobs }: ChainRow): number => reportedJobs ?? totalJobs

/** Throws a `DamagedRow` where the row does not hold what was written. */
export const check = (row: ChainRow, requestId: string): void => {
  const damage = damageOf(row, requestId)
  if (damage !== undefined) throw damage
}

/** Returns the error that `check` throws. */
export const damageOf = (row: ChainRow, requestId: string): DamagedRow | undefined =>
  ChainProgress.damageOf(row, requestId) ?? ChainRequest.damageOf(row, requestId)

/** Answers whether the row holds what was written. */
export const isWhole = (row: ChainRow, requestId: string): boolean => damageOf(row, requestId) === undefined
