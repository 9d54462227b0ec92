import { assert, describe, it, layer } from "@effect/vitest"
import { Deferred, Effect, Layer } from "effect"
import type { JobChain, SuspendedJobChain } from "../../src/domain/JobChain.ts"
import { ChainRepo } from "../../src/engine/ChainRepo.ts"
import { JobOutput } from "../../src/engine/JobOutput.ts"
import { Reports } from "../../src/engine/Reports.ts"
import { type JobRunnerClient, RequestManager, RequestManagerUnavailable } from "../../src/engine/RequestManager.ts"
import { TraverserFactory } from "../../src/engine/TraverserFactory.ts"
import { chainOf, RequestManagerSuite, Rig, ScriptedJobs } from "../../src/testing/index.ts"
import { itYielding } from "./Bench.ts"

layer(RequestManager.layerMemory)("RequestManager, in memory", (it) => {
  for (const [name, test] of Object.entries(RequestManagerSuite.tests)) it.effect(name, () => test)
})

const away = new RequestManagerUnavailable({ reason: "the job runner is away" })

/** A job runner that notes what it is asked. */
const noting = (answer: Effect.Effect<void, RequestManagerUnavailable> = Effect.void) => {
  const asked: Array<readonly [string, JobChain | SuspendedJobChain | string | undefined]> = []
  const ask = (what: string) => (about: JobChain | SuspendedJobChain | string) =>
    Effect.andThen(Effect.sync(() => void asked.push([what, about])), answer)
  const client: JobRunnerClient = {
    start: ask("start"),
    resume: ask("resume"),
    stop: ask("stop"),
    running: (requestId) => Effect.as(Effect.sync(() => void asked.push(["running", requestId])), [])
  }
  return { asked, layer: RequestManager.layerMemoryWith({ jobRunner: client }) }
}

