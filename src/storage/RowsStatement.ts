/**
 * Statements for many rows at a time, as both databases want them: SQLite is fastest with a prepared statement that it runs for
 * one row after the other, PostgreSQL with one statement whose parameters are whole columns, as arrays.
 *
 * @since 0.1.0
 */

/** What a column holds. */
export type ColumnType = "integer" | "real" | "text" | "bytes"

export interface RowsStatement {
  /** For one row, with a `?` for each of its values. */
  readonly one: string
  /** For many rows, with `$1` to `$n` for its columns. */
  readonly many: string
  /** In the order of the values of a row. */
  readonly types: ReadonlyArray<ColumnType>
}

type Columns = Readonly<Record<string, ColumnType>>

/** Inserts rows with values for `columns`. */
export const insert = ({ columns, onConflict, table }: {
  readonly table: string
  readonly columns: Columns
  /** `(key) DO …`: what becomes of a row that is there already. */
  readonly onConflict?: string
}): RowsStatement => {
  const names = Object.keys(columns)
  const into = `INSERT INTO ${table} (${names.join(", ")})`
  const conflict = onConflict === undefined ? "" : ` ON CONFLICT ${onConflict}`
  return {
    one: `${into} VALUES (${names.map(() => "?").join(", ")})${conflict}`,
    many: `${into} SELECT * FROM ${arraysOf(columns)}${conflict}`,
    types: Object.values(columns)
  }
}

/** Updates rows: of each, first the values to set, then the one by which it is found. */
export const update = ({ key, set, table }: {
  readonly table: string
  readonly set: Columns
  readonly key: string
}): RowsStatement => {
  const columns: Columns = { ...set, [key]: "integer" }
  const names = Object.keys(set)
  const given = `given (${[...names, key].join(", ")})`
  return {
    one: `UPDATE ${table} SET ${names.map((name) => `${name} = ?`).join(", ")} WHERE ${key} = ?`,
    many: `UPDATE ${table} SET ${names.map((name) => `${name} = given.${name}`).join(", ")}
      FROM ${arraysOf(columns)} AS ${given} WHERE ${table}.${key} = given.${key}`,
    types: Object.values(columns)
  }
}

/** Deletes rows by the values of `key`, where `condition` holds, too. */
export const remove = ({ condition, key, table }: {
  readonly table: string
  readonly key: Columns
  readonly condition?: string
}): RowsStatement => {
  const names = Object.keys(key)
  const also = condition === undefined ? "" : ` AND ${condition}`
  return {
    one: `DELETE FROM ${table} WHERE ${names.map((name) => `${name} = ?`).join(" AND ")}${also}`,
    many: `DELETE FROM ${table} USING ${arraysOf(key)} AS given (${names.join(", ")})
      WHERE ${names.map((name) => `${table}.${name} = given.${name}`).join(" AND ")}${also}`,
    types: Object.values(key)
  }
}

/**
 * Reads the rows of a table by their keys, and keeps everybody else from changing them until the transaction ends. In SQLite,
 * nobody else can change anything then.
 */
export const lock = ({ columns, key, table, type }: {
  readonly table: string
  readonly columns: string
  readonly key: string
  readonly type: ColumnType
}): RowsStatement => ({
  one: `SELECT ${columns} FROM ${table} WHERE ${key} = ?`,
  // In one order, so that two who lock several never wait for each other.
  many: `SELECT ${columns} FROM ${table} WHERE ${key} = ANY ($1::${postgresType(type)}[]) ORDER BY ${key} FOR UPDATE`,
  types: [type]
})

const arraysOf = (columns: Columns): string =>
  `unnest(${Object.values(columns).map((type, at) => `$${at + 1}::${postgresType(type)}[]`).join(", ")})`

const postgresType = (type: ColumnType): string => postgresTypes[type]

const postgresTypes = { integer: "bigint", real: "double precision", text: "text", bytes: "bytea" } as const
