import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Fiber, type Scope } from "effect"
import { TestClock } from "effect/testing"
import { inject } from "vitest"
import * as Chain from "../../src/domain/Chain.ts"
import * as Progress from "../../src/domain/Progress.ts"
import { refused, type ReportAnswer, retry } from "../../src/engine/ReportDelivery.ts"
import { chainOf, checkpointOf, Rig } from "../../src/testing/index.ts"
import * as Bench from "../engine/Bench.ts"
import { CutRepo } from "./CutRepo.ts"
import { ScriptedManager } from "./ScriptedManager.ts"
import { add, end, logOf, start } from "./Steps.ts"
import * as TestStore from "./TestStore.ts"

const onServer = inject("postgresUrl") !== undefined

interface Bench {
  readonly database: string
  readonly rig: Rig.Rig
  readonly manager: ScriptedManager
  /** Opens the database as one more process, which is cut off from the manager when it dies. */
  readonly open: Effect.Effect<TestStore.TestStore & { readonly die: Effect.Effect<void> }, never, Scope.Scope>
}

const withManager = <A, E>(test: (bench: Bench) => Effect.Effect<A, E, Scope.Scope>) =>
  Effect.scoped(Effect.gen(function*() {
    const rig = yield* Rig.make
    const database = yield* TestStore.database
    const manager = new ScriptedManager()
    const open = Effect.gen(function*() {
      const connection = manager.connect()
      const store = yield* Effect.orDie(TestStore.openUnder(rig, database, connection))
      const die = Effect.suspend(() => {
        connection.isDead = true
        return store.expire
      })
      return Object.assign(store, { die })
    })
    return yield* test({ database, rig, manager, open })
  }))

/** Ends a job that runs, with its log. */
const complete = Effect.fnUntraced(function*(store: TestStore.TestStore, chain: Chain.Chain, job: number) {
  Progress.complete(chain, job)
  const id = chain.graph.ids[job] ?? ""
  yield* store.repo.set(checkpointOf(chain, { changed: [job], logs: [logOf(chain.requestId, id, 1)] }))
})

/** Runs a line of jobs to its end. */
const runLine = Effect.fnUntraced(function*(store: TestStore.TestStore, ids: ReadonlyArray<string>) {
  const drawing = ids.slice(1).map((id, index) => `${ids[index]} -> ${id}`).join("\n")
  const chain = yield* add(store.repo, chainOf(drawing))
  for (const job of ids.keys()) {
    yield* start(store.repo, chain, job)
    yield* complete(store, chain, job)
  }
  yield* end(store.repo, chain)
  return chain.requestId
})

const told = (ids: ReadonlyArray<string>) => [...ids.map((id) => `${id} 1 COMPLETE`), "COMPLETE"]

const assertEmpty = Effect.fnUntraced(function*(store: TestStore.TestStore) {
  assert.deepStrictEqual([yield* store.rows("outbox"), yield* store.rows("deliveries")], [0, 0])
})

const isEmpty = (store: TestStore.TestStore) =>
  Effect.gen(function*() {
    while ((yield* store.rows("deliveries")) > 0) yield* Effect.yieldNow
    yield* assertEmpty(store)
  })

