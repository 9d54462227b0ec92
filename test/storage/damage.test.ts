/**
 * What a try ended as and wrote is what was kept, or an error that names the row.
 */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Stream } from "effect"
import { JobOutput } from "../../src/engine/JobOutput.ts"
import * as OutboxReports from "../../src/storage/OutboxReports.ts"
import * as Sql from "../../src/storage/Sql.ts"
import { chainOf, checkpointOf } from "../../src/testing/index.ts"
import { add, end, logOf } from "./Steps.ts"
import * as TestStore from "./TestStore.ts"

/** A chain of which a try of `a` has ended and written two chunks. */
const written = Effect.gen(function*() {
  const store = yield* TestStore.make()
  const chain = yield* add(store.repo, chainOf("a"))
  const key = { requestId: chain.requestId, jobId: "a", try: 1 }
  const output = Context.get(store.context, JobOutput)
  yield* output.write(key, "stdout", new Uint8Array(100_000).fill(120))
  yield* output.end(key)
  yield* store.repo.set(checkpointOf(chain, { logs: [{ ...logOf(chain.requestId, "a", 1), stdout: "said" }] }))
  const read = Stream.runFold(store.store.output(key, "stdout"), () => 0, (size, bytes) => size + bytes.length)
  return { store, chain, key, read }
})

/** Returns what an effect fails with, as text. */
const failure = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.match(effect, { onFailure: String, onSuccess: () => "nothing" })

/** A chain that has ended, and how that is told to a Request Manager. */
const ended = Effect.gen(function*() {
  const { chain, store } = yield* written
  yield* end(store.repo, chain)
  const [row] = yield* store.tables.read(() =>
    Sql.all<{ readonly number: number }>("SELECT number FROM jobchain_chains")
  )
  const waiting = { number: 1, kind: "final state", jobId: null, try: null } as const
  return { store, told: OutboxReports.load(store.tables, row?.number ?? 0, waiting) }
})

describe("the log of a try", () => {
  const damages: ReadonlyArray<readonly [string, string]> = [
    ["state", "3 + 1"],
    ["exit", "1"],
    ["error", "'oh'"],
    ["try", "2"],
    ["started_at", "7"],
    ["finished_at", "7"],
    ["name", "'b'"],
    ["type", "'b'"],
    ["stdout", "'sAid'"],
    ["stderr", "'x'"]
  ]
  it.effect.each(damages)(
    "whose %s is another one is an error for whoever reads it",
    ([column, value]) =>
      Effect.scoped(Effect.gen(function*() {
        const { key: { requestId }, store } = yield* written
        assert.strictEqual((yield* store.store.logs(requestId))[0]?.stdout, "said")
        yield* store.exec(`UPDATE jobchain_job_logs SET ${column} = ${value}`)
        const damaged = /job "a" of request ".*" in table jobchain_job_logs is damaged: its checksum does not fit/
        assert.match(yield* failure(store.store.logs(requestId)), damaged)
        assert.match(yield* failure(store.manager.getJobLogs(requestId)), damaged)
        const isOfTheTry = !column.startsWith("std")
        assert.match(yield* failure(store.store.tries(requestId)), isOfTheTry ? damaged : /^nothing$/)
      }))
  )

  it.effect("of a version without checksums is taken as it is", () =>
    Effect.scoped(Effect.gen(function*() {
      const { key: { requestId }, store } = yield* written
      yield* store.exec("UPDATE jobchain_job_logs SET exit = 1, checksum = NULL")
      assert.strictEqual((yield* store.store.logs(requestId))[0]?.exit, 1)
    })))
})

describe("what a try wrote", () => {
  it.effect("is an error where a byte of it is another one, or a chunk is in another's place", () =>
    Effect.scoped(Effect.gen(function*() {
      const { read, store } = yield* written
      assert.strictEqual(yield* read, 100_000)
      const bytes = new Uint8Array(64 * 1024).fill(120)
      bytes[7] = 121
      const damaged = /job "a" of request ".*" in table jobchain_outputs is damaged: its checksum does not fit/
      yield* store.exec("UPDATE jobchain_outputs SET bytes = ? WHERE chunk = 0", bytes)
      assert.match(yield* failure(read), damaged)
      yield* store.exec("UPDATE jobchain_outputs SET chunk = chunk + 10")
      yield* store.exec("UPDATE jobchain_outputs SET chunk = 0 WHERE chunk = 11")
      assert.match(yield* failure(read), damaged)
    })))
})

