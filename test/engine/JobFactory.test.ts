import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Effect, Layer, Result } from "effect"
import { JobFactory, UnknownJobType } from "../../src/engine/JobFactory.ts"
import * as JobType from "../../src/engine/JobType.ts"
import { TraverserFactory } from "../../src/engine/TraverserFactory.ts"
import { chainOf, Rig } from "../../src/testing/index.ts"
import * as Bench from "./Bench.ts"
import { itYielding } from "./Bench.ts"

class Greeting extends Context.Service<Greeting, { readonly word: string }>()("test/Greeting") {}
class Counter extends Context.Service<Counter, { count: number }>()("test/Counter") {}

const greet = JobType.make("greet", {
  run: (_, context) => Effect.map(Greeting, ({ word }) => ({ [context.jobId]: word }))
})

const count = JobType.make("count", {
  run: (_, context) => Effect.asVoid(context.stopped),
  stop: () => Effect.map(Counter, (counter) => counter.count++)
})

describe("JobFactory", () => {
  describe("layer", () => {
    it.effect("makes jobs of the types it was given, and says which these are", () =>
      Effect.gen(function*() {
        const factory = yield* JobFactory
        assert.deepStrictEqual(factory.types, ["one", "two"])
        assert.isTrue(Result.isSuccess(factory.make({ id: "a", type: "one" })))
      }).pipe(Effect.provide(JobFactory.layer([
        JobType.make("one", { run: () => Effect.void }),
        JobType.make("two", { run: () => Effect.void })
      ]))))

    it.effect("does not know other types, and says which it knows", () =>
      Effect.gen(function*() {
        const factory = yield* JobFactory
        for (const job of [{ type: "other" }, { type: "" }, { type: null }, {}, { type: "constructor" }]) {
          const made = factory.make(job)
          assert.isTrue(
            Result.isFailure(made) && made.failure instanceof UnknownJobType && made.failure.type === (job.type ?? "")
          )
          assert.deepStrictEqual(Result.isFailure(made) && (made.failure as UnknownJobType).known, ["one"])
        }
      }).pipe(Effect.provide(JobFactory.layer([JobType.make("one", { run: () => Effect.void })]))))

    itYielding("lets a later type of a name replace an earlier one", () =>
      Effect.gen(function*() {
        const jobs = JobFactory.layer([
          JobType.make("noop", { run: () => Effect.succeed({ by: "earlier" }) }),
          JobType.make("noop", { run: () => Effect.succeed({ by: "later" }) })
        ])
        const bench = yield* Bench.make({ jobs })
        const traverser = yield* bench.make(chainOf("a"))
        yield* bench.rig.run(traverser.run)
        assert.deepStrictEqual((yield* traverser.snapshot).jobChain?.jobs?.a?.data, { by: "later" })
      }))

    itYielding(
      "provides the jobs, and the stop of their types, with the services they need",
      () =>
        Effect.gen(function*() {
          const counter = { count: 0 }
          const jobs = JobFactory.layer([greet, count]).pipe(
            Layer.provide([Layer.succeed(Greeting, { word: "Hello" }), Layer.succeed(Counter, counter)])
          )
          const bench = yield* Bench.make({ jobs })
          const traverser = yield* bench.start(chainOf("a -> b", { a: { type: "greet" }, b: { type: "count" } }))
          assert.deepStrictEqual((yield* traverser.snapshot).jobChain?.jobs?.b?.data, { a: "Hello" })
          yield* bench.rig.run(traverser.stop)
          assert.strictEqual(counter.count, 1)
        })
    )

    it.effect("leaves the clock and the scheduler to who runs a chain", () =>
      Effect.gen(function*() {
        const rig = yield* Rig.make
        const factory = yield* TraverserFactory
        const traverser = yield* rig.provide(factory.make(chainOf("a", { a: { retry: 1, retryWait: "1m" } })))
        assert.strictEqual((yield* rig.run(traverser.run)).state, "COMPLETE")
        assert.strictEqual(yield* Clock.currentTimeMillis, 60_000)
        // Built outside of the rig, as applications do.
      }).pipe(Effect.provide(TraverserFactory.layerMemory([
        JobType.make("noop", {
          run: (_, { try: number }) => number === 1 ? Effect.fail("not yet") : Effect.yieldNow
        })
      ]))))
  })

  describe("its types", () => {
    it("say what services a layer of types needs, also of those made on the spot", () => {
      const none: Layer.Layer<JobFactory> = JobFactory.layer([JobType.make("noop", { run: () => Effect.void })])
      const run = () => Effect.asVoid(Greeting)
      const some: Layer.Layer<JobFactory, never, Greeting | Counter> = JobFactory.layer([
        JobType.make("run", { run }),
        JobType.make("stop", { run: () => Effect.void, stop: () => Effect.asVoid(Counter) })
      ])
      const made = JobFactory.layer([JobType.make("run", { run })])
      const isAny: 0 extends 1 & Layer.Services<typeof made> ? true : false = false
      const provided: Layer.Layer<JobFactory> = JobFactory.layer([JobType.make("run", { run })]).pipe(
        Layer.provide(Layer.succeed(Greeting, { word: "Hello" }))
      )
      assert.isFalse(isAny)
      for (const layer of [none, some, provided]) assert.isTrue(Layer.isLayer(layer))
    })
  })

  itYielding("fails the job, not the chain's run, when a factory of one's own throws", () =>
    Effect.gen(function*() {
      const sent = new Bench.Sent()
      const jobs = Layer.succeed(JobFactory, {
        types: [],
        services: Context.empty(),
        make: () => {
          throw new Error("no types today")
        }
      })
      const bench = yield* Bench.make({ jobs, sent })
      assert.strictEqual((yield* bench.run(chainOf("a -> b"))).state, "FAIL")
      assert.deepStrictEqual(sent.logs.map((log) => log.error), ["problem creating job runner: no types today"])
    }))
})
