/**
 * Where the stores of one session are: new for each, so that no run finds what another has left, and gone after it.
 *
 * All of them are in one folder or server, of which `Stores` knows what entrants have to.
 */
import * as PgConnection from "@effect/sql-pg/PgConnection"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { randomUUID } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import * as Path from "node:path"

export interface Place {
  /** The path of a file that is not there yet, or the URL of a database with nothing in it. */
  readonly location: string
  readonly remove: () => Promise<void>
}

/** The variables by which an entrant knows where stores may be. */
export const variables = { folder: "BENCH_STORES", postgresUrl: "BENCH_POSTGRES_URL" } as const

/** Makes a folder for a SQLite database. */
export const sqlite = async (): Promise<Place> => {
  const folder = mkdtempSync(Path.join(valueOf(variables.folder), "store-"))
  return {
    location: Path.join(folder, "store.db"),
    remove: async () => rmSync(folder, { recursive: true, force: true })
  }
}

/** Makes a database in the server. */
export const postgres = async (): Promise<Place> => {
  const server = valueOf(variables.postgresUrl)
  const name = `bench_${randomUUID().replaceAll("-", "")}`
  await command(server, `CREATE DATABASE ${name}`)
  const url = new URL(server)
  url.pathname = name
  // It waits for connections that are about to close, and fails where one was forgotten.
  return { location: url.href, remove: () => command(server, `DROP DATABASE ${name}`) }
}

const command = (server: string, text: string): Promise<void> =>
  Effect.runPromise(Effect.scoped(Effect.flatMap(
    PgConnection.make({ url: Redacted.make(server) }),
    (connection) => Effect.asVoid(connection.query(text))
  )))

const valueOf = (variable: string): string => {
  const value = process.env[variable]
  if (value === undefined) throw new Error(`${variable} is not set: entrants are started by scripts/bench.ts`)
  return value
}
