/**
 * Opens a database with the settings that do not depend on what is in it, and closes it.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { AuthorizationError, SqlError } from "effect/sql/SqlError"
import { closeSync, existsSync, fstatSync, openSync } from "node:fs"
import * as Path from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as LockWait from "./LockWait.ts"
import * as SqliteError from "./SqliteError.ts"

export interface DatabaseFileOptions extends LockWait.LockWaitOptions {
  readonly filename: string
  readonly readonly: boolean
  readonly synchronous: "FULL" | "NORMAL"
}

/** Opens the database; one that another connection has locked is waited for. */
export const open = (options: DatabaseFileOptions): Effect.Effect<DatabaseSync, SqlError> => {
  const once = Effect.try({
    try: () => openOnce(options),
    catch: (cause) => openError(options, cause)
  })
  return Effect.catch(
    once,
    (error) => SqliteError.isLocked(error) ? LockWait.tryAgain(once, error, options) : Effect.fail(error)
  )
}

const openOnce = (options: DatabaseFileOptions): DatabaseSync => {
  // What waits for locks does so in LockWait.
  const database = new DatabaseSync(options.filename, { readOnly: options.readonly, timeout: 0, defensive: true })
  try {
    for (const setting of settingsOf(options)) database.exec(`PRAGMA ${setting}`)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

const settingsOf = ({ readonly, synchronous }: DatabaseFileOptions): ReadonlyArray<string> => [
  "foreign_keys = ON",
  // Views and triggers of a file that somebody else made cannot call functions with side effects.
  "trusted_schema = OFF",
  // Reads the file for the first time, and so finds out whether it is a database.
  ...(readonly ? ["schema_version"] : ["journal_mode = WAL", `synchronous = ${synchronous}`, ...walSettings])
]

const walSettings = [
  // In pages of 4 KiB: the one commit in so many that copies the log into the database takes some ten milliseconds.
  "wal_autocheckpoint = 1000",
  // After a burst, the log does not keep its size for ever.
  "journal_size_limit = 67108864",
  // On macOS an fsync is none without it; elsewhere it means nothing.
  "fullfsync = ON",
  "checkpoint_fullfsync = ON"
]

/** Puts what is in the log into the database, as far as nobody reads from it, and closes it. Does not fail. */
export const close = (database: DatabaseSync, { readonly }: DatabaseFileOptions): void => {
  if (!database.isOpen) return
  if (database.isTransaction) tryTo(() => database.exec("ROLLBACK"))
  if (!readonly) {
    tryTo(() => database.exec("PRAGMA optimize"))
    tryTo(() => database.exec("PRAGMA wal_checkpoint(TRUNCATE)"))
  }
  tryTo(() => database.close())
}

/** What is committed is in the log and stays there, whatever fails. */
const tryTo = (act: () => void): void => {
  try {
    act()
  } catch {
    // The next one that opens the database does it.
  }
}

const openError = (options: DatabaseFileOptions, cause: unknown): SqlError => {
  const code = SqliteError.resultCode(cause)?.primary
  const refusal = code === cannotOpen || code === ioError ? refusalOf(options) : undefined
  const why = refusal?.why ?? (cause as Error).message
  const message = `cannot open database ${JSON.stringify(options.filename)}: ${why}`
  return refusal?.isPermission === true
    ? new SqlError({ reason: new AuthorizationError({ cause, operation: "open", message }) })
    : SqliteError.fromThrown(cause, "open", message)
}

// All that SQLite says; the second one of a directory that it was to read.
const cannotOpen = 14
const ioError = 10

interface Refusal {
  readonly why: string
  readonly isPermission: boolean
}

/** Asks the file system why it did not let SQLite open the file. */
const refusalOf = ({ filename, readonly }: DatabaseFileOptions): Refusal | undefined => {
  const directory = Path.dirname(filename)
  if (!existsSync(directory)) return { why: `there is no directory ${JSON.stringify(directory)}`, isPermission: false }
  try {
    const file = openSync(filename, readonly ? "r" : "r+")
    const isDirectory = fstatSync(file).isDirectory()
    closeSync(file)
    return isDirectory ? { why: refusals.EISDIR, isPermission: false } : undefined
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException
    return {
      why: Object.hasOwn(refusals, code) ? refusals[code as keyof typeof refusals] : code,
      isPermission: code === "EACCES" || code === "EPERM"
    }
  }
}

const refusals = {
  EACCES: "permission denied",
  EISDIR: "it is a directory",
  ENOENT: "there is no such file",
  ENOTDIR: "a part of its path is no directory",
  EPERM: "permission denied",
  EROFS: "the file system is read-only"
} satisfies Readonly<Record<string, string>>