describe("a store with an outbox", () => {
  it.effect("tells a Request Manager each log and the final state once, in order, and keeps nothing of it", () =>
    withManager(({ manager, open, rig }) =>
      Effect.gen(function*() {
        const store = yield* open
        const requestId = yield* runLine(store, ["a", "b", "c"])
        yield* rig.settle
        assert.deepStrictEqual(manager.heldOf(requestId), told(["a", "b", "c"]))
        assert.deepStrictEqual(manager.duplicates, [])
        yield* isEmpty(store)
        assert.deepStrictEqual((yield* store.store.status(requestId)).reports, { waiting: 0, refused: [] })
      })
    ))

  it.effect("tells a log that is kept again once", () =>
    withManager(({ manager, open, rig }) =>
      Effect.gen(function*() {
        const store = yield* open
        const chain = yield* add(store.repo, chainOf("a"))
        const logs = [logOf(chain.requestId, "a", 1)]
        manager.script = { before: () => Effect.succeed(retry("away")) }
        yield* store.repo.set(checkpointOf(chain, { logs }))
        yield* store.repo.set(checkpointOf(chain, { logs }))
        manager.script = {}
        yield* rig.runUntil(() => rig.sleeping === 0)
        assert.deepStrictEqual([manager.heldOf(chain.requestId), manager.duplicates], [["a 1 COMPLETE"], []])
      })
    ))

  it.effect("tells nothing of a try that has not ended", () =>
    withManager(({ manager, open, rig }) =>
      Effect.gen(function*() {
        const store = yield* open
        const chain = yield* add(store.repo, chainOf("a"))
        yield* start(store.repo, chain, 0)
        yield* rig.settle
        assert.deepStrictEqual([manager.attempts, yield* store.rows("deliveries")], [0, 1])
      })
    ))

  it.effect("waits for days, asks seldom, and then tells all", () =>
    withManager(({ manager, open, rig }) =>
      Effect.gen(function*() {
        const store = yield* open
        // An attempt a minute for each chain: a server takes its time for them, and shows the same in hours.
        const away = Duration.toMillis(inject("postgresUrl") === undefined ? "3 days" : "6 hours")
        let now = 0
        manager.script = {
          before: () =>
            Effect.clockWith((clock) => {
              now = clock.currentTimeMillisUnsafe()
              return Effect.succeed(now < away ? retry("connection refused") : undefined)
            })
        }
        const requestIds = yield* Effect.forEach([1, 2, 3], () => runLine(store, ["a", "b"]))
        yield* rig.settle
        for (const requestId of requestIds) {
          // Two logs and the final state, which says the progress, too.
          assert.strictEqual((yield* store.store.status(requestId)).reports.waiting, 3)
        }
        yield* rig.runUntil(() => manager.held.size === 3 && rig.sleeping === 0)
        assert.isAtMost(now, away + 60_000)
        assert.isAtMost(manager.attempts, 3 * (away / 60_000 + 20))
        for (const requestId of requestIds) assert.deepStrictEqual(manager.heldOf(requestId), told(["a", "b"]))
        yield* isEmpty(store)
      })
    ))

  it.effect("gets through to one that is there by chance, and forgets some of its answers", () =>
    withManager(({ manager, open, rig }) =>
      Effect.gen(function*() {
        const store = yield* open
        const dice = numbers(7)
        manager.script = {
          before: () => Effect.succeed(dice() < 0.4 ? retry("500 Error 1205: Lock wait timeout exceeded") : undefined),
          // It holds the report, but the answer was lost, or never came.
          after: () =>
            dice() < 0.7 ? Effect.succeed({ _tag: "Delivered" }) : dice() < 0.5 ? Effect.never : Effect.die("reset")
        }
        const ids = Array.from({ length: 12 }, (_, job) => `job${job}`)
        const requestIds = yield* Effect.forEach([1, 2, 3, 4, 5], () => runLine(store, ids), { concurrency: 5 })
        yield* rig.runUntil(() => rig.sleeping === 0)
        for (const requestId of requestIds) assert.deepStrictEqual(manager.heldOf(requestId), told(ids))
        assert.isAbove(manager.duplicates.length, 0)
        yield* isEmpty(store)
      })
    ))

  it.effect("sets a refused report aside, shows it, and goes on behind it", () =>
    withManager(({ manager, open, rig }) =>
      Effect.gen(function*() {
        const store = yield* open
        manager.script = {
          before: (said) => Effect.succeed(said.startsWith("b ") ? refused("500 Error 1406: Data too long") : undefined)
        }
        const requestId = yield* runLine(store, ["a", "b", "c"])
        yield* rig.settle
        assert.deepStrictEqual(manager.heldOf(requestId), told(["a", "c"]))
        assert.deepStrictEqual((yield* store.store.status(requestId)).reports, {
          waiting: 0,
          refused: [{ report: "job log", jobId: "b", try: 1, reason: "500 Error 1406: Data too long" }]
        })
        const { attempts } = manager
        const again = yield* open
        yield* rig.settle
        assert.strictEqual(manager.attempts, attempts)
        yield* again.store.collect(-1)
        assert.deepStrictEqual([yield* again.rows("chains"), yield* again.rows("outbox")], [0, 0])
      })
    ))

  it.effect("sets aside what it can no longer read", () =>
    withManager(({ manager, open, rig }) =>
      Effect.gen(function*() {
        const store = yield* open
        manager.script = { before: () => Effect.succeed(retry("away")) }
        const requestId = yield* runLine(store, ["a", "b"])
        yield* store.exec("DELETE FROM jobchain_job_logs WHERE job_id = 'a'")
        manager.script = {}
        yield* rig.runUntil(() => rig.sleeping === 0)
        assert.deepStrictEqual(manager.heldOf(requestId), told(["b"]))
        const { refused: [aside] } = (yield* store.store.status(requestId)).reports
        assert.match(aside?.reason ?? "", /job "a" .* jobchain_job_logs is damaged: the log of try 1 is not there$/)
      })
    ))

  it.effect("keeps a chain whose reports wait, however old it is", () =>
    withManager(({ manager, open, rig }) =>
      Effect.gen(function*() {
        const store = yield* open
        manager.script = { before: () => Effect.succeed(retry("away")) }
        const requestId = yield* runLine(store, ["a", "b"])
        assert.deepStrictEqual([yield* store.store.collectable(-1), yield* store.store.collect(-1)], [0, 0])
        manager.script = {}
        yield* rig.runUntil(() => rig.sleeping === 0)
        assert.deepStrictEqual(manager.heldOf(requestId), told(["a", "b"]))
        assert.strictEqual(yield* store.store.collectable(-1), 1)
        assert.strictEqual(yield* store.store.collect(-1), 1)
      })
    ))
})

