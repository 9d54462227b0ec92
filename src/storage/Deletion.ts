/**
 * Deletes chains, in small transactions: a large one holds up nobody.
 *
 * It loses its request id first, and with that it is gone for everybody; its rows follow.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Sql from "./Sql.ts"
import type { Transactions } from "./Tables.ts"

/** Takes a chain out of sight. */
export const hide = (chain: number): Sql.Script<void> =>
  Sql.run("UPDATE jobchain_chains SET request_id = NULL, owner = NULL WHERE number = ?", chain)

/** Deletes all rows of a chain that is out of sight. */
export const deleteRows = Effect.fnUntraced(function*(transactions: Transactions, chain: number) {
  while (!(yield* transactions.write(() => deleteSome(chain), rowsPerTransaction))) yield* Effect.yieldNow
})

/** Deletes up to a bound of a chain's rows; the chain's own is the last. Returns whether all are gone. */
function* deleteSome(chain: number): Sql.Script<boolean> {
  let left = rowsPerTransaction
  for (const statement of parts) {
    left -= yield* Sql.changes(statement, chain, chain, left)
    if (left <= 0) return false
  }
  yield* Sql.run("DELETE FROM jobchain_deliveries WHERE chain = ?", chain)
  yield* Sql.run("DELETE FROM jobchain_chains WHERE number = ?", chain)
  return true
}

const rowsPerTransaction = 500

const parts = [
  `DELETE FROM jobchain_signals WHERE chain = ? AND number IN (SELECT number FROM jobchain_signals WHERE chain = ? LIMIT ?)`,
  `DELETE FROM jobchain_jobs WHERE chain = ? AND job IN (SELECT job FROM jobchain_jobs WHERE chain = ? LIMIT ?)`,
  `DELETE FROM jobchain_records WHERE chain = ? AND job IN (SELECT job FROM jobchain_records WHERE chain = ? LIMIT ?)`,
  `DELETE FROM jobchain_job_logs WHERE chain = ? AND number IN (SELECT number FROM jobchain_job_logs WHERE chain = ? LIMIT ?)`,
  `DELETE FROM jobchain_outbox WHERE chain = ? AND number IN (SELECT number FROM jobchain_outbox WHERE chain = ? LIMIT ?)`,
  // The rows of outputs are large.
  `DELETE FROM jobchain_outputs WHERE chain = ? AND (job_id, try, stream, chunk) IN
     (SELECT job_id, try, stream, chunk FROM jobchain_outputs WHERE chain = ? LIMIT CAST((? + 9) / 10 AS INTEGER))`
]
