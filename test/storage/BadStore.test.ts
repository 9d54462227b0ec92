/**
 * Disks and files that fail under the store: there is a clear error or a wait, what can go on goes on, and never is a chain
 * another one than it was.
 */
import { assert, describe, it, vi } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Logger, References } from "effect"
import { TestClock } from "effect/testing"
import { readFileSync, rmSync, writeFileSync } from "node:fs"
import * as Progress from "../../src/domain/Progress.ts"
import * as Sql from "../../src/storage/Sql.ts"
import { chainOf, checkpointOf } from "../../src/testing/index.ts"
import { add, end, logOf, start } from "./Steps.ts"
import * as TestDatabase from "./TestDatabase.ts"
import * as TestStore from "./TestStore.ts"

const requestIds = ["one", "two", "three"]

/** Chains of which a job has ended and one was cut off. */
const writeChains = (filename: string) =>
  Effect.scoped(Effect.gen(function*() {
    const { repo } = yield* TestStore.open(filename)
    for (const requestId of requestIds) {
      const drawing = "a -> b c d e\nb -> f\nc -> f\nd -> f\ne -> f"
      const args = { command: "rsync", to: "/srv/backup", options: ["--archive", "--delete"] }
      const chain = yield* add(repo, { ...chainOf(drawing, { a: { args }, f: { args } }), requestId })
      yield* start(repo, chain, 0)
      Progress.complete(chain, 0)
      Progress.start(chain, 1)
      yield* repo.set(checkpointOf(chain, { changed: [0], starting: [1], logs: [logOf(requestId, "a", 1)] }))
    }
  }))

/** Takes every chain over, as JSON, or says why it cannot. */
const claimAll = (filename: string) =>
  Effect.scoped(Effect.gen(function*() {
    const { store } = yield* TestStore.open(filename)
    return yield* Effect.forEach(requestIds, (requestId) => Effect.exit(store.exportChain(requestId)))
  })).pipe(Effect.exit, Effect.provideService(References.MinimumLogLevel, "None"))

/** Puts a damaged copy in the place of a database, looks at it, and returns the errors. */
const look = Effect.fnUntraced(function*(filename: string, damaged: Buffer, whole: ReadonlyArray<unknown>) {
  for (const suffix of ["-wal", "-shm"]) rmSync(`${filename}${suffix}`, { force: true })
  writeFileSync(filename, damaged)
  const exit = yield* claimAll(filename)
  if (Exit.isFailure(exit)) return [Cause.squash(exit.cause)]
  return exit.value.flatMap((chain, index) => {
    if (Exit.isFailure(chain)) return [Cause.squash(chain.cause)]
    assert.deepStrictEqual(chain.value, whole[index], "another chain than it was")
    return []
  })
})

describe("a damaged file", () => {
  const damages: ReadonlyArray<readonly [string, (whole: Buffer) => Iterable<Buffer>]> = [
    ["a byte is another one", flipped],
    ["a sector is empty", emptied],
    ["its end is missing", truncated]
  ]
  for (const [what, damagedFrom] of damages) {
    it.effect(`is an error, or the chain is as it was: ${what}`, () =>
      Effect.scoped(Effect.gen(function*() {
        const filename = yield* TestDatabase.path
        yield* writeChains(filename)
        const before = yield* claimAll(filename)
        assert.isTrue(Exit.isSuccess(before))
        const whole = Exit.isSuccess(before)
          ? before.value.map((exit) => Exit.isSuccess(exit) ? exit.value : assert.fail(String(exit.cause)))
          : []
        const file = readFileSync(filename)
        const tags = new Set<string>()
        for (const damaged of damagedFrom(file)) {
          for (const error of yield* look(filename, damaged, whole)) tags.add(tagOf(error))
        }
        assert.isAbove(tags.size, 0)
        assert.includeMembers(clear, [...tags])
      })))
  }
})

/** What names the file, the row, or what was asked for; nothing else may come of a damaged file. */
const clear = ["SqlError", "StorageFailed", "DamagedRow", "MigrationError", "ChainNotStored"]

const tagOf = (error: unknown): string => error instanceof Error && "_tag" in error ? String(error._tag) : String(error)

function* flipped(whole: Buffer) {
  for (let at = 0; at < whole.length; at += 503) {
    const damaged = Buffer.from(whole)
    damaged.writeUInt8(damaged.readUInt8(at) ^ (1 << at % 8), at)
    yield damaged
  }
}

function* emptied(whole: Buffer) {
  for (let at = 0; at < whole.length; at += 512) yield Buffer.from(whole).fill(0, at, at + 512)
}

function* truncated(whole: Buffer) {
  for (let length = 1021; length < whole.length; length += 1021) yield whole.subarray(0, length)
}

/** Runs a chain of one job to its end, as the engine would. */
const runOne = Effect.fnUntraced(function*(store: TestStore.TestStore, args = {}) {
  const chain = yield* add(store.repo, chainOf("a", { a: { args } }))
  yield* start(store.repo, chain, 0)
  Progress.complete(chain, 0)
  yield* store.repo.set(checkpointOf(chain, { changed: [0], logs: [logOf(chain.requestId, "a", 1)] }))
  yield* end(store.repo, chain)
  return chain.requestId
})

const assertWhole = Effect.fnUntraced(function*(store: TestStore.TestStore, requestId: string) {
  const { jobs, state } = yield* store.store.status(requestId)
  assert.deepStrictEqual([state, jobs.map((job) => job.state)], ["COMPLETE", ["COMPLETE"]])
  assert.strictEqual((yield* store.store.logs(requestId)).length, 1)
})