/** The same numbers below 1 for the same seed. */
const numbers = (seed: number) => {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff
    return state / 0x8000_0000
  }
}

describe("a store without an outbox", () => {
  it.effect("keeps no reports", () =>
    Effect.scoped(Effect.gen(function*() {
      const store = yield* TestStore.make()
      yield* runLine(store, ["a", "b"])
      yield* assertEmpty(store)
    })))

  it.effect("keeps those of a chain that is reported, for the next one that has", () =>
    withManager(({ database, manager, open, rig }) =>
      Effect.gen(function*() {
        const first = yield* open
        const chain = yield* add(first.repo, chainOf("a -> b"))
        yield* start(first.repo, chain, 0)
        yield* first.die
        const command = yield* Effect.orDie(TestStore.open(database))
        const { chain: claimed } = yield* command.store.claim(chain.requestId)
        yield* command.repo.add(claimed)
        yield* start(command.repo, claimed, 0)
        yield* complete(command, claimed, 0)
        yield* end(command.repo, claimed)
        assert.strictEqual((yield* command.store.status(chain.requestId)).reports.waiting, 2)
        yield* open
        yield* rig.settle
        assert.deepStrictEqual(manager.heldOf(chain.requestId), told(["a"]))
        yield* isEmpty(command)
      })
    ))
})

describe("the reports of a chain", () => {
  const each = { from: "list", as: "item", template: { jobs: { "": { id: "", type: "noop", state: 1 } } } }
  for (
    const [what, chain, expected] of [
      ["with a fan-out say how many jobs it has by now", chainOf("a -> b\nb -> c", { b: { each } }), 6],
      ["without say nothing of that", chainOf("a -> b\nb -> c"), undefined]
    ] as const
  ) {
    it.effect(what, () =>
      withManager(({ manager, open, rig }) =>
        Effect.gen(function*() {
          const store = yield* open
          const counts: Array<number | undefined> = []
          manager.script = {
            before: (_, { body, kind }) =>
              Effect.sync(() => {
                if (kind === "progress" || kind === "final state") counts.push(body.totalJobs)
                return undefined
              })
          }
          const jobs = Bench.jobsThat((_, { jobId }) =>
            jobId === "a"
              ? Effect.succeed({ list: [1, 2, 3] })
              : jobId === "c"
              ? Effect.sleep("5 seconds")
              : Effect.void
          )
          const bench = yield* Bench.make({ jobs, riggedRepo: (own) => new CutRepo(store, undefined).layer(own) })
          assert.strictEqual((yield* bench.run({ ...chain, requestId: "r" })).state, "COMPLETE")
          yield* rig.runUntil(() => rig.sleeping === 0)
          // The final state is always told; progress only where there is time for it.
          assert.isAtLeast(counts.length, 1)
          assert.strictEqual(counts.at(-1), expected)
        })
      ))
  }
})

