/**
 * The store's tables, read past the program through a connection of its own, in SQLite or PostgreSQL.
 */
import * as PgConnection from "@effect/sql-pg/PgConnection"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { DatabaseSync } from "node:sqlite"

export type Row = Readonly<Record<string, unknown>>

export interface Tables {
  /** Returns the rows of a statement with a `?` for each parameter. */
  readonly all: (text: string, ...params: ReadonlyArray<string>) => Promise<ReadonlyArray<Row>>
  /** Answers whether a process is in the middle of a transaction that keeps others waiting. */
  readonly isLocked: () => Promise<boolean>
  readonly close: () => Promise<void>
}

/** Opens those that a path or a URL leads to. */
export const open = (location: string): Promise<Tables> =>
  isServer(location) ? inPostgres(location) : inSqlite(location)

/** Answers whether a store is on a server. */
export const isServer = (location: string): boolean => location.startsWith("postgres:")

const inSqlite = async (filename: string): Promise<Tables> => {
  const database = new DatabaseSync(filename, { readOnly: true, timeout: 30_000 })
  return {
    all: async (text, ...params) => database.prepare(text).all(...params),
    isLocked: async () => {
      const other = new DatabaseSync(filename, { timeout: 0 })
      try {
        other.exec("BEGIN IMMEDIATE; ROLLBACK")
        return false
      } catch {
        return true
      } finally {
        other.close()
      }
    },
    close: async () => database.close()
  }
}

const inPostgres = async (url: string): Promise<Tables> => {
  const scope = Scope.makeUnsafe()
  const connection = await Effect.runPromise(
    Scope.provide(PgConnection.make({ url: Redacted.make(url), applicationName: "soak" }), scope)
  )
  const all: Tables["all"] = async (text, ...params) => {
    let number = 0
    const { rows } = await Effect.runPromise(connection.query(text.replaceAll("?", () => `$${++number}`), params))
    return rows as ReadonlyArray<Row>
  }
  return {
    all,
    isLocked: async () => {
      const open = "application_name = 'jobchain' AND xact_start IS NOT NULL"
      return (await all(`SELECT 1 FROM pg_stat_activity WHERE ${open}`)).length > 0
    },
    close: () => Effect.runPromise(Scope.close(scope, Exit.void))
  }
}
