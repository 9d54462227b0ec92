/**
 * One statement that writes rows of several tables where a guard holds, and nothing else: parts of a `WITH`, all of which see
 * the tables as they were before it.
 *
 * @since 0.1.0
 */
import type { RowsStatement } from "../RowsStatement.ts"
import type { ReadRows, WriteRows } from "../Sql.ts"
import * as Values from "./Values.ts"

/** Notes in the session's row which transaction it has committed: `$1` is the session, `$2` the transaction's number. */
export const noteCommit = (condition = "true"): string =>
  `INSERT INTO jobchain_commits (session, transaction, at)
  SELECT $1::text, $2::bigint, jobchain_now() WHERE ${condition}
  ON CONFLICT (session) DO UPDATE SET transaction = excluded.transaction, at = excluded.at`

/**
 * Returns the statement with its parameters; `noted` are those of `noteCommit`. It is answered with a row that says whether the
 * guard `holds`.
 */
export const make = (
  guard: ReadRows,
  writes: ReadonlyArray<WriteRows>,
  noted: readonly [session: string, transaction: string]
): { readonly text: string; readonly params: ReadonlyArray<unknown> } => ({
  text: textOf(guard.statement, writes.map(({ statement }) => statement)),
  params: [...noted, ...[guard, ...writes].flatMap(({ rows, statement }) => Values.columnsOf(rows, statement.types))]
})

/** By the numbers of their statements; there are as many as kinds of checkpoints come together. */
const texts = new Map<string, string>()

const textOf = (guard: RowsStatement, writes: ReadonlyArray<RowsStatement>): string => {
  const key = [guard, ...writes].map(numberOf).join(" ")
  let text = texts.get(key)
  if (text === undefined) texts.set(key, text = composed(guard, writes))
  return text
}

const numberOf = (statement: RowsStatement): number => {
  let number = numbers.get(statement)
  if (number === undefined) numbers.set(statement, number = numbers.size)
  return number
}

const numbers = new Map<RowsStatement, number>()

const composed = (guard: RowsStatement, writes: ReadonlyArray<RowsStatement>): string => {
  const firstOfGuard = 3
  let first = firstOfGuard + guard.types.length
  const parts = writes.map((statement, at) => {
    const text = statement.many(first, holds)
    first += statement.types.length
    return `written_${at} AS (${text})`
  })
  const all = [
    `found AS (${guard.many(firstOfGuard)})`,
    `guard AS MATERIALIZED (SELECT count(*) = cardinality($${firstOfGuard}) AS holds FROM found)`,
    `noted AS (${noteCommit(holds)})`,
    ...parts
  ]
  return `WITH ${all.join(", ")} SELECT holds FROM guard`
}

// Each part asks for it, and so none writes before all rows of the guard are found and locked.
const holds = "(SELECT holds FROM guard)"
