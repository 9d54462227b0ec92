/**
 * Deletes what nobody wants any more: chains that ended long ago, and what dead processes have left.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as JobState from "../domain/JobState.ts"
import * as Deletion from "./Deletion.ts"
import { ownerColumns, ownerJoin, type OwnerRow, type Ownership } from "./Ownership.ts"
import * as Sql from "./Sql.ts"
import type { Tables } from "./Tables.ts"

/** Deletes chains that ended so long ago, and what is garbage. Returns how many chains that were. */
export const collect = Effect.fnUntraced(function*(
  tables: Tables["Service"],
  ownership: Ownership["Service"],
  olderThanMillis: number
) {
  const params = yield* paramsOf(olderThanMillis)
  // In one statement: a chain that somebody tries again meanwhile is none that has ended.
  const ended = yield* tables.write(() =>
    Sql.changes(`UPDATE jobchain_chains SET request_id = NULL, owner = NULL ${isOver}`, ...params)
  )
  yield* collectGarbage(tables, ownership)
  return ended
})

/** Counts the chains that `collect` would delete now. */
export const count = Effect.fnUntraced(function*(tables: Tables["Service"], olderThanMillis: number) {
  const params = yield* paramsOf(olderThanMillis)
  const row = yield* tables.read(() =>
    Sql.get<{ readonly chains: number }>(`SELECT count(*) AS chains FROM jobchain_chains ${isOver}`, ...params)
  )
  return Number(row?.chains ?? 0)
})

/** A chain whose reports wait is not over. */
const isOver = `WHERE request_id IS NOT NULL AND state IN (?, ?, ?) AND finished_at <= ?
  AND NOT EXISTS (SELECT 1 FROM jobchain_outbox r WHERE r.chain = jobchain_chains.number AND r.is_refused = 0)`

const paramsOf = (olderThanMillis: number) =>
  Effect.map(
    Clock.currentTimeMillis,
    (now) => [JobState.COMPLETE, JobState.FAIL, JobState.STOPPED, now - olderThanMillis]
  )

/** Deletes what is out of sight and not being written, and the rows of processes that died long ago and own nothing. */
export const collectGarbage = Effect.fnUntraced(function*(
  tables: Tables["Service"],
  { livingOwner }: Ownership["Service"]
) {
  const hidden = yield* tables.read(() =>
    Sql.all<OwnerRow & { readonly number: number }>(
      `SELECT c.number, ${ownerColumns} FROM jobchain_chains c ${ownerJoin} WHERE c.request_id IS NULL`
    )
  )
  for (const row of hidden) if (livingOwner(row) === undefined) yield* Deletion.deleteRows(tables, row.number)
  yield* tables.write(() =>
    Sql.run(
      `DELETE FROM jobchain_owners WHERE alive_until < jobchain_now() - ?
         AND id NOT IN (SELECT owner FROM jobchain_chains WHERE owner IS NOT NULL)`,
      ownersKeptMillis
    )
  )
})

/** The clocks of two machines may differ by less. */
const ownersKeptMillis = 24 * 60 * 60 * 1000
