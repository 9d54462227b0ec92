/**
 * What a statement gives back: rows as plain objects or as arrays of values, all at once or one batch after the other.
 *
 * Rows are made from arrays: that takes half the time of the objects that `node:sqlite` makes, and gives them the prototype
 * of an object. Integers beyond 2^53 throw, unless they are asked for as bigints.
 *
 * @since 0.1.0
 */
import type { Row } from "effect/sql/SqlConnection"
import type { SQLOutputValue, StatementSync } from "node:sqlite"
import * as BoundValues from "./BoundValues.ts"
import type { PreparedStatement } from "./StatementCache.ts"

/** One row, in the order of its columns. */
export type Values = ReadonlyArray<SQLOutputValue>

/** Runs the statement and returns its rows as arrays. */
export const values = (
  statement: StatementSync,
  params: ReadonlyArray<unknown>,
  bigInts: boolean
): ReadonlyArray<Values> => {
  const bound = BoundValues.of(params)
  giveArrays(statement, bigInts)
  return statement.all(...bound) as unknown as ReadonlyArray<Values>
}

/** Runs the statement and returns its rows; of columns with the same name, the last one counts. */
export const rows = (
  statement: StatementSync,
  params: ReadonlyArray<unknown>,
  bigInts: boolean
): ReadonlyArray<Row> => {
  const found = values(statement, params, bigInts)
  return found.length === 0 ? [] : toRows(statement, found)
}

/** Runs the statement and returns what `node:sqlite` does: its rows, or how many it has changed and the last row id. */
export const raw = ({ givesRows, statement }: PreparedStatement, params: ReadonlyArray<unknown>, bigInts: boolean) => {
  const bound = BoundValues.of(params)
  if (givesRows) {
    statement.setReturnArrays(false)
    statement.setReadBigInts(bigInts)
    return statement.all(...bound)
  }
  // As a number, a row id beyond 2^53 would be rounded without a word.
  statement.setReadBigInts(true)
  const { changes, lastInsertRowid } = statement.run(...bound)
  return bigInts ? { changes, lastInsertRowid } : { changes: narrow(changes), lastInsertRowid: narrow(lastInsertRowid) }
}

const narrow = (value: number | bigint): number | bigint => {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** The rows of a statement of its own, read as they are asked for. */
export class Cursor {
  private readonly prepare: () => StatementSync
  private readonly params: ReadonlyArray<unknown>
  private open: { readonly statement: StatementSync; readonly iterator: NodeJS.Iterator<unknown> } | undefined
  private isOver = false

  constructor(prepare: () => StatementSync, params: ReadonlyArray<unknown>) {
    this.prepare = prepare
    this.params = params
  }

  /** Returns the next rows, none at the end; may be called again where the very first call has thrown. */
  next(bigInts: boolean): ReadonlyArray<Row> {
    if (this.isOver) return []
    const isFirst = this.open === undefined
    try {
      return this.read(this.open ??= this.start(bigInts))
    } catch (error) {
      this.close()
      this.isOver = !isFirst
      throw error
    }
  }

  private start(bigInts: boolean) {
    const statement = this.prepare()
    giveArrays(statement, bigInts)
    return { statement, iterator: statement.iterate(...BoundValues.of(this.params)) }
  }

  private read({ iterator, statement }: NonNullable<typeof this.open>): ReadonlyArray<Row> {
    const found: Array<Values> = []
    while (found.length < batchMax) {
      const { done, value } = iterator.next()
      if (done === true) {
        this.isOver = true
        break
      }
      found.push(value as Values)
    }
    return found.length === 0 ? [] : toRows(statement, found)
  }

  /** Ends the statement, which until then keeps its read transaction open, also after an error. */
  close(): void {
    const iterator = this.open?.iterator
    this.open = undefined
    try {
      iterator?.return?.()
    } catch {
      // The database was closed meanwhile, and every statement with it.
    }
  }
}

// Enough that the cost of a batch does not matter, few enough that other fibers wait less than a millisecond.
const batchMax = 128

const giveArrays = (statement: StatementSync, bigInts: boolean): void => {
  statement.setReturnArrays(true)
  statement.setReadBigInts(bigInts)
}

/** Asks for the names each time: a changed schema changes those of `SELECT *`. */
const toRows = (statement: StatementSync, found: ReadonlyArray<Values>): ReadonlyArray<Row> => {
  const names = statement.columns().map(({ name }) => name)
  if (names.includes("__proto__")) {
    return found.map((values) => Object.fromEntries(names.map((name, at) => [name, values[at]])))
  }
  return found.map((values) => {
    const row: Record<string, SQLOutputValue | undefined> = {}
    for (let at = 0; at < names.length; at++) row[names[at] ?? ""] = values[at]
    return row
  })
}
