/**
 * The signals of chains as rows, from when they come until they are used up.
 *
 * One that was sent by way of the store is told to the engine that runs the chain again and again, until that has kept it: the
 * engine knows a signal by its id, and so takes it once.
 *
 * @since 0.1.0
 */
import type { Signal } from "../domain/Signal.ts"
import { jsonObject } from "./DamagedRow.ts"
import * as RowsStatement from "./RowsStatement.ts"
import * as Sql from "./Sql.ts"

/** Returns the row of a signal that was sent; the same again changes nothing. */
export const send = (chain: number, signal: Signal): Sql.WriteRows =>
  Sql.rowsFor(insertSent, [[...valuesOf(chain, signal), 0]])

/** Returns the rows of signals that the chain itself has. */
export const keep = (chain: number, signals: ReadonlyArray<Signal>): Sql.WriteRows =>
  Sql.rowsFor(insertKept, signals.map((signal) => [...valuesOf(chain, signal), 1]))

/** Returns which signals are used up, and their rows to be deleted. */
export const use = (chain: number, ids: ReadonlyArray<string>): Sql.WriteRows =>
  Sql.rowsFor(deleteUsed, ids.map((id) => [chain, id]))

/** Puts the signals that a chain has in the place of those it had; what was sent besides stays. */
export function* replace(chain: number, signals: ReadonlyArray<Signal>): Sql.Script<void> {
  yield* Sql.run("DELETE FROM jobchain_signals WHERE chain = ? AND is_kept = 1", chain)
  yield* Sql.writeRows(keep(chain, signals))
}

/** Hands what was sent to a chain on to the one that takes its place. */
export const move = (from: number, to: number): Sql.Script<void> =>
  Sql.run("UPDATE jobchain_signals SET chain = ? WHERE chain = ?", to, from)

const valuesOf = (chain: number, { data, id, name }: Signal): ReadonlyArray<Sql.Value> => [
  chain,
  id,
  name,
  data ? JSON.stringify(data) : null
]

const inserted = {
  table: "jobchain_signals",
  columns: { chain: "integer", id: "text", name: "text", data: "text", is_kept: "integer" }
} as const

const insertSent = RowsStatement.insert({ ...inserted, onConflict: "(chain, id) DO NOTHING" })
const insertKept = RowsStatement.insert({ ...inserted, onConflict: "(chain, id) DO UPDATE SET is_kept = 1" })

const deleteUsed = RowsStatement.remove({ table: inserted.table, key: { chain: "integer", id: "text" } })

interface Row {
  readonly id: string
  readonly name: string
  readonly data: string | null
}

/** Reads the signals of a chain in the order in which they came. */
export const select = (chain: number): Sql.Script<ReadonlyArray<Row>> =>
  Sql.all<Row>("SELECT id, name, data FROM jobchain_signals WHERE chain = ? ORDER BY number", chain)

/** A signal that the chain's engine has not kept yet. */
export interface SentRow extends Row {
  readonly number: number
  readonly requestId: string
}

/** Reads the signals that were sent to the chains of an owner. */
export const selectSent = (owner: string): Sql.Script<ReadonlyArray<SentRow>> =>
  Sql.all<SentRow>(
    `SELECT s.number, c.request_id AS "requestId", s.id, s.name, s.data FROM jobchain_signals s
     JOIN jobchain_chains c ON c.number = s.chain WHERE s.is_kept = 0 AND c.owner = ? ORDER BY s.number`,
    owner
  )

/** Returns the signal in a row; throws a `DamagedRow`. */
export const signalOf = ({ data, id, name }: Row, requestId: string): Signal => ({
  id,
  name,
  ...(data === null ? {} : { data: Object.freeze(jsonObject(data, { table: "jobchain_signals", requestId })) })
})
