/**
 * Stores on files in directories of their own, and what happens to the process that has one open.
 */
import { Context, Effect, Layer, Scope } from "effect"
import { ChainRepo } from "../../src/engine/ChainRepo.ts"
import { ChainStore } from "../../src/storage/ChainStore.ts"
import { Ownership } from "../../src/storage/Ownership.ts"
import * as Sql from "../../src/storage/Sql.ts"
import * as Store from "../../src/storage/Store.ts"
import { Tables } from "../../src/storage/Tables.ts"
import { Writer } from "../../src/storage/Writer.ts"
import * as TestDatabase from "./TestDatabase.ts"

export type Services = Layer.Success<ReturnType<typeof Store.layerWithInner>>

/** One process's view of a store. */
export class TestStore {
  readonly context: Context.Context<Services>
  constructor(context: Context.Context<Services>) {
    this.context = context
  }
  get repo() {
    return Context.get(this.context, ChainRepo)
  }
  get store() {
    return Context.get(this.context, ChainStore)
  }
  get tables() {
    return Context.get(this.context, Tables)
  }
  get writer() {
    return Context.get(this.context, Writer)
  }
  get id() {
    return Context.get(this.context, Ownership).id
  }
  /** The process gives no more sign of life: for everybody else it is dead, whatever it still does. */
  get expire(): Effect.Effect<void> {
    return this.exec("UPDATE jobchain_owners SET alive_until = jobchain_now() - 1 WHERE id = ?", this.id)
  }
  exec(statement: string, ...params: ReadonlyArray<Sql.Value>): Effect.Effect<void> {
    return this.tables.write(() => Sql.run(statement, ...params))
  }
}

/** Opens a store for the scope. Its lease is never renewed while a test runs. */
export const open = (
  filename: string,
  options: Partial<Store.Options> = {}
): Effect.Effect<TestStore, Store.OpenError, Scope.Scope> =>
  Effect.map(
    Layer.build(Store.layerWithInner({ filename, synchronous: "NORMAL", lease: "1 hour", ...options })),
    (context) => new TestStore(context)
  )

/** Opens a store on a new file for the scope. */
export const make = (options: Partial<Store.Options> = {}) =>
  Effect.flatMap(TestDatabase.path, (path) => open(path, options))

/** A store on a new file, as a layer. */
export const layer = Layer.unwrap(
  Effect.map(TestDatabase.path, (filename) => Store.layerSqlite({ filename, synchronous: "NORMAL" }))
)
