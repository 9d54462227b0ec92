/**
 * A place in the tests' PostgreSQL server that no other test knows of.
 */
import { PgConnection } from "@effect/sql-pg"
import { Effect, Exit, Redacted, Scope } from "effect"
import { randomUUID } from "node:crypto"
import { afterAll } from "vitest"
import { onLiveClock } from "../../../src/storage/Patience.ts"

/** Makes a schema, and returns the URL that leads to it. It goes with the server. */
export const make = (server: string): Effect.Effect<string> =>
  Effect.gen(function*() {
    const name = `test_${randomUUID().replaceAll("-", "")}`
    const connection = yield* connected(server)
    yield* Effect.orDie(connection.query(`CREATE SCHEMA ${name}`))
    return `${server}?options=${encodeURIComponent(`-c search_path=${name}`)}`
  })

/** Runs one statement on a connection of its own, such as another process has. */
export const exec = (url: string, statement: string): Effect.Effect<void> =>
  onLiveClock(Effect.scoped(Effect.flatMap(
    PgConnection.make({ url: Redacted.make(url) }),
    (connection) => Effect.asVoid(connection.query(statement))
  ))).pipe(Effect.orDie)

/** One connection makes all schemas of a test file: to make one takes longer than they do. */
const connected = (server: string): Effect.Effect<PgConnection.PgConnection> =>
  Effect.promise(() =>
    connection ??= Effect.runPromise(Scope.provide(PgConnection.make({ url: Redacted.make(server) }), scope))
  )

const scope = Scope.makeUnsafe()
let connection: Promise<PgConnection.PgConnection> | undefined
afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))
