/**
 * The parameters of a statement, as `node:sqlite` takes them.
 *
 * Bound as they are: null, number, bigint, string, bytes. A boolean becomes 0 or 1, a `Date` its ISO string in UTC
 * (`2026-11-24T08:00:00.000Z`), `undefined` null. Everything else is an error that names the parameter, also what
 * SQLite itself would take for something else: NaN, which it stores as NULL, and integers beyond 64 bits.
 *
 * @since 0.1.0
 */
import type { SQLInputValue } from "node:sqlite"

/** A parameter that cannot be bound; `index` counts from 1, as SQLite does. */
export class UnboundValue extends TypeError {
  override readonly name = "UnboundValue"
  readonly index: number
  constructor(index: number, what: string) {
    super(`parameter ${index} cannot be bound: ${what}`)
    this.index = index
  }
}

/** Returns the parameters to bind; throws an `UnboundValue`. */
export const of = (params: ReadonlyArray<unknown>): ReadonlyArray<SQLInputValue> => {
  // Most of the time there is nothing to convert, and nothing to copy.
  for (let at = 0; at < params.length; at++) if (!isBindable(params[at])) return params.map(bound)
  return params as ReadonlyArray<SQLInputValue>
}

const isBindable = (value: unknown): value is SQLInputValue => {
  switch (typeof value) {
    case "string":
      return true
    case "number":
      return !Number.isNaN(value)
    case "bigint":
      return BigInt.asIntN(64, value) === value
    default:
      return value === null || ArrayBuffer.isView(value)
  }
}

const bound = (value: unknown, at: number): SQLInputValue => {
  if (isBindable(value)) return value
  if (value === undefined) return null
  if (typeof value === "boolean") return value ? 1 : 0
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString()
  throw new UnboundValue(at + 1, describe(value))
}

const describe = (value: unknown): string => {
  if (typeof value === "bigint") return `${value} has more than 64 bits`
  if (typeof value === "number" || value instanceof Date) return String(value)
  if (typeof value !== "object" || value === null) return typeof value
  return `an object (${Object.getPrototypeOf(value)?.constructor?.name ?? "no prototype"})`
}
