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
  /** For many rows, with `$first` and those after it for its columns; only where `condition` holds, if one is given. */
  readonly many: (first: number, condition?: string) => string
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
    many: (first, condition) =>
      `${into} SELECT * FROM ${arraysOf(columns, first)}${
        condition === undefined ? "" : ` WHERE ${condition}`
      }${conflict}`,
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
  return {
    one: `UPDATE ${table} SET ${names.map((name) => `${name} = ?`).join(", ")} WHERE ${key} = ?`,
    many: (first, condition) =>
      `UPDATE ${table} SET ${names.map((name) => `${name} = given.${name}`).join(", ")}
      FROM ${givenIn(columns, first)} WHERE ${table}.${key} = given.${key}${and(condition)}`,
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
  return {
    one: `DELETE FROM ${table} WHERE ${names.map((name) => `${name} = ?`).join(" AND ")}${and(condition)}`,
    many: (first, alsoOn) =>
      `DELETE FROM ${table} USING ${givenIn(key, first)}
      WHERE ${matching(table, names)}${and(condition)}${and(alsoOn)}`,
    types: Object.values(key)
  }
}

/**
 * Reads the rows of a table that have the values of `key`, and keeps everybody else from changing them until the transaction
 * ends. In SQLite, nobody else can change anything then.
 */
export const lock = ({ alias, columns, key, table }: {
  readonly table: string
  readonly alias: string
  /** As `alias` has them. */
  readonly columns: string
  /** The first of them says the order in which rows are locked, so that two who lock several never wait for each other. */
  readonly key: Columns
}): RowsStatement => {
  const names = Object.keys(key)
  const from = `SELECT ${columns} FROM ${table} ${alias}`
  return {
    one: `${from} WHERE ${names.map((name) => `${alias}.${name} = ?`).join(" AND ")}`,
    many: (first, condition) =>
      `${from} JOIN ${givenIn(key, first)} ON ${matching(alias, names)}${and(condition)}
      ORDER BY ${alias}.${names[0]} FOR UPDATE OF ${alias}`,
    types: Object.values(key)
  }
}

const and = (condition: string | undefined): string => condition === undefined ? "" : ` AND ${condition}`

const matching = (of: string, names: ReadonlyArray<string>): string =>
  names.map((name) => `${of}.${name} = given.${name}`).join(" AND ")

const givenIn = (columns: Columns, first: number): string =>
  `${arraysOf(columns, first)} AS given (${Object.keys(columns).join(", ")})`

const arraysOf = (columns: Columns, first: number): string =>
  `unnest(${Object.values(columns).map((type, at) => `$${first + at}::${postgresType(type)}[]`).join(", ")})`

const postgresType = (type: ColumnType): string => postgresTypes[type]

const postgresTypes = { integer: "bigint", real: "double precision", text: "text", bytes: "bytea" } as const
