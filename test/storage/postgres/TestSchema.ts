/**
 * A place in the tests' PostgreSQL server that no other test knows of.
 */
import { PgConnection } from "@effect/sql-pg"
import { Effect, Redacted, type Scope } from "effect"
import { randomUUID } from "node:crypto"
import { onLiveClock } from "../../../src/storage/Patience.ts"

/** Makes a schema that is removed with the scope, and returns the URL that leads to it. */
export const make = (server: string): Effect.Effect<string, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      const name = `test_${randomUUID().replaceAll("-", "")}`
      return Effect.as(exec(server, `CREATE SCHEMA ${name}`), name)
    }),
    (name) => exec(server, `DROP SCHEMA ${name} CASCADE`)
  ).pipe(Effect.map((name) => `${server}?options=${encodeURIComponent(`-c search_path=${name}`)}`))

/** Runs one statement on a connection of its own, such as another process has. */
export const exec = (url: string, statement: string): Effect.Effect<void> =>
  onLiveClock(Effect.scoped(Effect.flatMap(
    PgConnection.make({ url: Redacted.make(url) }),
    (connection) => Effect.asVoid(connection.query(statement))
  ))).pipe(Effect.orDie)
