import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Exit, Fiber, Layer, Scope } from "effect"
import { ChainRepo } from "../../src/engine/ChainRepo.ts"
import * as JobType from "../../src/engine/JobType.ts"
import { TraverserFactory } from "../../src/engine/TraverserFactory.ts"
import { chainOf, Rig, ScriptedJobs } from "../../src/testing/index.ts"
import * as Bench from "./Bench.ts"
import { itYielding } from "./Bench.ts"

/** A factory whose scope a test closes. */
const makeClosing = Effect.fnUntraced(function*(options: Bench.Options) {
  const rig = yield* Rig.make
  const scope = yield* Scope.make()
  const context = yield* rig.provide(Layer.buildWithScope(Bench.layerOf(options), scope))
  return { bench: new Bench.Bench(rig, context, scope), close: Scope.close(scope, Exit.void) }
})

const lineOf = (size: number) => chainOf(Array.from({ length: size }, (_, job) => `j${job} -> j${job + 1}`).join("\n"))

describe("TraverserFactory", () => {
  describe("make", () => {
    it.effect("refuses a chain that breaks rules, with every fault, an empty request id among them", () =>
      Effect.gen(function*() {
        const bench = yield* Bench.make({ jobs: new ScriptedJobs().layer })
        const chain = { ...chainOf("a -> b", { b: { retry: -1, state: 3 } }), requestId: "" }
        const error = yield* Effect.flip(bench.factory.make(chain))
        assert.isTrue(error._tag === "InvalidChain")
        if (error._tag !== "InvalidChain") return
        assert.deepStrictEqual(error.faults.map((fault) => fault.kind), ["no-request-id", "bad-count", "job-state"])
        assert.deepStrictEqual(error.faults[0]?.path, ["requestId"])
        assert.deepStrictEqual(yield* bench.repo.getAll, [])
      }))

    it.effect("takes null for an empty request id", () =>
      Effect.gen(function*() {
        const bench = yield* Bench.make({ jobs: new ScriptedJobs().layer })
        const error = yield* Effect.flip(bench.factory.make({ ...chainOf("a"), requestId: null }))
        assert.include(error.message, "The chain has no request id")
      }))

    it.effect("lets others through while it takes in a large chain, and takes in a small one at once", () =>
      Effect.gen(function*() {
        const bench = yield* Bench.make({ jobs: new ScriptedJobs().layer })
        const make = (size: number) => Effect.forkDetach(bench.factory.make(lineOf(size)), { startImmediately: true })
        assert.isDefined((yield* make(100)).pollUnsafe())
        const large = yield* make(5000)
        assert.isUndefined(large.pollUnsafe())
        assert.strictEqual((yield* (yield* Fiber.join(large)).snapshot).jobChain?.finishedJobs, 0)
      }))

    it.effect("does not ask for job types", () =>
      Effect.gen(function*() {
        const bench = yield* Bench.make({ jobs: new ScriptedJobs({ unknown: ["noop"] }).layer })
        assert.strictEqual((yield* bench.run(chainOf("a"))).state, "FAIL")
      }))

    itYielding(
      "refuses a request whose chain is running, or was never run, until that is over",
      () =>
        Effect.gen(function*() {
          const jobs = new ScriptedJobs({ behaviours: { a: [{ block: true }, {}] } })
          const bench = yield* Bench.make({ jobs: jobs.layer })
          const chain = { ...chainOf("a"), requestId: "r" }
          const traverser = yield* bench.make(chain)
          const error = yield* Effect.flip(bench.factory.make(chain))
          assert.isTrue(error._tag === "ChainConflict" && error.requestId === "r")
          yield* bench.begin(traverser)
          assert.strictEqual((yield* Effect.flip(bench.factory.make(chain)))._tag, "ChainConflict")
          assert.strictEqual(
            (yield* Effect.flip(bench.factory.makeFromSuspended({ requestId: "r", jobChain: chain })))._tag,
            "ChainConflict"
          )
          yield* jobs.end("a")
          yield* bench.rig.settle
          assert.strictEqual((yield* bench.run(chain)).state, "COMPLETE")
        })
    )
  })

  describe("makeFromSuspended", () => {
    it.effect("refuses a suspended chain that breaks rules, with every fault", () =>
      Effect.gen(function*() {
        const bench = yield* Bench.make({ jobs: new ScriptedJobs().layer })
        const jobChain = chainOf("a -> b", { a: { state: 3 }, b: { state: 4 } })
        const error = yield* Effect.flip(
          bench.factory.makeFromSuspended({ jobChain, totalJobTries: { a: 0.5 } })
        )
        assert.deepStrictEqual(
          error._tag === "InvalidChain" && error.faults.map((fault) => fault.kind),
          ["no-request-id", "job-state", "finished-jobs", "bad-count"]
        )
      }))
  })

  describe("traversers", () => {
    itYielding("lists those whose chains are not over, also those never run", () =>
      Effect.gen(function*() {
        const jobs = new ScriptedJobs({ behaviours: { a: [{ block: true }] } })
        const bench = yield* Bench.make({ jobs: jobs.layer })
        const running = yield* bench.start(chainOf("a"))
        const waiting = yield* bench.make(chainOf("b"))
        assert.deepStrictEqual(yield* bench.factory.traversers, [running, waiting])
        yield* bench.rig.run(waiting.run)
        assert.deepStrictEqual(yield* bench.factory.traversers, [running])
        yield* jobs.end("a")
        yield* bench.rig.settle
        assert.deepStrictEqual(yield* bench.factory.traversers, [])
      }))
  })

  describe("layer", () => {
    itYielding(
      "suspends every chain when its scope closes, reports each and waits for that",
      () =>
        Effect.gen(function*() {
          const sent = new Bench.Sent()
          const jobs = Bench.jobsThat(() => Effect.onExit(Effect.never, () => Effect.sleep("3 seconds")))
          const { bench, close } = yield* makeClosing({ jobs, sent })
          const chains = ["r1", "r2", "r3"].map((requestId) => ({ ...chainOf("a -> b"), requestId }))
          const traversers = yield* Effect.forEach(chains, (chain) => bench.make(chain))
          for (const traverser of traversers.slice(0, 2)) yield* bench.begin(traverser)
          const closing = yield* bench.fork(close)
          assert.strictEqual((yield* Effect.flip(bench.factory.make(chainOf("a"))))._tag, "ShuttingDown")
          yield* bench.pass("2999 millis")
          assert.isUndefined(closing.pollUnsafe())
          yield* bench.pass("1 millis")
          yield* Fiber.join(closing)
          assert.sameMembers(sent.suspended.map((chain) => chain.requestId ?? ""), ["r1", "r2", "r3"])
          assert.deepStrictEqual(sent.logs.map((log) => log.error), ["interrupted: suspend", "interrupted: suspend"])
          for (const traverser of traversers) assert.strictEqual((yield* traverser.result).state, "SUSPENDED")
        })
    )

    itYielding("makes no more traversers once its scope is closed", () =>
      Effect.gen(function*() {
        const { bench, close } = yield* makeClosing({ jobs: new ScriptedJobs().layer })
        yield* bench.rig.run(close)
        const error = yield* Effect.flip(bench.factory.make({ ...chainOf("a"), requestId: "r" }))
        assert.isTrue(error._tag === "ShuttingDown" && error.requestId === "r")
        const resumed = bench.factory.makeFromSuspended({ requestId: "r", jobChain: chainOf("a") })
        assert.strictEqual((yield* Effect.flip(resumed))._tag, "ShuttingDown")
        assert.deepStrictEqual(yield* bench.repo.getAll, [])
      }))

    itYielding("leaves no chain behind that its repo took in while the scope closed", () =>
      Effect.gen(function*() {
        const gate = yield* Deferred.make<void>()
        const slow = Layer.effect(
          ChainRepo,
          Effect.map(Effect.service(ChainRepo), (repo) => ({
            ...repo,
            add: (chain: Parameters<typeof repo.add>[0]) => Effect.andThen(Deferred.await(gate), repo.add(chain))
          }))
        ).pipe(Layer.provide(ChainRepo.layerMemory))
        const { bench, close } = yield* makeClosing({ jobs: new ScriptedJobs().layer, repo: slow })
        const making = yield* bench.fork(Effect.flip(bench.factory.make(chainOf("a"))))
        yield* bench.rig.run(close)
        yield* Deferred.succeed(gate, undefined)
        assert.strictEqual((yield* Fiber.join(making))._tag, "ShuttingDown")
        assert.deepStrictEqual(yield* bench.repo.getAll, [])
      }))

    itYielding(
      "sends progress once a second, only while it changes, and never for a chain that is over",
      () =>
        Effect.gen(function*() {
          const sent = new Bench.Sent()
          const jobs = new ScriptedJobs({
            behaviours: { a: [{ milliseconds: 500 }], b: [{ milliseconds: 2000 }], c: [{ milliseconds: 2700 }] }
          })
          const bench = yield* Bench.make({ jobs: jobs.layer, sent })
          yield* bench.start({ ...chainOf("a -> b\nb -> c"), requestId: "r" })
          yield* bench.pass("5 seconds")
          assert.deepStrictEqual(sent.progress, [{ requestId: "r", finishedJobs: 1 }, {
            requestId: "r",
            finishedJobs: 2
          }])
          assert.deepStrictEqual(sent.times("progress"), [1000, 3000])
          yield* bench.pass("5 seconds")
          assert.deepStrictEqual(sent.ends, ["COMPLETE"])
          assert.lengthOf(sent.progress, 2)
        })
    )

    itYielding(
      "sends progress once, whatever becomes of it, and a hanging attempt holds no other chain up for long",
      () =>
        Effect.gen(function*() {
          const sent = new Bench.Sent()
          let progress = 0
          sent.answer = ({ report }) => {
            if (report !== "progress") return Effect.void
            if (++progress === 1) return Effect.never
            return progress === 2 ? Effect.die("broken") : Bench.refused
          }
          const jobs = new ScriptedJobs({
            behaviours: { b: [{ milliseconds: 7500 }], c: [{ milliseconds: 3_600_000 }] }
          })
          const bench = yield* Bench.make({ jobs: jobs.layer, sent, settings: { sendTimeout: "5 seconds" as never } })
          yield* bench.start(chainOf("a -> b\nb -> c"))
          yield* bench.start(chainOf("a -> b\nb -> c"))
          yield* bench.pass("1 minute")
          assert.deepStrictEqual(sent.times("progress"), [1000, 1000, 8000, 8000])
          assert.deepStrictEqual(sent.progress, [])
        })
    )
  })

  describe("layerMemory", () => {
    it.effect("runs chains of the types it is given, with the services these need", () =>
      Effect.gen(function*() {
        class Greeting extends Context.Service<Greeting, string>()("test/Greeting") {}
        const greet = JobType.make("greet", { run: () => Effect.map(Greeting, (greeting) => ({ greeting })) })
        const layer = TraverserFactory.layerMemory([greet]).pipe(Layer.provide(Layer.succeed(Greeting, "Hello")))
        const snapshot = yield* Effect.gen(function*() {
          const factory = yield* TraverserFactory
          const traverser = yield* factory.make(chainOf("a", { a: { type: "greet" } }))
          yield* traverser.run
          return yield* traverser.snapshot
        }).pipe(Effect.provide(layer))
        assert.deepStrictEqual(snapshot.jobChain?.jobs?.a?.data, { greeting: "Hello" })
      }))
  })
})