describe("progress", () => {
  it.effect("is told at most once a second, as it is then, and last of all as it stays", () =>
    withManager(({ manager, open, rig }) =>
      Effect.gen(function*() {
        const store = yield* open
        const fan = Array.from({ length: 20 }, (_, job) => `a -> b${job}\nb${job} -> c`).join("\n")
        const chain = yield* add(store.repo, chainOf(fan))
        yield* start(store.repo, chain, 0)
        for (let job = 0; job <= 20; job++) {
          yield* complete(store, chain, job)
          yield* rig.settle
          yield* TestClock.adjust(100)
          // What is told now is to be told before the next job has ended.
          yield* rig.settle
        }
        yield* rig.runUntil(() => rig.sleeping === 0)
        assert.deepStrictEqual(manager.progress, [1, 10, 20, 21])
        assert.strictEqual(yield* store.rows("outbox"), 0)
      })
    ))

  it.effect("that nobody takes holds back nothing, and is told later", () =>
    withManager(({ manager, open, rig }) =>
      Effect.gen(function*() {
        const store = yield* open
        let isBroken = true
        manager.script = {
          before: (said) => Effect.sync(() => isBroken && said.startsWith("progress") ? retry("500") : undefined)
        }
        const chain = yield* add(store.repo, chainOf("a -> b\nb -> c"))
        yield* start(store.repo, chain, 0)
        yield* complete(store, chain, 0)
        yield* rig.settle
        yield* TestClock.adjust("1 hour")
        yield* rig.settle
        // One log, and progress at intervals that double up to a minute.
        assert.isBelow(manager.attempts, 70)
        yield* complete(store, chain, 1)
        yield* rig.settle
        assert.deepStrictEqual(manager.heldOf(chain.requestId), ["a 1 COMPLETE", "b 1 COMPLETE"])
        isBroken = false
        yield* rig.runUntil(() => rig.sleeping === 0)
        assert.deepStrictEqual(manager.progress, [2])
      })
    ))

  it.effect("is told again where it changed while it was told", () =>
    withManager(({ manager, open, rig }) =>
      Effect.gen(function*() {
        const store = yield* open
        const gate = yield* Deferred.make<void>()
        manager.script = {
          before: (said) => Effect.as(said === "progress 1" ? Deferred.await(gate) : Effect.void, undefined)
        }
        const chain = yield* add(store.repo, chainOf("a -> b\nb -> c"))
        yield* start(store.repo, chain, 0)
        yield* complete(store, chain, 0)
        yield* rig.settle
        yield* complete(store, chain, 1)
        yield* Deferred.succeed(gate, undefined)
        yield* rig.runUntil(() => rig.sleeping === 0)
        assert.deepStrictEqual(manager.progress, [1, 2])
      })
    ))
})

