/**
 * A database in a directory of its own, and what looks at it from outside.
 */
import { Context, Effect, Layer, type Scope } from "effect"
import type { SqlClient } from "effect/sql"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import * as Path from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as NodeSqlite from "../../src/storage/NodeSqlite.ts"

/** Makes a directory that is removed with the scope, and returns the path of a file in it that is not there yet. */
export const path: Effect.Effect<string, never, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(Path.join(tmpdir(), "storage-test-"))),
    (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
  ),
  (directory) => Path.join(directory, "test.db")
)

export type Services = Context.Context<SqlClient.SqlClient | NodeSqlite.Database>

/** Opens the database for the scope. */
export const open = (options: NodeSqlite.Options) => Layer.build(NodeSqlite.layer(options))

/** Runs a test on a new database. */
export const onFile = <A, E, R>(
  test: Effect.Effect<A, E, R>,
  options: Partial<NodeSqlite.Options> = {}
) =>
  Effect.scoped(Effect.gen(function*() {
    const services = yield* open({ filename: yield* path, ...options })
    return yield* Effect.provideContext(test, services)
  }))

/** Opens a second connection, such as another process has, for the scope. */
export const other = (filename: string): Effect.Effect<DatabaseSync, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => new DatabaseSync(filename, { timeout: 0 })),
    (database) => Effect.sync(() => database.isOpen && database.close())
  )