describe("how far a chain is", () => {
  const damages: ReadonlyArray<readonly [string, string]> = [
    ["state", "3"],
    ["chain_state", "3"],
    ["finished_jobs", "1"],
    ["complete_jobs", "1"],
    ["total_jobs", "0"],
    ["elapsed", "7"],
    ["closed_at", "7"],
    ["finished_at", "7"],
    ["has_begun", "0"]
  ]
  const damaged = /DamagedRow: The row of request ".*" in table jobchain_chains is damaged: its checksum does not fit/

  it.effect.each(damages)(
    "is not believed where its %s is another one",
    ([column, value]) =>
      Effect.scoped(Effect.gen(function*() {
        const { key: { requestId }, store: opened } = yield* written
        const { manager, repo, store } = opened
        const isDamaged = Effect.map(store.list(), (infos) => infos.map((info) => info.isDamaged))
        yield* opened.expire
        assert.deepStrictEqual(yield* isDamaged, [false])
        yield* opened.exec(`UPDATE jobchain_chains SET ${column} = ${value}`)
        assert.deepStrictEqual(yield* isDamaged, [true])
        for (const act of [store.status, store.claim, store.exportChain, store.previewRetry, store.retry]) {
          assert.match(yield* failure(Effect.asVoid<unknown, unknown, never>(act(requestId))), damaged)
        }
        assert.match(yield* failure(manager.getRequest(requestId)), /RequestManagerUnavailable.* is damaged/)
        assert.match(yield* failure(manager.startRequest(requestId)), /RequestManagerUnavailable.* is damaged/)
        assert.match(yield* failure(add(repo, { ...chainOf("b"), requestId })), /ChainConflict/)
        assert.deepStrictEqual([yield* store.collectable(-1e12), yield* store.collect(-1e12)], [0, 0])
        assert.deepStrictEqual(yield* isDamaged, [true])
      }))
  )

  it.effect("is still not believed when something else of it was changed", () =>
    Effect.scoped(Effect.gen(function*() {
      const { key: { requestId }, store: opened } = yield* written
      const { manager, store } = opened
      yield* opened.exec("UPDATE jobchain_chains SET closed_at = 7")
      yield* manager.updateProgress({ requestId, finishedJobs: 1 })
      assert.match(yield* failure(store.status(requestId)), damaged)
    })))

  it.effect("is believed again when whoever runs the chain has written it", () =>
    Effect.scoped(Effect.gen(function*() {
      const { chain, key: { requestId }, store: opened } = yield* written
      const { repo, store } = opened
      yield* opened.exec("UPDATE jobchain_chains SET state = 6")
      yield* repo.set(checkpointOf(chain, {}))
      assert.deepInclude(yield* store.status(requestId), { isDamaged: false, state: "RUNNING" })
    })))

  it.effect("is not told to a Request Manager where it is damaged", () =>
    Effect.scoped(Effect.gen(function*() {
      const { store, told } = yield* ended
      assert.strictEqual((yield* told)?.kind, "final state")
      yield* store.exec("UPDATE jobchain_chains SET state = 4")
      assert.match(yield* failure(told), damaged)
    })))
})

