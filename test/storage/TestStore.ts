/**
 * Stores in databases of their own, and what happens to the process that has one open.
 *
 * The same tests run on every kind of database: the project of the tests says which, by the server it has started or not.
 */
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { afterAll, beforeAll, inject } from "vitest"
import { ChainRepo } from "../../src/engine/ChainRepo.ts"
import type { ReportDelivery } from "../../src/engine/ReportDelivery.ts"
import { RequestManager } from "../../src/engine/RequestManager.ts"
import { ChainStore } from "../../src/storage/ChainStore.ts"
import { Ownership } from "../../src/storage/Ownership.ts"
import * as Sql from "../../src/storage/Sql.ts"
import type * as Store from "../../src/storage/Store.ts"
import { Tables } from "../../src/storage/Tables.ts"
import { Writer } from "../../src/storage/Writer.ts"
import type { Rig } from "../../src/testing/Rig.ts"
import * as AnyStore from "./AnyStore.ts"
import * as TestSchema from "./postgres/TestSchema.ts"
import * as TestDatabase from "./TestDatabase.ts"

/** One process's view of a store. */
export class TestStore {
  readonly context: Context.Context<Store.Inner>
  constructor(context: Context.Context<Store.Inner>) {
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
  get manager() {
    return Context.get(this.context, RequestManager)
  }
  get writer() {
    return Context.get(this.context, Writer)
  }
  get id() {
    return Context.get(this.context, Ownership).id
  }
  /** The number of a chain that the process owns. */
  numberOf(requestId: string): number {
    return Context.get(this.context, Ownership).chains.get(requestId)?.number ?? 0
  }
  /** The process gives no more sign of life: for everybody else it is dead, whatever it still does. */
  get expire(): Effect.Effect<void> {
    return this.exec("UPDATE jobchain_owners SET alive_until = jobchain_now() - 1 WHERE id = ?", this.id)
  }
  /** Counts the rows of a table of ours. */
  rows(table: string): Effect.Effect<number> {
    const count = () => Sql.get<{ readonly rows: number }>(`SELECT count(*) AS rows FROM jobchain_${table}`)
    return Effect.map(this.tables.read(count), (row) => Number(row?.rows ?? 0))
  }
  exec(statement: string, ...params: ReadonlyArray<Sql.Value>): Effect.Effect<void> {
    return this.tables.write(() => Sql.run(statement, ...params))
  }
}

/** Makes a new database for the scope, and returns the path or the URL that leads to it. */
export const database: Effect.Effect<string, never, Scope.Scope> = Effect.suspend(() => {
  const server = inject("postgresUrl")
  return server === undefined ? TestDatabase.path : TestSchema.make(server)
})

/** Opens a store for the scope, with an outbox where it is given who delivers. Its lease is never renewed while a test runs. */
export const open = (
  database: string,
  options: Partial<Store.SqliteOptions> = {},
  delivery?: ReportDelivery["Service"]
): Effect.Effect<TestStore, Store.OpenError | Store.DriverNotInstalled, Scope.Scope> =>
  Effect.map(
    Layer.build(AnyStore.layer(database, { synchronous: "NORMAL", lease: "1 hour", ...options }, delivery)),
    (context) => new TestStore(context)
  )

/** Opens a store for the scope, with an outbox where it is given who delivers. */
export type Open = (
  delivery?: ReportDelivery["Service"]
) => Effect.Effect<TestStore, Store.OpenError | Store.DriverNotInstalled, Scope.Scope>

/**
 * Makes a new database for the scope, and returns how one process after another opens its store there.
 *
 * On a server they share their connections: to make those takes ten times as long as to bring a chain back.
 */
export const oneAfterAnother: Effect.Effect<Open, Store.OpenError, Scope.Scope> = Effect.gen(
  function*(): Effect.fn.Return<Open, Store.OpenError, Scope.Scope> {
    const path = yield* database
    if (!AnyStore.isServer(path)) {
      return (delivery?: ReportDelivery["Service"]) => open(path, {}, delivery)
    }
    const tables = Context.get(yield* Layer.build(AnyStore.tablesOf(path)), Tables)
    return (delivery?: ReportDelivery["Service"]) =>
      Effect.map(
        Layer.build(AnyStore.layerOn(tables, { lease: "1 hour" }, delivery)),
        (context) => new TestStore(context)
      )
  }
)

/** Opens a store with an outbox for the scope, under a rig that sees its transactions. */
export const openUnder = (
  rig: Rig,
  database: string,
  delivery: ReportDelivery["Service"]
): Effect.Effect<TestStore, Store.OpenError, Scope.Scope> =>
  rig.provide(Effect.map(
    Layer.build(AnyStore.layerCounted(database, { lease: "1 hour" }, rig, delivery)),
    (context) => new TestStore(context)
  ))

/** Opens a store in a new database for the scope. */
export const make = (options: Partial<Store.SqliteOptions> = {}) =>
  Effect.flatMap(database, (database) => open(database, options))

/** A store in a new database, as a layer. */
export const layer = Layer.unwrap(
  Effect.map(database, (database) => AnyStore.layer(database, { synchronous: "NORMAL" }))
)

/** Opens a store for all tests of the present `describe`; what it returns is to be called in a test. */
export const shared = <A, E>(open: Effect.Effect<A, E, Scope.Scope>): () => A => {
  const scope = Scope.makeUnsafe()
  let opened: A | undefined
  beforeAll(async () => {
    opened = await Effect.runPromise(Scope.provide(open, scope))
  })
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  return () => {
    if (opened === undefined) throw new Error("The store is opened before the first test")
    return opened
  }
}
