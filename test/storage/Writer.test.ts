import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import * as Chain from "../../src/domain/Chain.ts"
import * as Progress from "../../src/domain/Progress.ts"
import { chainOf, checkpointOf } from "../../src/testing/index.ts"
import { add, logOf, start } from "./Steps.ts"
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

  it.effect("commits the small chains that are added or removed at once together", () =>
    Effect.scoped(Effect.gen(function*() {
      const { repo, store, writer } = yield* TestStore.make()
      const chains = Array.from({ length: 50 }, () => Chain.make(chainOf("a -> b")))
      const before = writer.commits()
      yield* Effect.forEach(chains, (chain) => repo.add(chain), concurrently)
      yield* Effect.forEach(chains.slice(1), ({ requestId }) => repo.remove(requestId), concurrently)
      assert.isAtMost(writer.commits() - before, 4)
      assert.deepStrictEqual((yield* store.list()).map(({ requestId }) => requestId), [chains[0]?.requestId])
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
      assert.strictEqual(writer.commits() - before, 2)
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

  it.effect("takes a job that a checkpoint lists more than once", () =>
    Effect.scoped(Effect.gen(function*() {
      const { repo } = yield* TestStore.make()
      const chain = yield* add(repo, chainOf("a -> b"))
      Progress.start(chain, 0)
      yield* repo.set(checkpointOf(chain, { added: [0, 1, 0], changed: [0, 0], starting: [0] }))
      assert.strictEqual((yield* repo.get(chain.requestId)).jobChain?.jobs?.a?.state, 2)
    })))

  it.effect("writes the others of a turn where one cannot be written", () =>
    Effect.scoped(Effect.gen(function*() {
      const { repo } = yield* TestStore.make()
      const bad = yield* add(repo, chainOf("a"))
      const good = yield* add(repo, chainOf("a"))
      const log = { ...logOf(bad.requestId, "a", 1), try: 1.5 }
      const [exit] = yield* Effect.all(
        [Effect.exit(repo.set(checkpointOf(bad, { changed: [0], logs: [log] }))), start(repo, good, 0)],
        concurrently
      )
      assert.match(String(exit), /StorageFailed: The store failed: /)
      assert.strictEqual((yield* repo.get(good.requestId)).jobChain?.jobs?.a?.state, 2)
    })))

  it.effect("writes what was handed over before the store closes", () =>
    Effect.scoped(Effect.gen(function*() {
      const database = yield* TestStore.database
      const chain = yield* Effect.scoped(Effect.gen(function*() {
        const { repo } = yield* TestStore.open(database)
        const chain = yield* add(repo, chainOf("a"))
        yield* Effect.forkDetach(start(repo, chain, 0), { startImmediately: true })
        return chain
      }))
      const { store } = yield* TestStore.open(database)
      assert.strictEqual((yield* store.status(chain.requestId)).jobs[0]?.state, "RUNNING")
    })))
})