describe("what a chain was asked for as", () => {
  const damages: ReadonlyArray<readonly [string, string]> = [
    ["name", "'b'"],
    ["type", "'b'"],
    ["user_name", "'bob'"],
    ["args", "'{\"version\":3}'"],
    ["is_request", "0"],
    ["created_at", "7"],
    ["started_at", "7"],
    ["has_fan_outs", "1"],
    ["former_tries", "'{\"a\":9}'"],
    ["reported_jobs", "9"]
  ]
  const damaged = /The row of request ".*" in table jobchain_chains is damaged: its checksum does not fit/

  /** A request whose chain was suspended: the `args` are version 2, and `c` was tried once before it left the chain. */
  const suspended = Effect.gen(function*() {
    const opened = yield* TestStore.make()
    const { manager } = opened
    const jobChain = chainOf("a -> b")
    const args = { version: 2 }
    // Half of a character is stored as another one, and no damage.
    const { id } = yield* manager.createRequest({ jobChain, type: "release", user: "ann \ud83d", args })
    yield* manager.startRequest(id)
    yield* manager.suspendRequest({ requestId: id, jobChain: { ...jobChain, state: 7 }, totalJobTries: { a: 1, c: 1 } })
    return { opened, id, jobChain, args }
  })

  it.effect("is what was written, through every change", () =>
    Effect.scoped(Effect.gen(function*() {
      const { args, id, opened: { manager, repo, store } } = yield* suspended
      const expected = { type: "release", user: "ann \ufffd", args }
      assert.deepInclude(yield* manager.getRequest(id), { ...expected, state: "SUSPENDED" })
      yield* manager.startRequest(id)
      assert.deepInclude(yield* manager.getRequest(id), { ...expected, state: "RUNNING" })
      // The chain of a request that was only started takes its place.
      const { id: other } = yield* manager.createRequest({ jobChain: chainOf("a"), ...expected })
      yield* manager.startRequest(other)
      yield* add(repo, { ...chainOf("a", { a: { name: "again" } }), requestId: other })
      assert.deepInclude(yield* manager.getRequest(other), { ...expected, state: "RUNNING" })
      assert.deepStrictEqual((yield* store.list()).map((info) => info.isDamaged), [false, false])
    })))

  it.effect.each(damages)(
    "is not believed where its %s is another one",
    ([column, value]) =>
      Effect.scoped(Effect.gen(function*() {
        const { id, jobChain, opened } = yield* suspended
        const { manager, repo, store } = opened
        yield* opened.exec(`UPDATE jobchain_chains SET ${column} = ${value}`)
        const [info, ...others] = yield* store.list()
        assert.deepInclude(info, { requestId: id, isDamaged: true, state: "SUSPENDED", finishedJobs: 0 })
        assert.deepStrictEqual(others, [])
        for (const act of [store.status, store.claim, store.exportChain, store.previewRetry, store.retry]) {
          assert.match(yield* failure(Effect.asVoid<unknown, unknown, never>(act(id))), damaged)
        }
        for (const act of [manager.getRequest, manager.startRequest, manager.getJobChain]) {
          assert.match(yield* failure(Effect.asVoid<unknown, unknown, never>(act(id))), damaged)
        }
        assert.match(yield* failure(add(repo, { ...jobChain })), /ChainConflict/)
      }))
  )

  it.effect("is still not believed when something else of it was changed, and what becomes of the chain is taken", () =>
    Effect.scoped(Effect.gen(function*() {
      const { id, jobChain, opened } = yield* suspended
      const { manager, store } = opened
      yield* manager.startRequest(id)
      yield* opened.exec("UPDATE jobchain_chains SET user_name = 'bob'")
      yield* manager.suspendRequest({ requestId: id, jobChain: { ...jobChain, state: 7 }, totalJobTries: { a: 2 } })
      assert.match(yield* failure(manager.getRequest(id)), damaged)
      yield* opened.exec("UPDATE jobchain_chains SET state = 2, progress_checksum = NULL")
      yield* manager.finishRequest({ requestId: id, state: "COMPLETE", finishedAt: 1000, finishedJobs: 2 })
      assert.match(yield* failure(manager.getRequest(id)), damaged)
      assert.deepInclude((yield* store.list())[0], { isDamaged: true, state: "COMPLETE", finishedJobs: 2 })
      assert.deepStrictEqual([yield* store.collectable(-1e12), yield* store.collect(-1e12)], [0, 0])
    })))

  it.effect("is not told to a Request Manager where it is damaged", () =>
    Effect.scoped(Effect.gen(function*() {
      const { store, told } = yield* ended
      yield* store.exec("UPDATE jobchain_chains SET has_fan_outs = 1")
      assert.match(yield* failure(told), damaged)
    })))

  it.effect("of a version without checksums is taken as it is", () =>
    Effect.scoped(Effect.gen(function*() {
      const { id, opened } = yield* suspended
      yield* opened.exec("UPDATE jobchain_chains SET user_name = 'bob', request_checksum = NULL")
      assert.strictEqual((yield* opened.manager.getRequest(id)).user, "bob")
      yield* opened.manager.startRequest(id)
      yield* opened.exec("UPDATE jobchain_chains SET user_name = 'eve'")
      assert.match(yield* failure(opened.manager.getRequest(id)), damaged)
    })))
})
