/**
 * The values of scripts as PostgreSQL takes and gives them.
 *
 * Numbers and texts go as text whose type the statement says, so that one text of a statement is prepared once, whatever the
 * values are. PostgreSQL's texts cannot hold the character NUL, which jobs may well write: it is escaped by another one that
 * is as rare.
 *
 * @since 0.1.0
 */
import * as PgTypes from "@effect/sql-pg/PgTypes"
import * as Result from "effect/Result"
import type { ColumnType } from "../RowsStatement.ts"
import type { ManyRows, Value } from "../Sql.ts"

/** Returns a parameter to bind. */
export const bound = (value: Value): unknown => {
  if (typeof value === "string") return escape(value)
  return typeof value === "number" ? String(value) : value
}

/** Returns the columns of rows as arrays to bind. */
export const columnsOf = (rows: ManyRows["rows"], types: ReadonlyArray<ColumnType>): ReadonlyArray<unknown> =>
  types.map((type, at) => {
    const values = rows.map((row) => row[at] ?? null)
    switch (type) {
      case "integer":
      case "real":
        return `{${values.map((value) => value === null ? "NULL" : String(value)).join(",")}}`
      case "text":
        return arrayOf(values.map((value) => typeof value === "string" ? escape(value) : value), PgTypes.OID.text)
      case "bytes":
        return arrayOf(values, PgTypes.OID.bytea)
      default:
        return type satisfies never
    }
  })

const arrayOf = (values: ReadonlyArray<unknown>, oid: number): unknown => Result.getOrThrow(PgTypes.array(values, oid))

/** DLE and `0` for NUL, DLE twice for itself. */
const escape = (text: string): string =>
  text.includes("\0") || text.includes("\x10") ? text.replaceAll("\x10", "\x10\x10").replaceAll("\0", "\x100") : text

const unescape = (text: string): string =>
  text.includes("\x10")
    ? text.split("\x10\x10").map((part) => part.replaceAll("\x100", "\0")).join("\x10")
    : text

/** How results are read: integers as numbers, as all of ours are below 2^53. */
export const types = (): PgTypes.Registry => {
  const registry = PgTypes.makeRegistry()
  registry.register<number>(PgTypes.OID.int8, {
    encode: (value) => PgTypes.encode(BigInt(value), PgTypes.OID.int8),
    decode: (bytes) => Result.map(PgTypes.decode(bytes, PgTypes.OID.int8, 1), Number)
  }, { arrayOid: PgTypes.OID.int8Array })
  registry.register<string>(PgTypes.OID.text, {
    encode: (value) => PgTypes.encode(value, PgTypes.OID.text),
    decode: (bytes) => Result.map(PgTypes.decode(bytes, PgTypes.OID.text, 1), (text) => unescape(String(text)))
  }, { arrayOid: PgTypes.OID.textArray })
  return registry
}
