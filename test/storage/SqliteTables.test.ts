import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Logger } from "effect"
import * as Chain from "../../src/domain/Chain.ts"
import * as DataFlow from "../../src/domain/DataFlow.ts"
import * as Sql from "../../src/storage/Sql.ts"
import { chainOf, checkpointOf } from "../../src/testing/index.ts"
import { add, start } from "./Steps.ts"
import * as TestDatabase from "./TestDatabase.ts"
import * as TestStore from "./TestStore.ts"

describe("a write to SQLite", () => {
  it.effect("waits while the disk is full, says so, and goes on when it is not", () =>
    Effect.scoped(Effect.gen(function*() {
      const warned = yield* Deferred.make<string>()
      const logger = Logger.make(({ message }) => Deferred.doneUnsafe(warned, Exit.succeed(String(message))))
      const store = yield* Effect.provide(TestStore.make(), Logger.layer([logger]))
      const chain = yield* add(store.repo, chainOf("a -> b"))
      const pages = (count: string) => store.tables.read(() => Sql.all(`PRAGMA max_page_count = ${count}`))
      yield* pages("1")
      DataFlow.write(chain.data, 0, { text: "x".repeat(1_000_000) })
      const written = yield* Effect.forkChild(store.repo.set(checkpointOf(chain, { changed: [0] })))
      assert.match(
        yield* Deferred.await(warned),
        /^The store cannot be used now, next attempt in 100 ms: .*disk is full \(SQLITE_FULL\)$/
      )
      assert.isUndefined(written.pollUnsafe())
      // Others can read meanwhile.
      assert.strictEqual((yield* store.store.list()).length, 1)
      yield* pages("1000000")
      yield* Fiber.join(written)
      assert.deepStrictEqual(yield* store.repo.get(chain.requestId), Chain.toSuspended(chain))
    })))

  it.effect("waits while another process holds the lock", () =>
    Effect.scoped(Effect.gen(function*() {
      const filename = yield* TestDatabase.path
      const store = yield* TestStore.open(filename, { busyTimeout: "1 millis" })
      const chain = yield* add(store.repo, chainOf("a -> b"))
      const other = yield* TestDatabase.other(filename)
      other.exec("BEGIN IMMEDIATE")
      const written = yield* Effect.forkChild(start(store.repo, chain, 0), { startImmediately: true })
      assert.isUndefined(written.pollUnsafe())
      other.exec("COMMIT")
      yield* Fiber.join(written)
      assert.strictEqual((yield* store.repo.get(chain.requestId)).jobChain?.jobs?.a?.state, 2)
    })))

  it.effect("fails at once, with the reason, where waiting would not help", () =>
    Effect.scoped(Effect.gen(function*() {
      const store = yield* TestStore.make()
      const chain = yield* add(store.repo, chainOf("a"))
      yield* store.tables.read(() => Sql.all("PRAGMA query_only = ON"))
      const exit = yield* Effect.exit(start(store.repo, chain, 0))
      assert.match(String(exit), /The store failed: .*readonly.* \(SQLITE_READONLY\)/)
      yield* store.tables.read(() => Sql.all("PRAGMA query_only = OFF"))
      yield* store.repo.set(checkpointOf(chain, { changed: [0] }))
    })))
})