describe("a suspended chain", () => {
  const suspend = Effect.fnUntraced(function*(store: TestStore.TestStore, drawing = "a -> b") {
    const chain = yield* add(store.repo, chainOf(drawing))
    yield* start(store.repo, chain, 0)
    yield* complete(store, chain, 0)
    Chain.setState(chain, "SUSPENDED")
    const suspended = Chain.toSuspended(chain)
    yield* store.repo.set(checkpointOf(chain, { outcome: { state: "SUSPENDED", finishedJobs: 1, suspended } }))
    yield* store.repo.remove(chain.requestId)
    return suspended
  })

  // One connection reads what was asked for first; of two sessions of a server either may be first.
  if (!onServer) {
    it.effect(
      "that is claimed while it is being read is not handed over",
      () =>
        withManager(({ manager, open, rig }) =>
          Effect.gen(function*() {
            const store = yield* open
            manager.script = { before: () => Effect.succeed(retry("away")) }
            const fan = Array.from({ length: 5000 }, (_, job) => `a -> b${job}\nb${job} -> c`).join("\n")
            const requestId = (yield* suspend(store, fan)).requestId ?? ""
            const claimed = yield* Effect.forkChild(store.store.claim(requestId), { startImmediately: true })
            yield* Effect.yieldNow
            manager.script = {}
            yield* TestClock.adjust("1 second")
            yield* Fiber.join(claimed)
            yield* rig.settle
            assert.deepStrictEqual(manager.heldOf(requestId), ["a 1 COMPLETE"])
            assert.strictEqual(yield* store.rows("outbox"), 0)
          })
        )
    )
  }

  it.effect("that another process has claimed, and not yet read, is not handed over", () =>
    withManager(({ manager, open, rig }) =>
      Effect.gen(function*() {
        const [store, other] = [yield* open, yield* open]
        manager.script = { before: () => Effect.succeed(retry("away")) }
        const requestId = (yield* suspend(store)).requestId ?? ""
        yield* other.exec("UPDATE jobchain_chains SET owner = ?", other.id)
        manager.script = {}
        yield* rig.runUntil(() => rig.sleeping === 0)
        assert.deepStrictEqual(manager.heldOf(requestId), ["a 1 COMPLETE"])
        assert.strictEqual(yield* store.rows("outbox"), 1)
      })
    ))

  it.effect("is handed over as it was suspended", () =>
    withManager(({ manager, open, rig }) =>
      Effect.gen(function*() {
        const store = yield* open
        const suspended = yield* suspend(store)
        yield* rig.settle
        assert.deepStrictEqual(manager.heldOf(suspended.requestId ?? ""), ["a 1 COMPLETE", "SUSPENDED 1"])
        assert.deepStrictEqual(manager.suspended, [suspended])
        assert.strictEqual(yield* store.rows("outbox"), 0)
      })
    ))

  it.effect("is not told of where it goes on before anybody has heard of it", () =>
    withManager(({ manager, open, rig }) =>
      Effect.gen(function*() {
        const store = yield* open
        manager.script = { before: () => Effect.succeed(retry("away")) }
        const requestId = (yield* suspend(store)).requestId ?? ""
        const { chain } = yield* store.store.claim(requestId)
        yield* store.repo.add(chain)
        yield* start(store.repo, chain, 1)
        yield* complete(store, chain, 1)
        yield* end(store.repo, chain)
        manager.script = {}
        yield* rig.runUntil(() => rig.sleeping === 0)
        assert.deepStrictEqual(manager.heldOf(requestId), told(["a", "b"]))
        yield* isEmpty(store)
      })
    ))
})

describe("a chain that is tried again", () => {
  it.effect("before anybody has heard of its end is told of as if it had not ended", () =>
    withManager(({ manager, open, rig }) =>
      Effect.gen(function*() {
        const store = yield* open
        manager.script = { before: () => Effect.succeed(retry("away")) }
        const failed = yield* add(store.repo, chainOf("a"))
        const { requestId } = failed
        yield* start(store.repo, failed, 0)
        Progress.setState(failed, 0, 4)
        const outcome = { state: "FAIL", finishedJobs: 0, suspended: undefined } as const
        const logs = [{ ...logOf(requestId, "a", 1), state: "FAIL" } as const]
        yield* store.repo.set(checkpointOf(failed, { changed: [0], logs, outcome }))
        yield* store.repo.remove(requestId)
        yield* store.store.retry(requestId)
        const { chain } = yield* store.store.claim(requestId)
        yield* store.repo.add(chain)
        yield* start(store.repo, chain, 0)
        Progress.complete(chain, 0)
        yield* store.repo.set(checkpointOf(chain, { changed: [0], logs: [logOf(requestId, "a", 2)] }))
        yield* end(store.repo, chain)
        manager.script = {}
        yield* rig.runUntil(() => rig.sleeping === 0)
        assert.deepStrictEqual(manager.heldOf(requestId), ["a 1 FAIL", "a 2 COMPLETE", "COMPLETE"])
        yield* isEmpty(store)
      })
    ))
})

