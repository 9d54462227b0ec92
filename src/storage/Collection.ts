/**
 * Deletes what nobody wants any more: chains that ended long ago, and what dead processes have left.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as JobState from "../domain/JobState.ts"
import * as ChainRow from "./ChainRow.ts"
import { isEnded } from "./Claim.ts"
import * as Deletion from "./Deletion.ts"
import { ownerColumns, ownerJoin, type OwnerRow, type Ownership } from "./Ownership.ts"
import * as RowsStatement from "./RowsStatement.ts"
import * as Sql from "./Sql.ts"
import type { Tables } from "./Tables.ts"

/** Deletes chains that ended so long ago, and what is garbage. Returns how many chains that were. */
export const collect = Effect.fnUntraced(function*(
  tables: Tables["Service"],
  ownership: Ownership["Service"],
  olderThanMillis: number
) {
  const until = (yield* Clock.currentTimeMillis) - olderThanMillis
  const over = yield* selectOver(tables, until)
  let ended = 0
  for (let start = 0; start < over.length; start += chainsPerTransaction) {
    const numbers = over.slice(start, start + chainsPerTransaction)
    ended += yield* tables.write(() => hideOver(numbers, until), numbers.length)
    yield* Effect.yieldNow
  }
  yield* collectGarbage(tables, ownership)
  return ended
})

/** Counts the chains that `collect` would delete now. */
export const count = Effect.fnUntraced(function*(tables: Tables["Service"], olderThanMillis: number) {
  return (yield* selectOver(tables, (yield* Clock.currentTimeMillis) - olderThanMillis)).length
})

interface Row extends ChainRow.ChainRow {
  readonly number: number
  readonly requestId: string | null
}

const columns = `c.number, c.request_id AS "requestId", ${ChainRow.selected}`

const isWhole = (row: Row): boolean => row.requestId !== null && ChainRow.isWhole(row, row.requestId)

/** Returns the numbers of the chains that ended until then. One whose reports wait is not over, and a damaged one stays. */
const selectOver = (tables: Tables["Service"], until: number) =>
  Effect.map(
    tables.read(() =>
      Sql.all<Row>(
        `SELECT ${columns} FROM jobchain_chains c WHERE c.request_id IS NOT NULL AND c.state IN (?, ?, ?) AND c.finished_at <= ?
           AND NOT EXISTS (SELECT 1 FROM jobchain_outbox r WHERE r.chain = c.number AND r.is_refused = 0)`,
        JobState.COMPLETE,
        JobState.FAIL,
        JobState.STOPPED,
        until
      )
    ),
    (rows) => rows.filter(isWhole).map(({ number }) => number)
  )

/** Takes chains out of sight; returns how many. One that somebody tries again meanwhile is none that has ended. */
function* hideOver(numbers: ReadonlyArray<number>, until: number): Sql.Script<number> {
  const rows = yield* Sql.readRows<Row>(Sql.keysFor(lockRows, numbers.map((number) => [number])))
  const over = rows.filter((row) =>
    isEnded(JobState.fromCode(row.state)) && (row.finishedAt ?? Infinity) <= until && isWhole(row)
  )
  for (const { number } of over) yield* Deletion.hide(number)
  return over.length
}

const lockRows = RowsStatement.lock({ table: "jobchain_chains", alias: "c", columns, key: { number: "integer" } })

/** A few milliseconds. */
const chainsPerTransaction = 200

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