describe("a database that may only be read", () => {
  it.effect("is refused as it is opened, and left as it was", () =>
    Effect.scoped(Effect.gen(function*() {
      const filename = yield* TestDatabase.path
      yield* writeChains(filename)
      const before = readFileSync(filename)
      const error = Cause.squash(yield* Effect.flip(Effect.sandbox(TestStore.open(`file:${filename}?mode=ro`))))
      assert.match(String(error), /attempt to write a readonly database/)
      assert.deepStrictEqual(readFileSync(filename), before)
    })))
})

describe("a database that may only be read from the middle of a run on", () => {
  it.effect("ends the run with SQLite's own words, can be looked at, and goes on from there when it may be written", () =>
    Effect.scoped(Effect.gen(function*() {
      const filename = yield* TestDatabase.path
      const first = yield* TestStore.open(filename)
      const { repo, store, tables } = first
      const chain = yield* add(repo, chainOf("a -> b"))
      const { requestId } = chain
      yield* start(repo, chain, 0)
      const before = yield* store.status(requestId)
      // As a file system does that is remounted read-only: what is open can be read on, and every write is refused.
      const queryOnly = (isOn: 0 | 1) => tables.read(() => Sql.run(`PRAGMA query_only = ${isOn}`))
      yield* queryOnly(1)
      Progress.complete(chain, 0)
      const logs = [logOf(requestId, "a", 1)]
      const written = yield* Effect.exit(repo.set(checkpointOf(chain, { changed: [0], logs })))
      const failure = Exit.isFailure(written) ? String(Cause.squash(written.cause)) : "written"
      assert.match(failure, /^StorageFailed: The store failed: .*readonly.* \(SQLITE_READONLY\)$/)
      assert.deepStrictEqual([yield* store.status(requestId), yield* store.logs(requestId)], [before, []])
      yield* queryOnly(0)
      yield* first.expire
      const second = yield* TestStore.open(filename)
      const { chain: claimed, resumption } = yield* second.store.claim(requestId)
      assert.deepStrictEqual(resumption.recovered, new Set(["a"]))
      yield* second.repo.add(claimed)
      yield* start(second.repo, claimed, 0)
      Progress.complete(claimed, 0)
      yield* second.repo.set(checkpointOf(claimed, { changed: [0], logs }))
      assert.strictEqual((yield* second.store.logs(requestId)).length, 1)
    })))
})

/** Runs a test with what the store says in the log, a line each. */
const withWarnings = <A, E, R>(test: (warnings: ReadonlyArray<string>) => Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const warnings: Array<string> = []
    const logger = Logger.make(({ message }) => void warnings.push(String(message)))
    return Effect.provide(test(warnings), Logger.layer([logger]))
  })

/** Lets a test move the machine's own clock. */
const machineTime = Effect.acquireRelease(
  Effect.sync(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] })),
  () => Effect.sync(() => vi.useRealTimers())
)

const pass = (millis: number) => Effect.promise(() => vi.advanceTimersByTimeAsync(millis))

describe("a lock that another process holds for 30 seconds", () => {
  it.effect("is waited for by whoever runs a chain, and nothing is lost", () =>
    Effect.scoped(withWarnings((warnings) =>
      Effect.gen(function*() {
        const filename = yield* TestDatabase.path
        yield* machineTime
        const store = yield* TestStore.open(filename, { busyTimeout: 0 })
        const other = yield* TestDatabase.other(filename)
        other.exec("BEGIN IMMEDIATE")
        const running = yield* Effect.forkChild(runOne(store), { startImmediately: true })
        yield* pass(30_000)
        assert.isUndefined(running.pollUnsafe())
        // Others can read meanwhile.
        assert.deepStrictEqual(yield* store.store.list(), [])
        assert.isBelow(warnings.length, 40)
        assert.match(warnings.at(-1) ?? "", /cannot be used now, next attempt in 2000 ms: .*locked.*SQLITE_BUSY/)
        other.exec("COMMIT")
        yield* pass(2000)
        yield* assertWhole(store, yield* Fiber.join(running))
      })
    )))

  it.effect("keeps the store from opening, and says so", () =>
    Effect.scoped(Effect.gen(function*() {
      const filename = yield* TestDatabase.path
      yield* writeChains(filename)
      const other = yield* TestDatabase.other(filename)
      other.exec("BEGIN EXCLUSIVE")
      const opening = yield* Effect.forkChild(Effect.flip(TestStore.open(filename)), { startImmediately: true })
      yield* TestClock.adjust("30 seconds")
      const { message } = yield* Fiber.join(opening)
      assert.match(message, /database is locked: another connection held its lock for 5000 ms/)
    })))
})

describe("a disk that is full in the middle of a chain", () => {
  it.effect("makes it wait, and it ends as it should when there is space", () =>
    Effect.scoped(withWarnings((warnings) =>
      Effect.gen(function*() {
        yield* machineTime
        const store = yield* TestStore.make()
        const pages = (count: string) => store.tables.read(() => Sql.get(`PRAGMA max_page_count = ${count}`))
        yield* pages("1")
        const running = yield* Effect.forkChild(runOne(store, { text: "x".repeat(100_000) }))
        yield* pass(3_600_000)
        assert.deepStrictEqual([running.pollUnsafe(), yield* store.rows("chains")], [undefined, 0])
        assert.match(warnings.at(-1) ?? "", /next attempt in 30000 ms: .*disk is full \(SQLITE_FULL\)$/)
        yield* pages("1000000")
        yield* pass(30_000)
        yield* assertWhole(store, yield* Fiber.join(running))
      })
    )))
})
