/**
 * The tests that every `ChainRepo` layer must pass.
 *
 * Whoever writes a layer runs them against it; ours run them, too. Each makes requests of its own, so that one layer can
 * be shared by all. They belong to no test framework:
 *
 * ```ts skip
 * layer(MyRepo)("my chain repo", (it) => {
 *   for (const [name, test] of Object.entries(ChainRepoSuite.tests)) it.effect(name, () => test)
 * })
 * ```
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import assert from "node:assert/strict"
import * as Chain from "../domain/Chain.ts"
import * as JobState from "../domain/JobState.ts"
import * as Progress from "../domain/Progress.ts"
import { ChainRepo } from "../engine/ChainRepo.ts"
import { chainOf } from "./ChainDrawing.ts"
import { checkpointOf } from "./CheckpointOf.ts"

/** What a test does and whether it holds, by its name. */
export const tests: Readonly<Record<string, Effect.Effect<void, unknown, ChainRepo>>> = {
  "gives back what was added, as a snapshot": Effect.gen(function*() {
    const repo = yield* ChainRepo
    const chain = Chain.make(chainOf("a -> b"))
    yield* repo.add(chain)
    const before = yield* repo.get(chain.requestId)
    assert.deepStrictEqual(before, Chain.toSuspended(chain))
    Progress.start(chain, 0)
    assert.strictEqual(before.jobChain?.jobs?.a?.state, JobState.PENDING)
  }),

  "refuses a request that is there already, and keeps the first chain": Effect.gen(function*() {
    const repo = yield* ChainRepo
    const first = Chain.make(chainOf("a"))
    yield* repo.add(first)
    const second = Chain.make({ ...chainOf("b"), requestId: first.requestId })
    const error = yield* Effect.flip(repo.add(second))
    assert.deepStrictEqual([error._tag, error.requestId], ["ChainConflict", first.requestId])
    const kept = yield* repo.get(first.requestId)
    assert.deepEqual(Object.keys(kept.jobChain?.jobs ?? {}), ["a"])
  }),

  "does not find what was never added": Effect.gen(function*() {
    const repo = yield* ChainRepo
    const error = yield* Effect.flip(repo.get("nobody's request"))
    assert.deepStrictEqual([error._tag, error.requestId], ["ChainNotFound", "nobody's request"])
  }),

  "keeps what a checkpoint says has changed": Effect.gen(function*() {
    const repo = yield* ChainRepo
    const chain = Chain.make(chainOf("a -> b"))
    yield* repo.add(chain)
    Progress.start(chain, 0)
    yield* repo.set(checkpointOf(chain, { starting: [0] }))
    Progress.complete(chain, 0)
    yield* repo.set(checkpointOf(chain, { changed: [0] }))
    assert.deepStrictEqual(yield* repo.get(chain.requestId), Chain.toSuspended(chain))
  }),

  "removes a chain, and has nothing against removing it again": Effect.gen(function*() {
    const repo = yield* ChainRepo
    const chain = Chain.make(chainOf("a"))
    yield* repo.add(chain)
    yield* repo.remove(chain.requestId)
    yield* repo.remove(chain.requestId)
    assert.strictEqual((yield* Effect.flip(repo.get(chain.requestId)))._tag, "ChainNotFound")
    yield* repo.add(chain)
  }),

  "lists every chain": Effect.gen(function*() {
    const repo = yield* ChainRepo
    const chains = [Chain.make(chainOf("a")), Chain.make(chainOf("b"))]
    yield* Effect.forEach(chains, repo.add)
    const all = yield* repo.getAll
    const listed = all.map((chain) => chain.requestId)
    for (const chain of chains) assert.ok(listed.includes(chain.requestId))
  })
}
