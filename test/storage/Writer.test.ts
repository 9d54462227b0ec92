import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Logger } from "effect"
import * as Chain from "../../src/domain/Chain.ts"
import * as DataFlow from "../../src/domain/DataFlow.ts"
import * as Progress from "../../src/domain/Progress.ts"
import * as Sql from "../../src/storage/Sql.ts"
import { chainOf, checkpointOf } from "../../src/testing/index.ts"
import { add, logOf, start } from "./Steps.ts"
import * as TestDatabase from "./TestDatabase.ts"
import * as TestStore from "./TestStore.ts"

const concurrently = { concurrency: "unbounded" } as const

describe("Writer", () => {
  it.effect("commits what many chains write at once together", () =>
    Effect.scoped(Effect.gen(function*() {
      const { repo, writer } = yield* TestStore.make()
      const chains = yield* Effect.forEach(Array.from({ length: 50 }), () => add(repo, chainOf("a -> b")))
      const before = writer.commits()
      yield* Effect.forEach(chains, (chain) => start(repo, chain, 0), concurrently)
      assert.isAtMost(writer.commits() - before, 2)
      for (const chain of chains) assert.strictEqual((yield* repo.get(chain.requestId)).jobChain?.jobs?.a?.state, 2)
    })))

  it.effect("writes in turns of a bounded size", () =>
    Effect.scoped(Effect.gen(function*() {
      const { repo, writer } = yield* TestStore.make()
      const fan = chainOf(Array.from({ length: 100 }, (_, job) => `a -> b${job}\nb${job} -> c`).join("\n"))
      const chains = yield* Effect.forEach(
        Array.from({ length: 20 }, (_, at) => ({ ...fan, requestId: `fan ${at}` })),
        (chain) => add(repo, chain)
      )
      const before = writer.commits()
      yield* Effect.forEach(chains, (chain) =>
        repo.set(checkpointOf(chain, { changed: Array.from({ length: 100 }, (_, job) => job) })), concurrently)
      assert.strictEqual(writer.commits() - before, 4)
    })))

  it.effect("keeps what the chain was when it was handed over", () =>
    Effect.scoped(Effect.gen(function*() {
      const { repo } = yield* TestStore.make()
      const chain = yield* add(repo, chainOf("a -> b"))
      Progress.start(chain, 0)
      const kept = Chain.toSuspended(chain)
      const written = yield* Effect.forkChild(repo.set(checkpointOf(chain, { starting: [0] })), {
        startImmediately: true
      })
      Progress.complete(chain, 0)
      yield* Fiber.join(written)
      assert.deepStrictEqual(yield* repo.get(chain.requestId), kept)
    })))

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

  it.effect("writes the others of a turn where one cannot be written", () =>
    Effect.scoped(Effect.gen(function*() {
      const { repo } = yield* TestStore.make()
      const bad = yield* add(repo, chainOf("a"))
      const good = yield* add(repo, chainOf("a"))
      const log = { ...logOf(bad.requestId, "a", 1), exit: Number.NaN }
      const [exit] = yield* Effect.all(
        [Effect.exit(repo.set(checkpointOf(bad, { changed: [0], logs: [log] }))), start(repo, good, 0)],
        concurrently
      )
      assert.match(String(exit), /NOT NULL constraint failed: jobchain_job_logs.exit/)
      assert.strictEqual((yield* repo.get(good.requestId)).jobChain?.jobs?.a?.state, 2)
    })))

  it.effect("writes what was handed over before the store closes", () =>
    Effect.scoped(Effect.gen(function*() {
      const filename = yield* TestDatabase.path
      const chain = yield* Effect.scoped(Effect.gen(function*() {
        const { repo } = yield* TestStore.open(filename)
        const chain = yield* add(repo, chainOf("a"))
        yield* Effect.forkDetach(start(repo, chain, 0), { startImmediately: true })
        return chain
      }))
      const { store } = yield* TestStore.open(filename)
      assert.strictEqual((yield* store.status(chain.requestId)).jobs[0]?.state, "RUNNING")
    })))
})
