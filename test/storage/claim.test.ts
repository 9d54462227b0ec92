import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, type Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Chain from "../../src/domain/Chain.ts"
import * as Progress from "../../src/domain/Progress.ts"
import { LeaseLost } from "../../src/storage/Ownership.ts"
import * as Sql from "../../src/storage/Sql.ts"
import { chainOf, checkpointOf } from "../../src/testing/index.ts"
import { add, logOf, start } from "./Steps.ts"
import * as TestStore from "./TestStore.ts"

/** Two processes with the same database, the first of which dies when the test says so. */
const twoProcesses = <A, E>(
  test: (first: TestStore.TestStore, second: TestStore.TestStore) => Effect.Effect<A, E, Scope.Scope>
) =>
  Effect.scoped(Effect.gen(function*() {
    const database = yield* TestStore.database
    return yield* test(yield* TestStore.open(database), yield* TestStore.open(database))
  }))

describe("claim", () => {
  it.effect("refuses a chain that a living process runs, and says which", () =>
    twoProcesses((first, second) =>
      Effect.gen(function*() {
        const { requestId } = yield* add(first.repo, chainOf("a"))
        const error = yield* Effect.flip(second.store.claim(requestId))
        assert.strictEqual(error._tag, "ChainOwned")
        assert.match(
          error.message,
          new RegExp(`^The chain of request "${requestId}" is run by process ${process.pid} on `)
        )
        const [info] = yield* second.store.list()
        assert.deepStrictEqual([info?.owner?.pid, info?.isCrashed], [process.pid, false])
      })
    ))

  it.effect("refuses what is not there, and what has ended", () =>
    twoProcesses((first, second) =>
      Effect.gen(function*() {
        assert.strictEqual((yield* Effect.flip(second.store.claim("none")))._tag, "ChainNotStored")
        const chain = yield* add(first.repo, chainOf("a"))
        const { requestId } = chain
        yield* first.repo.set(
          checkpointOf(chain, { outcome: { state: "FAIL", finishedJobs: 0, suspended: undefined } })
        )
        yield* first.repo.remove(requestId)
        const error = yield* Effect.flip(second.store.claim(requestId))
        assert.strictEqual(error.message, `The chain of request "${requestId}" has ended: FAIL`)
      })
    ))

  it.effect("takes over what a dead process ran: its try begins again, as recovered", () =>
    twoProcesses((first, second) =>
      Effect.gen(function*() {
        const chain = yield* add(first.repo, chainOf("a -> b c\nb -> d\nc -> d"))
        const { requestId } = chain
        yield* start(first.repo, chain, 0)
        Progress.complete(chain, 0)
        Progress.start(chain, 1)
        yield* first.repo.set(
          checkpointOf(chain, { changed: [0], starting: [1], logs: [logOf(requestId, "a", 1)] })
        )
        yield* first.expire
        assert.isTrue((yield* second.store.list({ isCrashed: true })).length === 1)
        const { chain: claimed, isStopRequested, resumption } = yield* second.store.claim(requestId)
        assert.deepStrictEqual(Array.from(claimed.states), [3, 1, 1, 1])
        assert.deepStrictEqual(Array.from(claimed.totalTries), [1, 0, 0, 0])
        assert.deepStrictEqual([resumption.recovered, isStopRequested], [new Set(["b"]), false])
        const [info] = yield* second.store.list()
        assert.deepStrictEqual([info?.isCrashed, info?.owner?.pid], [false, process.pid])
        assert.strictEqual((yield* Effect.flip(first.store.claim(requestId)))._tag, "ChainOwned")
      })
    ))

  it.effect("takes over a suspended chain, whose stop cost no try", () =>
    twoProcesses((first, second) =>
      Effect.gen(function*() {
        const chain = yield* add(first.repo, chainOf("a -> b", { a: { sequenceId: "a", sequenceRetry: 1 } }))
        const { requestId } = chain
        yield* start(first.repo, chain, 0)
        Progress.setState(chain, 0, 6)
        Chain.setState(chain, "SUSPENDED")
        const outcome = { state: "SUSPENDED", finishedJobs: 0, suspended: Chain.toSuspended(chain) } as const
        yield* first.repo.set(checkpointOf(chain, { changed: [0], outcome }))
        yield* first.repo.remove(requestId)
        assert.deepStrictEqual(yield* second.store.exportChain(requestId), outcome.suspended)
        const { chain: claimed, resumption } = yield* second.store.claim(requestId)
        assert.deepStrictEqual(
          [claimed.states[0], claimed.latestTries[0], claimed.totalTries[0], claimed.sequenceTries[0]],
          [1, 0, 1, 0]
        )
        assert.deepStrictEqual([resumption.recovered?.size, resumption.waits?.size], [0, 0])
      })
    ))

  it.effect("keeps the deadlines of waits, and does not count a crash in a wait", () =>
    twoProcesses((first, second) =>
      Effect.gen(function*() {
        const chain = yield* add(
          first.repo,
          chainOf("a -> b\na -> c\nb -> d\nc -> d", { b: { retry: 1 }, c: { retry: 1 } })
        )
        const { requestId } = chain
        yield* start(first.repo, chain, 0)
        Progress.complete(chain, 0)
        for (const job of [1, 2]) {
          Progress.start(chain, job)
          Progress.countTry(chain, job, 1)
        }
        yield* first.repo.set(checkpointOf(chain, {
          changed: [0, 1, 2],
          waiting: [{ job: 1, until: 500 }, { job: 2, until: 5000 }]
        }))
        // What is said of a job that waits does not end its wait.
        yield* first.repo.set(checkpointOf(chain, { changed: [2] }))
        yield* first.expire
        yield* TestClock.setTime(1000)
        const { resumption } = yield* second.store.claim(requestId)
        assert.deepStrictEqual(resumption.recovered, new Set(["b"]))
        assert.deepStrictEqual(resumption.waits, new Map([["b", 500], ["c", 5000]]))
        const { jobs } = yield* second.store.status(requestId)
        assert.deepStrictEqual(jobs.map((job) => [job.id, job.crashes]), [["a", 0], ["b", 1], ["c", 0], ["d", 0]])
      })
    ))

  it.effect("gives a job up that ran at three crashes in a row, and counts from 0 when a try has ended", () =>
    Effect.scoped(Effect.gen(function*() {
      const database = yield* TestStore.database
      const jobChain = chainOf("a", { a: { retry: 9 } })
      const requestId = jobChain.requestId ?? ""
      let process = yield* TestStore.open(database)
      let chain = yield* add(process.repo, jobChain)
      const givenUp: Array<string | undefined> = []
      const crashAndClaim = Effect.gen(function*() {
        yield* process.expire
        process = yield* TestStore.open(database)
        const claimed = yield* process.store.claim(requestId)
        chain = claimed.chain
        yield* process.repo.add(chain)
        givenUp.push(claimed.resumption.givenUp?.get("a"))
        return claimed
      })
      for (const end of [false, true, false, false]) {
        yield* start(process.repo, chain, 0)
        if (end) {
          Progress.countTry(chain, 0, 1)
          yield* process.repo.set(checkpointOf(chain, { changed: [0], logs: [logOf(requestId, "a", 1)] }))
        }
        yield* crashAndClaim
      }
      // It did not run at this one.
      const { resumption } = yield* crashAndClaim
      const reason = "the process crashed 3 times in a row while it ran"
      assert.deepStrictEqual(givenUp, [undefined, undefined, undefined, reason, reason])
      assert.deepStrictEqual(resumption.recovered, new Set(["a"]))
    })))

  it.effect("tells of a stop that was wanted before the crash", () =>
    twoProcesses((first, second) =>
      Effect.gen(function*() {
        const chain = yield* add(first.repo, chainOf("a"))
        yield* start(first.repo, chain, 0)
        yield* second.store.requestStop(chain.requestId)
        yield* first.expire
        assert.isTrue((yield* second.store.claim(chain.requestId)).isStopRequested)
      })
    ))

  it.effect("lets one of several that try at the same moment have the chain", () =>
    Effect.scoped(Effect.gen(function*() {
      const database = yield* TestStore.database
      const stores = yield* Effect.forEach(Array.from({ length: 3 }), () => TestStore.open(database))
      for (let round = 0; round < 10; round++) {
        const chain = chainOf("a")
        const jobChain = { ...chain, requestId: `round ${round}` }
        const added = yield* Effect.forEach(
          stores,
          (store) => Effect.map(Effect.exit(add(store.repo, jobChain)), (exit) => ({ store, exit })),
          { concurrency: "unbounded" }
        )
        const owners = added.filter(({ exit }) => Exit.isSuccess(exit))
        assert.strictEqual(owners.length, 1, `added in round ${round}`)
        yield* stores[0]?.exec(
          "UPDATE jobchain_chains SET owner = NULL, state = 7, has_begun = 1, progress_checksum = NULL"
        ) ?? Effect.void
        const claims = yield* Effect.forEach(
          stores,
          ({ store }) => Effect.exit(store.claim(jobChain.requestId)),
          { concurrency: "unbounded" }
        )
        assert.strictEqual(claims.filter(Exit.isSuccess).length, 1, `claimed in round ${round}`)
      }
    })))

  it.effect("counts the jobs itself, whatever an engine elsewhere had said, and says later", () =>
    Effect.scoped(Effect.gen(function*() {
      const { manager, repo, store } = yield* TestStore.make()
      const { id } = yield* manager.createRequest({ jobChain: chainOf("a -> b") })
      yield* manager.startRequest(id)
      const totalJobs = Effect.map(store.list(), ([info]) => [info?.totalJobs, info?.isDamaged])
      yield* manager.updateProgress({ requestId: id, finishedJobs: 1, totalJobs: 5 })
      assert.deepStrictEqual(yield* totalJobs, [5, false])
      const { chain } = yield* store.claim(id)
      assert.deepStrictEqual(yield* totalJobs, [2, false])
      yield* manager.updateProgress({ requestId: id, finishedJobs: 1, totalJobs: 5 })
      assert.deepStrictEqual(yield* totalJobs, [2, false])
      yield* repo.set(checkpointOf(chain, {}))
      assert.deepStrictEqual(yield* totalJobs, [2, false])
    })))

  it.effect("can be taken back", () =>
    twoProcesses((first, second) =>
      Effect.gen(function*() {
        const chain = yield* add(first.repo, chainOf("a"))
        yield* start(first.repo, chain, 0)
        yield* first.expire
        yield* second.store.claim(chain.requestId)
        yield* second.store.release(chain.requestId)
        const { isCrashed, owner, state } = yield* second.store.status(chain.requestId)
        assert.deepStrictEqual([state, isCrashed, owner], ["SUSPENDED", false, undefined])
        const { resumption } = yield* first.store.claim(chain.requestId)
        assert.deepStrictEqual(resumption.recovered, new Set(["a"]))
      })
    ))
})