describe("RequestManager", () => {
  describe("layerMemory", () => {
    it.effect("has no job runner: it only notes that a request runs, stops none, and knows of no running job", () =>
      Effect.gen(function*() {
        const manager = yield* RequestManager
        const { id } = yield* manager.createRequest({ jobChain: chainOf("a") })
        yield* manager.startRequest(id)
        assert.strictEqual((yield* manager.getRequest(id)).state, "RUNNING")
        const error = yield* Effect.flip(manager.stopRequest(id))
        assert.strictEqual(error.message, "the request manager is not available: it has no job runner")
        assert.strictEqual((yield* manager.getRequest(id)).state, "RUNNING")
        assert.deepStrictEqual(yield* manager.running(id), [])
        assert.deepStrictEqual(yield* manager.requestList, [])
      }).pipe(Effect.provide(RequestManager.layerMemory)))
  })

  describe("layerMemoryWith", () => {
    it.effect("lists the types it is given", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* (yield* RequestManager).requestList, ["release", "rollback"])
      }).pipe(Effect.provide(RequestManager.layerMemoryWith({ types: ["release", "rollback"] }))))

    it.effect("starts a new chain, resumes a suspended one, stops it and asks for what runs", () =>
      Effect.gen(function*() {
        const { asked, layer } = noting()
        yield* Effect.gen(function*() {
          const manager = yield* RequestManager
          const jobChain = chainOf("a")
          const { id } = yield* manager.createRequest({ jobChain })
          const suspended = { requestId: id, jobChain: { ...jobChain, state: 7 } }
          yield* manager.startRequest(id)
          yield* manager.suspendRequest(suspended)
          yield* manager.startRequest(id)
          yield* manager.stopRequest(id)
          yield* manager.running(id)
          yield* manager.running()
          assert.deepStrictEqual(asked, [
            ["start", jobChain],
            ["resume", suspended],
            ["stop", id],
            ["running", id],
            ["running", undefined]
          ])
        }).pipe(Effect.provide(layer))
      }))

    it.effect("asks for nothing where the request's state does not allow it", () =>
      Effect.gen(function*() {
        const { asked, layer } = noting()
        yield* Effect.gen(function*() {
          const manager = yield* RequestManager
          const { id } = yield* manager.createRequest({ jobChain: chainOf("a") })
          assert.strictEqual((yield* Effect.flip(manager.stopRequest(id)))._tag, "RequestStateConflict")
          yield* manager.startRequest(id)
          assert.strictEqual((yield* Effect.flip(manager.startRequest(id)))._tag, "RequestStateConflict")
          assert.strictEqual((yield* Effect.flip(manager.stopRequest("none")))._tag, "RequestNotFound")
          assert.lengthOf(asked, 1)
        }).pipe(Effect.provide(layer))
      }))

    it.effect("leaves a request as it was when the job runner does not take its chain, PENDING or SUSPENDED", () =>
      Effect.gen(function*() {
        const manager = yield* RequestManager
        const jobChain = chainOf("a")
        const created = yield* manager.createRequest({ jobChain })
        assert.strictEqual(yield* Effect.flip(manager.startRequest(created.id)), away)
        assert.deepStrictEqual(yield* manager.getRequest(created.id), created)
      }).pipe(Effect.provide(noting(Effect.fail(away)).layer)))

    itYielding("starts a request once, however many ask for it at the same time", () =>
      Effect.gen(function*() {
        const gate = yield* Deferred.make<void>()
        const { asked, layer } = noting(Deferred.await(gate))
        yield* Effect.gen(function*() {
          const manager = yield* RequestManager
          const { id } = yield* manager.createRequest({ jobChain: chainOf("a") })
          const start = Effect.exit(manager.startRequest(id))
          const open = Effect.andThen(Effect.yieldNow, Deferred.succeed(gate, undefined))
          const [first, second] = yield* Effect.all([start, start, open], { concurrency: 3 })
          assert.sameMembers([first._tag, second._tag], ["Success", "Failure"])
          assert.lengthOf(asked, 1)
        }).pipe(Effect.provide(layer))
      }))

    itYielding(
      "drives the traversers of an application, from the start over a suspend to the end",
      () =>
        Effect.gen(function*() {
          const rig = yield* Rig.make
          const jobs = new ScriptedJobs({ behaviours: { a: [{ block: true }, {}], b: [{ block: true }] } })
          // The runner needs the manager for its reports, and the manager the runner: one of them is told later.
          const runner = yield* Deferred.make<JobRunnerClient>()
          const ask = <A>(of: (client: JobRunnerClient) => Effect.Effect<A, RequestManagerUnavailable>) =>
            Effect.flatMap(Deferred.await(runner), of)
          const manager = RequestManager.layerMemoryWith({
            jobRunner: {
              start: (chain) => ask((client) => client.start(chain)),
              resume: (chain) => ask((client) => client.resume(chain)),
              stop: (requestId) => ask((client) => client.stop(requestId)),
              running: (requestId) => ask((client) => client.running(requestId))
            }
          })
          const application = TraverserFactory.layer.pipe(
            Layer.provide([ChainRepo.layerMemory, JobOutput.layerMemory, jobs.layer, Reports.layerRequestManager]),
            Layer.provideMerge(manager)
          )
          yield* rig.run(
            Effect.gen(function*() {
              const manager = yield* RequestManager
              const factory = yield* TraverserFactory
              const begin = (made: ReturnType<typeof factory.make>) =>
                made.pipe(
                  Effect.orDie,
                  Effect.flatMap((traverser) => Effect.forkDetach(traverser.run, { startImmediately: true })),
                  Effect.asVoid
                )
              const find = (requestId: string) =>
                Effect.map(factory.traversers, (all) => all.find((traverser) => traverser.requestId === requestId))
              yield* Deferred.succeed(runner, {
                start: (chain) => begin(factory.make(chain)),
                resume: (chain) => begin(factory.makeFromSuspended(chain)),
                stop: (requestId) =>
                  Effect.flatMap(find(requestId), (traverser) => Effect.orDie(traverser?.stop ?? Effect.die("none"))),
                running: () =>
                  Effect.map(
                    Effect.flatMap(factory.traversers, (all) => Effect.forEach(all, (traverser) => traverser.running)),
                    (statuses) => statuses.flat()
                  )
              })
              const settle = Effect.sleep("1 millis")
              const { id } = yield* manager.createRequest({ jobChain: chainOf("a -> b") })
              yield* manager.startRequest(id)
              yield* settle
              assert.deepStrictEqual((yield* manager.running()).map((status) => status.jobId), ["a"])
              yield* (yield* find(id))?.suspend ?? Effect.die("none")
              assert.strictEqual((yield* manager.getRequest(id)).state, "SUSPENDED")
              yield* manager.startRequest(id)
              yield* settle
              yield* manager.stopRequest(id)
              const { finishedJobs, state } = yield* manager.getRequest(id)
              assert.deepStrictEqual([state, finishedJobs], ["STOPPED", 1])
              assert.deepStrictEqual(
                (yield* manager.getJobLogs(id)).map((log) => `${log.jobId} ${log.try} ${log.state}`),
                ["a 1 STOPPED", "a 2 COMPLETE", "b 1 STOPPED"]
              )
              // A chain that is over before `start` has returned has ended all the same.
              const quick = yield* manager.createRequest({ jobChain: chainOf("c -> d") })
              yield* manager.startRequest(quick.id)
              yield* settle
              assert.strictEqual((yield* manager.getRequest(quick.id)).state, "COMPLETE")
            }).pipe(Effect.provide(application))
          )
        })
    )
  })

  itYielding(
    "says how many jobs a chain has by now, over a fan-out, a suspend and to the end",
    () =>
      Effect.gen(function*() {
        const rig = yield* Rig.make
        const jobs = new ScriptedJobs({
          behaviours: {
            b: [{ set: { list: [1, 2, 3] } }],
            "b[2]": [{ milliseconds: 5000 }],
            "b[3]": [{ block: true }, {}]
          }
        })
        const application = TraverserFactory.layer.pipe(
          Layer.provide([ChainRepo.layerMemory, JobOutput.layerMemory, jobs.layer, Reports.layerRequestManager]),
          Layer.provideMerge(RequestManager.layerMemory)
        )
        yield* Effect.gen(function*() {
          const manager = yield* RequestManager
          const factory = yield* TraverserFactory
          const each = { from: "list", as: "item", template: { jobs: { "": { id: "", type: "noop", state: 1 } } } }
          const { id } = yield* manager.createRequest({ jobChain: chainOf("a -> b\nb -> c", { b: { each } }) })
          const counts = Effect.map(manager.getRequest(id), (request) => [request.finishedJobs, request.totalJobs])
          assert.deepStrictEqual(yield* counts, [0, 3])
          yield* manager.startRequest(id)
          const traverser = yield* factory.make(yield* manager.getJobChain(id))
          yield* Effect.forkDetach(traverser.run)
          yield* Effect.sleep("2 seconds")
          assert.deepStrictEqual(yield* counts, [3, 6])
          yield* traverser.suspend
          assert.deepStrictEqual(yield* counts, [4, 6])
          const suspended = yield* traverser.snapshot
          yield* manager.startRequest(id)
          yield* (yield* factory.makeFromSuspended(suspended)).run
          assert.deepStrictEqual(yield* counts, [6, 6])
        }).pipe(Effect.provide(application), (test) => rig.run(test))
      })
  )

  describe("findRequests", () => {
    it.effect("finds by type, state and time, the newest first, a page at a time", () =>
      Effect.gen(function*() {
        const manager = yield* RequestManager
        const ids: Array<string> = []
        const rig = yield* Rig.make
        for (const type of ["x", "y", "x"]) {
          ids.push((yield* manager.createRequest({ jobChain: chainOf("a"), type })).id)
          yield* rig.run(Effect.sleep("10 seconds"))
        }
        const [first = "", second = "", third = ""] = ids
        yield* manager.startRequest(first)
        yield* manager.finishRequest({ requestId: first, state: "FAIL", finishedAt: 15_000, finishedJobs: 0 })
        const find = (filter: Parameters<typeof manager.findRequests>[0]) =>
          Effect.map(manager.findRequests(filter), (found) => found.map((request) => request.id))
        assert.deepStrictEqual(yield* find({}), [third, second, first])
        assert.deepStrictEqual(yield* find({ type: "x" }), [third, first])
        assert.deepStrictEqual(yield* find({ states: ["FAIL", "RUNNING"] }), [first])
        assert.deepStrictEqual(yield* find({ user: "nobody" }), [])
        // Finished before, or created only then or later.
        assert.deepStrictEqual(yield* find({ since: 15_000 }), [third, second, first])
        assert.deepStrictEqual(yield* find({ since: 15_001 }), [third, second])
        assert.deepStrictEqual(yield* find({ until: 10_000 }), [first])
        assert.deepStrictEqual(yield* find({ since: 15_001, until: 10_001 }), [second])
        assert.deepStrictEqual(yield* find({ offset: 1 }), [second, first])
        assert.deepStrictEqual(yield* find({ offset: 1, limit: 1 }), [second])
        assert.deepStrictEqual(yield* find({ limit: 0 }), [])
      }).pipe(Effect.provide(RequestManager.layerMemory)))
  })
})