describe("a crash", () => {
  it.effect("between an answer and its being noted has only those reports told again that one batch holds", () =>
    withManager(({ manager, open, rig }) =>
      Effect.gen(function*() {
        const first = yield* open
        const ids = Array.from({ length: 120 }, (_, job) => `job${job}`)
        manager.script = { before: () => Effect.succeed(retry("away")) }
        const requestId = yield* runLine(first, ids)
        const heard: Array<string> = []
        const noAnswer = yield* Deferred.make<ReportAnswer>()
        manager.script = {
          after: (said) =>
            Effect.suspend(() =>
              heard.push(said) === 70 ? Deferred.await(noAnswer) : Effect.succeed({ _tag: "Delivered" })
            )
        }
        yield* rig.runUntil(() => heard.length === 70)
        yield* first.die
        yield* open
        yield* rig.settle
        assert.deepStrictEqual(manager.heldOf(requestId), told(ids))
        assert.strictEqual(manager.duplicates.length, 20)
        yield* isEmpty(first)
        yield* Deferred.succeed(noAnswer, retry("dead"))
      })
    ))

  it.effect("leaves the reports to the next process that looks", () =>
    withManager(({ manager, open, rig }) =>
      Effect.gen(function*() {
        const first = yield* open
        const isTold = yield* Deferred.make<void>()
        manager.script = { before: () => Effect.succeed(retry("away")) }
        const requestId = yield* runLine(first, ["a", "b"])
        yield* open
        yield* rig.settle
        manager.script = {
          after: (said) =>
            Effect.as(said === "COMPLETE" ? Deferred.succeed(isTold, undefined) : Effect.void, { _tag: "Delivered" })
        }
        yield* first.die
        // It looks every second of the machine's time.
        yield* Deferred.await(isTold)
        assert.deepStrictEqual(manager.heldOf(requestId), told(["a", "b"]))
        yield* isEmpty(first)
      })
    ))
})

describe("two processes", () => {
  it.effect("never tell the same request's reports, as long as both live", () =>
    withManager(({ manager, open, rig }) =>
      Effect.gen(function*() {
        const first = yield* open
        manager.script = { before: () => Effect.succeed(retry("away")) }
        yield* runLine(first, ["a", "b"])
        yield* rig.settle
        const { attempts } = manager
        yield* open
        yield* rig.settle
        assert.strictEqual(manager.attempts, attempts)
      })
    ))

  it.effect("do not mix: one that was frozen tells no more than what it was about to, and changes nothing", () =>
    withManager(({ manager, open, rig }) =>
      Effect.gen(function*() {
        const frozen = yield* open
        const thaw = yield* Deferred.make<void>()
        const said: Array<string> = []
        manager.script = {
          before: (report) =>
            Effect.suspend((): Effect.Effect<ReportAnswer> => {
              said.push(report)
              return said.length === 1
                ? Effect.as(Deferred.await(thaw), refused("late"))
                : Effect.succeed(retry("away"))
            })
        }
        const requestId = yield* runLine(frozen, ["a", "b", "c"])
        yield* frozen.expire
        const other = yield* open
        yield* rig.settle
        assert.deepStrictEqual(said, ["a 1 COMPLETE", "a 1 COMPLETE"])
        yield* Deferred.succeed(thaw, undefined)
        yield* rig.settle
        assert.strictEqual(said.length, 2)
        manager.script = {}
        yield* rig.runUntil(() => rig.sleeping === 0)
        assert.deepStrictEqual(manager.heldOf(requestId), told(["a", "b", "c"]))
        yield* isEmpty(other)
      })
    ))
})

describe("closing the store", () => {
  it.effect("first tells what can be told at once", () =>
    withManager(({ manager, open }) =>
      Effect.gen(function*() {
        const requestId = yield* Effect.scoped(Effect.flatMap(open, (store) => runLine(store, ["a", "b"])))
        assert.deepStrictEqual(manager.heldOf(requestId), told(["a", "b"]))
      })
    ))

  it.effect("does not wait for a Request Manager that is away", () =>
    withManager(({ manager, open, rig }) =>
      Effect.gen(function*() {
        manager.script = { before: () => Effect.succeed(retry("away")) }
        const closed = Effect.scoped(Effect.gen(function*() {
          const requestId = yield* runLine(yield* open, ["a", "b"])
          yield* rig.settle
          return requestId
        }))
        const requestId = yield* TestClock.withLive(Effect.timeout(closed, "8 seconds"))
        assert.deepStrictEqual(manager.heldOf(requestId), [])
        manager.script = {}
        yield* open
        yield* rig.settle
        assert.deepStrictEqual(manager.heldOf(requestId), told(["a", "b"]))
      })
    ))
})
