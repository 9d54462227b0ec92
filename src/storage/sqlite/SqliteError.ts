/**
 * What `node:sqlite` throws, as a `SqlError` that says which of SQLite's result codes it is.
 *
 * Effect's own classifier looks for `errno`, where `node:sqlite` has `errcode`, and knows one of the three codes of a value
 * that must be unique.
 *
 * @since 0.1.0
 */
import {
  classifySqliteError,
  SqlError,
  type SqlErrorReason,
  SqlSyntaxError,
  UniqueViolation
} from "effect/sql/SqlError"

/** One of SQLite's result codes, https://sqlite.org/rescode.html. */
export interface ResultCode {
  /** The name of the primary code, such as `SQLITE_FULL`; `SQLITE_UNKNOWN` for one that SQLite has not documented. */
  readonly name: string
  /** 0 to 255, what went wrong: 13 is SQLITE_FULL. */
  readonly primary: number
  /** The primary code in its lowest byte, above it why: 517 is SQLITE_BUSY_SNAPSHOT. The primary code where there is no more to say. */
  readonly extended: number
}

/**
 * Returns SQLite's result code of a `SqlError`, of its reason, or of what `node:sqlite` threw; `undefined` for what SQLite has
 * not said itself, such as a value that cannot be bound or a database that is closed.
 */
export const resultCode = (error: unknown): ResultCode | undefined => {
  for (let at = error, depth = 0; isObject(at) && depth < causesMax; at = at.cause, depth++) {
    if (typeof at.errcode === "number") return ofExtended(at.errcode)
  }
  return undefined
}

// A SqlError, its reason, the error of `node:sqlite`; and once more where a rollback failed.
const causesMax = 8

const ofExtended = (extended: number): ResultCode => {
  const primary = extended & 0xff
  return { name: `SQLITE_${primaryNames[primary] ?? "UNKNOWN"}`, primary, extended }
}

// In the order of their numbers, from 0.
const primaryNames =
  "OK ERROR INTERNAL PERM ABORT BUSY LOCKED NOMEM READONLY INTERRUPT IOERR CORRUPT NOTFOUND FULL CANTOPEN PROTOCOL EMPTY SCHEMA TOOBIG CONSTRAINT MISMATCH MISUSE NOLFS AUTH FORMAT RANGE NOTADB NOTICE WARNING"
    .split(" ")

/** Returns the `SqlError` for what was thrown; its message is that of the thrown error unless given. */
export const fromThrown = (cause: unknown, operation: string, message = messageOf(cause)): SqlError =>
  new SqlError({ reason: reasonOf(cause, { operation, message }) })

interface Told {
  readonly operation: string
  readonly message: string
}

const reasonOf = (cause: unknown, told: Told): SqlErrorReason => {
  const code = resultCode(cause)
  if (code === undefined) return classifySqliteError(cause, told)
  if (uniqueCodes.has(code.extended)) {
    return new UniqueViolation({ cause, ...told, constraint: constraintOf(told.message) })
  }
  if (code.extended === 1 && syntaxMessage.test(messageOf(cause))) return new SqlSyntaxError({ cause, ...told })
  Object.assign(cause as object, { errno: code.extended })
  return classifySqliteError(cause, told)
}

/** SQLITE_CONSTRAINT_UNIQUE, SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID. */
const uniqueCodes: ReadonlySet<number> = new Set([2067, 1555, 2579])

const constraintOf = (message: string): string => /UNIQUE constraint failed: (.+)/.exec(message)?.[1] ?? "unknown"

// SQLITE_ERROR is also a missing table, or a transaction inside of another.
const syntaxMessage = /syntax error|incomplete input|unrecognized token/

/** Answers whether another connection holds a lock, so that it is worth while to wait. */
export const isLocked = (error: SqlError): boolean => {
  const code = resultCode(error)
  // A transaction whose snapshot is out of date stays so, however long it waits.
  return code?.primary === 5 && code.extended !== snapshotIsStale
}

const snapshotIsStale = 517

/** Answers whether `node:sqlite` has thrown this, rather than code that used it. */
export const isFromSqlite = (thrown: unknown): boolean => {
  const code = isObject(thrown) ? thrown.code : undefined
  return typeof code === "string" && code.startsWith("ERR_")
}

const messageOf = (cause: unknown): string => cause instanceof Error ? cause.message : String(cause)

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null
