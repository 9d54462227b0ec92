import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Chain from "../../src/domain/Chain.ts"
import * as Progress from "../../src/domain/Progress.ts"
import { RequestManager } from "../../src/engine/RequestManager.ts"
import * as Migrations from "../../src/storage/Migrations.ts"
import * as Sql from "../../src/storage/Sql.ts"
import { chainOf, checkpointOf } from "../../src/testing/index.ts"
import { add, end, logOf, start } from "./Steps.ts"
import * as TestStore from "./TestStore.ts"

const tables = ["chains", "jobs", "records", "job_logs", "outputs"]

const rowsIn = (store: TestStore.TestStore, table: string) =>
  Effect.map(
    store.tables.read(() => Sql.get<{ readonly rows: number }>(`SELECT count(*) AS rows FROM jobchain_${table}`)),
    (row) => row?.rows ?? 0
  )

const withoutText = (tries: ReadonlyArray<object>) => tries.map((ended) => ({ ...ended, stdout: "", stderr: "" }))

const fanOf = (jobs: number) =>
  chainOf(Array.from({ length: jobs - 2 }, (_, job) => `first -> job${job}\njob${job} -> last`).join("\n"))

describe("a database", () => {
  it.effect("is brought up to date once, and left as it is after that", () =>
    Effect.scoped(Effect.gen(function*() {
      const database = yield* TestStore.database
      const chain = yield* Effect.scoped(Effect.gen(function*() {
        return yield* add((yield* TestStore.open(database)).repo, chainOf("a"))
      }))
      const store = yield* TestStore.open(database)
      assert.strictEqual(yield* rowsIn(store, "migrations"), Migrations.known)
      assert.strictEqual((yield* store.store.status(chain.requestId)).totalJobs, 1)
    })))

  it.effect("of a newer program is refused", () =>
    Effect.scoped(Effect.gen(function*() {
      const database = yield* TestStore.database
      const store = yield* TestStore.open(database)
      yield* store.exec("INSERT INTO jobchain_migrations (migration_id, name) VALUES (77, 'later')")
      const error = yield* Effect.flip(TestStore.open(database))
      assert.strictEqual(
        error.message,
        `The database has version 77 of the tables, and this program knows version ${Migrations.known}: use a newer program`
      )
    })))
})

describe("adding a chain", () => {
  it.effect("gives back a large one as it was, unknown fields too", () =>
    Effect.scoped(Effect.gen(function*() {
      const { repo } = yield* TestStore.make()
      const fan = fanOf(1501)
      const jobs = { ...fan.jobs, last: { ...fan.jobs?.last, extra: { deep: [1, null] }, args: { text: "ä\0" } } }
      const chain = yield* add(repo, { ...fan, jobs, note: "mine" })
      assert.deepStrictEqual(yield* repo.get(chain.requestId), Chain.toSuspended(chain))
    })))

  it.effect("shows nothing of one that is half-written, and clears it away after a crash", () =>
    Effect.scoped(Effect.gen(function*() {
      const database = yield* TestStore.database
      const store = yield* TestStore.open(database)
      const chain = Chain.make(fanOf(5000))
      const adding = yield* Effect.forkChild(store.repo.add(chain), { startImmediately: true })
      while ((yield* rowsIn(store, "jobs")) === 0) yield* Effect.yieldNow
      yield* Fiber.interrupt(adding)
      assert.isAbove(yield* rowsIn(store, "jobs"), 0)
      assert.deepStrictEqual(yield* store.store.list(), [])
      assert.strictEqual((yield* Effect.flip(store.store.claim(chain.requestId)))._tag, "ChainNotStored")
      // A living process may be at it.
      const other = yield* TestStore.open(database)
      assert.strictEqual(yield* rowsIn(other, "chains"), 1)
      yield* store.expire
      yield* other.store.collect(0)
      for (const table of tables) assert.strictEqual(yield* rowsIn(other, table), 0, table)
      yield* other.repo.add(chain)
    })))

  it.effect("leaves nothing of one that is interrupted, at whatever moment", () =>
    Effect.scoped(Effect.gen(function*() {
      const { repo, store } = yield* TestStore.make()
      for (let turns = 0; turns < 12; turns++) {
        const chain = Chain.make(chainOf("a"))
        const adding = yield* Effect.forkChild(repo.add(chain), { startImmediately: true })
        for (let turn = 0; turn < turns; turn++) yield* Effect.yieldNow
        const isAdded = adding.pollUnsafe() !== undefined
        yield* Fiber.interrupt(adding)
        if (!isAdded) assert.deepStrictEqual(yield* store.list({ requestId: chain.requestId }), [], `after ${turns}`)
        else yield* repo.remove(chain.requestId)
        yield* repo.add(chain)
      }
    })))

  it.effect("lets one of two processes have a request", () =>
    Effect.scoped(Effect.gen(function*() {
      const database = yield* TestStore.database
      const stores = [yield* TestStore.open(database), yield* TestStore.open(database)]
      const fan = fanOf(2000)
      const exits = yield* Effect.forEach(stores, ({ repo }) => Effect.exit(repo.add(Chain.make(fan))), {
        concurrency: "unbounded"
      })
      assert.strictEqual(exits.filter(Exit.isSuccess).length, 1)
      assert.strictEqual((yield* stores[0]?.store.list() ?? Effect.succeed([])).length, 1)
      assert.strictEqual(yield* rowsIn(stores[0] as TestStore.TestStore, "jobs"), 2000)
    })))

  it.effect("takes over a request that was created, with who asked for it", () =>
    Effect.scoped(Effect.gen(function*() {
      const store = yield* TestStore.make()
      const manager = Context.get(store.context, RequestManager)
      const created = yield* manager.createRequest({ jobChain: chainOf("a"), type: "release", user: "ann" })
      yield* manager.startRequest(created.id)
      const chain = yield* add(store.repo, yield* manager.getJobChain(created.id))
      assert.strictEqual(yield* rowsIn(store, "jobs"), 1)
      yield* end(store.repo, chain)
      const { state, type, user } = yield* manager.getRequest(created.id)
      assert.deepStrictEqual([state, type, user], ["COMPLETE", "release", "ann"])
      assert.strictEqual((yield* Effect.flip(store.repo.add(chain)))._tag, "ChainConflict")
    })))
})

