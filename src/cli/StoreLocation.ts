/**
 * Where the command keeps chains: in the database of the working folder, in the one that `--db` names, or, by `--memory`,
 * nowhere. `Layers` opens it.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Path from "node:path"
import * as DatabaseUrl from "../storage/postgres/DatabaseUrl.ts"
import { BadInput } from "./BadInput.ts"
import * as ShellWord from "./ShellWord.ts"

export interface Database {
  /** The path of a SQLite database, or the URL of a PostgreSQL one. */
  readonly location: string
  /** Whether it is the one of the working folder, because none was named. */
  readonly isDefault: boolean
}

/** The flag that names a database. */
export interface DatabaseFlag {
  readonly db: Option.Option<string>
}

/** The flags that say where a run keeps its chain. */
export interface KeepingFlags extends DatabaseFlag {
  readonly memory: boolean
}

/** Reads the value of `--db`; throws an `Error` that says what was expected. */
export const parse = (db: string): string => {
  if (db === "" || db === ":memory:") throw new Error("a path; --memory keeps nothing")
  const [, scheme] = /^([a-z][a-z\d+.-]+):/i.exec(db) ?? []
  if (scheme === undefined || isServer({ location: db })) return db
  throw new Error(`the path of a SQLite database or a postgres:// URL, got a URL of "${scheme}:"`)
}

/** Returns the database that was named, else the one of the working folder. */
export const of = ({ db }: DatabaseFlag): Database => ({
  location: Option.getOrElse(db, () => Path.join(".jobchain", "jobchain.db")),
  isDefault: Option.isNone(db)
})

/** Returns the database in which a run keeps its chain, `undefined` for none; fails for both at once. */
export const ofRun = (flags: KeepingFlags): Effect.Effect<Database | undefined, BadInput> =>
  flags.memory && Option.isSome(flags.db)
    ? Effect.fail(new BadInput({ message: "--memory keeps nothing, and --db says where: they exclude each other" }))
    : Effect.succeed(flags.memory ? undefined : of(flags))

/** Answers whether the database is on a server. */
export const isServer = ({ location }: Pick<Database, "location">): boolean => /^postgres(?:ql)?:/i.test(location)

/** Returns what people are shown of where the database is: no password. */
export const shown = ({ location }: Pick<Database, "location">): string =>
  isServer({ location }) ? DatabaseUrl.withoutPassword(location) : location

/** Returns how a command names a chain of a database, for a shell. */
export const command = (database: Database, name: string, requestId: string): string =>
  [
    "jobchain",
    name,
    ShellWord.quoted(requestId),
    ...(database.isDefault ? [] : ["--db", ShellWord.quoted(shown(database))])
  ].join(" ")