describe("a process that has lost its lease", () => {
  it.effect("writes nothing more to the chain, and is told who has it", () =>
    twoProcesses((first, second) =>
      Effect.gen(function*() {
        const lost = yield* add(first.repo, chainOf("a -> b"))
        const kept = yield* add(first.repo, chainOf("a -> b"))
        yield* start(first.repo, lost, 0)
        yield* first.expire
        const { chain } = yield* second.store.claim(lost.requestId)
        const before = yield* second.store.status(lost.requestId)
        Progress.complete(lost, 0)
        Progress.start(kept, 0)
        const late = checkpointOf(lost, { changed: [0], logs: [logOf(lost.requestId, "a", 1)] })
        const [exit] = yield* Effect.all([
          Effect.exit(first.repo.set(late)),
          // In the same turn.
          first.repo.set(checkpointOf(kept, { starting: [0] }))
        ], { concurrency: "unbounded" })
        assert.isTrue(Exit.isFailure(exit))
        const defect = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
        assert.isTrue(defect instanceof LeaseLost)
        assert.match((defect as LeaseLost).message, /was taken over by process \d+ on /)
        assert.deepStrictEqual(yield* second.store.status(lost.requestId), before)
        assert.deepStrictEqual(yield* second.store.logs(lost.requestId), [])
        assert.strictEqual((yield* second.store.status(kept.requestId)).jobs[0]?.state, "RUNNING")
        // The new owner is not disturbed when the old one lets go.
        yield* first.repo.remove(lost.requestId)
        yield* second.repo.add(chain)
        yield* start(second.repo, chain, 0)
      })
    ))

  it.effect("is told to stop what it still runs, once", () =>
    twoProcesses((first, second) =>
      Effect.gen(function*() {
        const { requestId } = yield* add(first.repo, chainOf("a"))
        const kept = yield* add(first.repo, chainOf("a"))
        yield* first.expire
        yield* second.store.claim(requestId)
        const told = yield* Effect.forkChild(Stream.runCollect(Stream.take(first.store.stopRequests, 2)))
        yield* second.store.requestStop(kept.requestId)
        assert.sameMembers(yield* Fiber.join(told), [requestId, kept.requestId])
      })
    ))

  it.effect("goes on where nobody took its chains over", () =>
    twoProcesses((first, second) =>
      Effect.gen(function*() {
        const chain = yield* add(first.repo, chainOf("a"))
        yield* first.exec("DELETE FROM jobchain_owners")
        yield* start(first.repo, chain, 0)
        assert.strictEqual((yield* second.store.status(chain.requestId)).jobs[0]?.state, "RUNNING")
      })
    ))

  it.effect("leaves its chains to others at once when it closes the store", () =>
    Effect.scoped(Effect.gen(function*() {
      const database = yield* TestStore.database
      const chain = yield* Effect.scoped(Effect.gen(function*() {
        const { repo } = yield* TestStore.open(database)
        const chain = yield* add(repo, chainOf("a"))
        yield* start(repo, chain, 0)
        return chain
      }))
      const { store } = yield* TestStore.open(database)
      assert.deepStrictEqual((yield* store.claim(chain.requestId)).resumption.recovered, new Set(["a"]))
    })))

  it.live("is renewed while the process lives", () =>
    Effect.scoped(Effect.gen(function*() {
      const store = yield* TestStore.make({ lease: "60 millis" })
      const aliveUntil = Effect.map(
        store.tables.read(() => Sql.get<{ readonly at: number }>("SELECT alive_until AS at FROM jobchain_owners")),
        (row) => row?.at ?? 0
      )
      const before = yield* aliveUntil
      const renewed = yield* Deferred.make<void>()
      yield* Effect.forkChild(Effect.gen(function*() {
        while ((yield* aliveUntil) <= before) yield* Effect.sleep(5)
        yield* Deferred.succeed(renewed, undefined)
      }))
      yield* Effect.timeout(Deferred.await(renewed), "10 seconds")
    })))
})