describe("ChainStore", () => {
  it.effect("lists chains by what is asked, the newest first", () =>
    Effect.scoped(Effect.gen(function*() {
      const database = yield* TestStore.database
      const { repo, store } = yield* TestStore.open(database)
      const other = yield* TestStore.open(database)
      yield* TestClock.setTime(1000)
      const ended = yield* add(repo, chainOf("a"))
      yield* end(repo, ended)
      yield* TestClock.setTime(2000)
      const running = yield* add(repo, chainOf("a -> b"))
      const crashed = yield* add(other.repo, chainOf("a"))
      yield* other.expire
      const idsOf = (filter: Parameters<typeof store.list>[0]) =>
        Effect.map(store.list(filter), (found) => found.map(({ requestId }) => requestId))
      assert.deepStrictEqual(yield* idsOf({}), [crashed.requestId, running.requestId, ended.requestId])
      assert.deepStrictEqual(yield* idsOf({ states: ["COMPLETE", "FAIL"] }), [ended.requestId])
      assert.deepStrictEqual(yield* idsOf({ isRunning: true }), [running.requestId])
      assert.deepStrictEqual(yield* idsOf({ isCrashed: true }), [crashed.requestId])
      assert.deepStrictEqual(yield* idsOf({ since: 1500 }), [crashed.requestId, running.requestId])
      assert.deepStrictEqual(yield* idsOf({ until: 1500 }), [ended.requestId])
      assert.deepStrictEqual(yield* idsOf({ limit: 1, offset: 1 }), [running.requestId])
      const [info] = yield* store.list({ requestId: ended.requestId })
      const { createdAt, finishedAt, owner, startedAt, state, totalJobs } = info ?? {}
      assert.deepStrictEqual([createdAt, finishedAt, owner, startedAt, state, totalJobs], [
        1000,
        1000,
        undefined,
        1000,
        "COMPLETE",
        1
      ])
    })))

  it.effect("finds chains by their name and by what their request ids begin with", () =>
    Effect.scoped(Effect.gen(function*() {
      const { repo, store } = yield* TestStore.make()
      const ids = ["night-%_1", "night-%_2", "day-1"]
      for (const requestId of ids) yield* add(repo, { ...chainOf("a"), requestId, name: requestId.split("-")[0] })
      const found = (filter: Parameters<typeof store.list>[0]) =>
        Effect.map(store.list(filter), (chains) => chains.map(({ requestId }) => requestId))
      assert.deepStrictEqual(yield* found({ idPrefix: "night-%_" }), ["night-%_2", "night-%_1"])
      assert.deepStrictEqual(yield* found({ idPrefix: "ight" }), [])
      assert.deepStrictEqual(yield* found({ name: "day" }), ["day-1"])
      assert.deepStrictEqual(yield* found({ name: "night", idPrefix: "night-%_1" }), ["night-%_1"])
    })))

  it.effect("keeps a log that was cut in the middle of a character", () =>
    Effect.scoped(Effect.gen(function*() {
      const { repo, store } = yield* TestStore.make()
      const chain = yield* add(repo, chainOf("a"))
      const half = "\u{1F600}".slice(0, 1)
      const log = {
        ...logOf(chain.requestId, "a", 1),
        name: `n${half}`,
        error: `e${half}`,
        stdout: `o${half}`,
        stderr: half
      }
      yield* repo.set(checkpointOf(chain, { logs: [log] }))
      assert.deepStrictEqual(yield* store.logs(chain.requestId), [
        { ...log, name: "n\uFFFD", error: "e\uFFFD", stdout: "o\uFFFD", stderr: "\uFFFD" }
      ])
    })))

  it.effect("tells of the tries of a chain without what they wrote", () =>
    Effect.scoped(Effect.gen(function*() {
      const { repo, store } = yield* TestStore.make()
      const chain = yield* add(repo, chainOf("a -> b"))
      const { requestId } = chain
      const logs = [logOf(requestId, "b", 1), logOf(requestId, "a", 1), logOf(requestId, "b", 2)]
      yield* repo.set(checkpointOf(chain, { logs: logs.map((log) => ({ ...log, stdout: "much" })) }))
      assert.deepStrictEqual(withoutText(yield* store.tries(requestId)), logs)
      assert.deepStrictEqual(withoutText(yield* store.tries(requestId, "b")), logs.filter(({ jobId }) => jobId === "b"))
      assert.notProperty((yield* store.tries(requestId))[0], "stdout")
      assert.strictEqual((yield* Effect.flip(store.tries("none")))._tag, "ChainNotStored")
    })))

  it.effect("tells the owner of a chain that it is to be stopped, once", () =>
    Effect.scoped(Effect.gen(function*() {
      const database = yield* TestStore.database
      const owner = yield* TestStore.open(database)
      const { store } = yield* TestStore.open(database)
      const stopped = yield* add(owner.repo, chainOf("a"))
      yield* add(owner.repo, chainOf("a"))
      yield* store.requestStop(stopped.requestId)
      yield* store.requestStop(stopped.requestId)
      const heard = yield* Stream.runCollect(Stream.take(owner.store.stopRequests, 1))
      assert.deepStrictEqual(heard, [stopped.requestId])
      assert.isTrue((yield* store.list({ requestId: stopped.requestId }))[0]?.isStopRequested)
      yield* end(owner.repo, stopped)
      assert.strictEqual((yield* Effect.flip(store.requestStop(stopped.requestId)))._tag, "ChainEnded")
      assert.strictEqual((yield* Effect.flip(store.requestStop("none")))._tag, "ChainNotStored")
    })))

  it.effect("keeps the tries of jobs that the chain does not have now, and may have again", () =>
    Effect.scoped(Effect.gen(function*() {
      const { repo, store } = yield* TestStore.make()
      const suspended = { requestId: "fan", jobChain: chainOf("a -> b"), totalJobTries: { "b[x]": 4 } }
      yield* store.importChain(suspended)
      assert.deepStrictEqual((yield* store.exportChain("fan")).totalJobTries, { "b[x]": 4 })
      const { chain } = yield* store.claim("fan")
      assert.strictEqual(chain.formerTries.get("b[x]"), 4)
      yield* repo.add(chain)
    })))

  it.effect("takes in what another store has exported", () =>
    Effect.scoped(Effect.gen(function*() {
      const [from, to] = [yield* TestStore.make(), yield* TestStore.make()]
      const chain = yield* add(from.repo, chainOf("a -> b", { a: { data: { given: 1 } } }))
      yield* start(from.repo, chain, 0)
      assert.strictEqual((yield* Effect.flip(from.store.exportChain(chain.requestId)))._tag, "ChainOwned")
      Progress.complete(chain, 0)
      yield* from.repo.set(checkpointOf(chain, { changed: [0], starting: [] }))
      yield* from.repo.remove(chain.requestId)
      const exported = yield* from.store.exportChain(chain.requestId)
      yield* to.store.importChain(exported)
      assert.strictEqual((yield* Effect.flip(to.store.importChain(exported)))._tag, "ChainConflict")
      const { state } = (yield* to.store.list())[0] ?? {}
      assert.strictEqual(state, "SUSPENDED")
      const { chain: claimed } = yield* to.store.claim(chain.requestId)
      assert.deepStrictEqual(Array.from(claimed.states), [3, 1])
      assert.deepStrictEqual(Chain.jobData(claimed, "b"), { given: 1 })
      assert.strictEqual(
        (yield* Effect.flip(to.store.importChain({ requestId: "bad", jobChain: {} })))._tag,
        "InvalidChain"
      )
    })))

  it.effect("deletes what ended long ago, with all that belongs to it", () =>
    Effect.scoped(Effect.gen(function*() {
      const store = yield* TestStore.make()
      const old = yield* add(store.repo, fanOf(1200))
      yield* store.repo.set(checkpointOf(old, { changed: [0], logs: [logOf(old.requestId, "first", 1)] }))
      yield* end(store.repo, old)
      yield* TestClock.setTime(10_000)
      const young = yield* add(store.repo, chainOf("a"))
      yield* end(store.repo, young)
      assert.strictEqual(yield* store.store.collect(5000), 1)
      assert.deepStrictEqual((yield* store.store.list()).map(({ requestId }) => requestId), [young.requestId])
      assert.deepStrictEqual([yield* rowsIn(store, "jobs"), yield* rowsIn(store, "job_logs")], [1, 0])
    })))
})

describe("a damaged row", () => {
  const damages: ReadonlyArray<readonly [string, string, RegExp]> = [
    [
      "no JSON",
      "UPDATE jobchain_jobs SET spec = '{\"id\": ' WHERE id = 'b'",
      /^The row of job "b" of request ".*" in table jobchain_jobs is damaged: .*JSON/
    ],
    [
      "another JSON value",
      "UPDATE jobchain_jobs SET next = '[1]' WHERE id = 'a'",
      /job "a" .* table jobchain_jobs is damaged: expected an array of job ids, found \[1\]$/
    ],
    [
      "missing",
      "DELETE FROM jobchain_jobs WHERE id = 'b'",
      /jobchain_jobs is damaged: 1 rows are there, expected .* 2 jobs$/
    ],
    [
      "a wrong head",
      "UPDATE jobchain_chains SET wire = '7'",
      /jobchain_chains is damaged: expected a JSON object, found 7$/
    ],
    ["no state", "UPDATE jobchain_records SET state = 9", /job "a" .* jobchain_records is damaged: 9 is no state$/],
    [
      "of no job",
      "UPDATE jobchain_records SET job = 9",
      /jobchain_records is damaged: the chain has 2 jobs, and none with/
    ],
    [
      "other args",
      "UPDATE jobchain_jobs SET spec = replace(spec, 'noop', 'nuup') WHERE id = 'b'",
      /job "b" .* table jobchain_jobs is damaged: its checksum does not fit$/
    ],
    [
      "another name",
      "UPDATE jobchain_chains SET wire = replace(wire, 'requestId', 'requestID')",
      /jobchain_chains is damaged: its checksum does not fit$/
    ],
    [
      "other tries",
      "UPDATE jobchain_records SET total_tries = 9",
      /job "a" .* jobchain_records is damaged: its checksum does not fit$/
    ],
    ["with wrong data", "UPDATE jobchain_records SET writes = 'x'", /job "a" .* jobchain_records is damaged: .*JSON/]
  ]
  for (const [what, damage, expected] of damages) {
    it.effect(`is told with its table, request and job: ${what}`, () =>
      Effect.scoped(Effect.gen(function*() {
        const store = yield* TestStore.make()
        const { requestId } = yield* Effect.tap(add(store.repo, chainOf("a -> b")), (chain) =>
          start(store.repo, chain, 0))
        yield* store.repo.remove(requestId)
        yield* store.exec(damage)
        assert.match((yield* Effect.flip(store.store.claim(requestId))).message, expected)
        assert.match((yield* Effect.flip(store.store.status(requestId))).message, expected)
        // It is nobody's, and can be mended.
        assert.isUndefined((yield* store.store.list())[0]?.owner)
      })))
  }
})
