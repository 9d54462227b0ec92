/**
 * Signals: that each goes to one job, in the order in which they came, and that none is lost or given twice, whatever becomes
 * of the jobs that wait for them, of the chain and of its process.
 */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Exit, Fiber, Layer, Schema, Scope, Stream } from "effect"
import type { JobData } from "../../src/domain/JobData.ts"
import * as JobState from "../../src/domain/JobState.ts"
import type { ChainEvent } from "../../src/engine/ChainEvent.ts"
import type { JobContext } from "../../src/engine/JobContext.ts"
import { JobFactory } from "../../src/engine/JobFactory.ts"
import * as JobType from "../../src/engine/JobType.ts"
import type { Traverser } from "../../src/engine/Traverser.ts"
import { TraverserFactory } from "../../src/engine/TraverserFactory.ts"
import { wait } from "../../src/jobs/Wait.ts"
import { chainOf, Rig } from "../../src/testing/index.ts"
import * as Bench from "./Bench.ts"
import { itYielding } from "./Bench.ts"
import type * as CutRun from "./CutRun.ts"
import { RecordingRepo } from "./RecordingRepo.ts"

const forEver = JobType.make("for-ever", { run: () => Effect.never })

/** Job types: `wait`, and `noop`, which does what a test says. */
const jobsWith = (run: (context: JobContext) => Effect.Effect<unknown, unknown> = () => Effect.void) =>
  JobFactory.layer([
    wait,
    forEver,
    JobType.make("noop", { run: (_, context) => run(context) as Effect.Effect<void, unknown> })
  ])

/** A job that waits for a signal. */
const waits = (signal: string, args: object = {}) => ({ type: "wait", args: { signal, ...args } })

const dataOf = (traverser: Traverser, id: string): Effect.Effect<JobData | null | undefined> =>
  Effect.map(traverser.snapshot, ({ jobChain }) => jobChain?.jobs?.[id]?.data)

const signalsOf = (traverser: Traverser) =>
  Effect.map(traverser.snapshot, ({ signals }) => signals?.map(({ name }) => name))

/** A bench, and what its chain has reported. */
const makeBench = (run?: (context: JobContext) => Effect.Effect<unknown, unknown>) => {
  const sent = new Bench.Sent()
  return Effect.map(Bench.make({ jobs: jobsWith(run), sent }), (bench) => ({ bench, sent }))
}

describe("a job that waits for a signal", () => {
  itYielding("is COMPLETE when it comes, and hands on its data", () =>
    Effect.gen(function*() {
      const { bench } = yield* makeBench()
      const traverser = yield* bench.make(chainOf("a -> b", { a: waits("go") }))
      const heard: Array<ChainEvent> = []
      yield* bench.fork(Stream.runForEach(traverser.events, (event) => Effect.sync(() => void heard.push(event))))
      const running = yield* bench.begin(traverser)
      yield* bench.pass("10 minutes")
      yield* bench.fork(traverser.signal("other"))
      const [status] = yield* traverser.running
      assert.deepInclude(status, { jobId: "a", status: `waits for signal "go"` })
      yield* bench.fork(traverser.signal("go", { by: "ann" }))
      assert.strictEqual(running.pollUnsafe() !== undefined, true)
      assert.deepStrictEqual(yield* dataOf(traverser, "b"), { by: "ann" })
      assert.deepStrictEqual(yield* signalsOf(traverser), ["other"])
      assert.deepStrictEqual(heard.flatMap((event) => event._tag === "signalReceived" ? [event.name] : []), [
        "other",
        "go"
      ])
    }))

  itYielding("takes one that came before, and each the first that nobody has taken", () =>
    Effect.gen(function*() {
      const { bench } = yield* makeBench()
      const chain = chainOf("s -> a b\na -> c\nb -> c\nc -> d", { a: waits("go"), b: waits("go"), d: waits("go") })
      const traverser = yield* bench.make(chain)
      yield* traverser.signal("go", { first: 1 })
      yield* bench.begin(traverser)
      yield* bench.fork(traverser.signal("go", { second: 2 }))
      yield* bench.fork(traverser.signal("go", { third: 3 }))
      assert.strictEqual((yield* traverser.result).state, "COMPLETE")
      assert.deepStrictEqual(
        [yield* dataOf(traverser, "a"), yield* dataOf(traverser, "b"), yield* dataOf(traverser, "d")],
        [{ first: 1 }, { second: 2 }, { first: 1, second: 2, third: 3 }]
      )
      assert.isUndefined(yield* signalsOf(traverser))
    }))

  itYielding("fails, or goes on, when none has come in time", () =>
    Effect.gen(function*() {
      const { bench, sent } = yield* makeBench()
      const traverser = yield* bench.start(
        chainOf("a -> b c\nb -> d\nc -> d", {
          b: waits("go", { timeout: "10s" }),
          c: waits("go", { until: "1970-01-01T00:01:00Z", onTimeout: "continue" })
        })
      )
      yield* bench.pass("9999 millis")
      assert.deepStrictEqual(sent.logs.map((log) => log.jobId), ["a"])
      yield* bench.pass("50 seconds")
      assert.deepStrictEqual(
        sent.logs.slice(1).map(({ error, finishedAt, jobId, state }) => [jobId, finishedAt, state, error]),
        [
          ["b", 10_000, "FAIL", `no signal "go" came within 10s`]
        ]
      )
      yield* bench.pass("1 millis")
      assert.deepInclude(sent.logs[2], { jobId: "c", state: "COMPLETE", finishedAt: 60_000 })
      assert.strictEqual((yield* traverser.result).state, "FAIL")
    }))

  itYielding(
    "leaves it to the next try where it fails, and to another job where it has failed for good",
    () =>
      Effect.gen(function*() {
        const seen: Array<unknown> = []
        const { bench } = yield* makeBench((context) =>
          context.jobId !== "b" ? Effect.void : Effect.gen(function*() {
            seen.push([context.try, yield* context.takeSignal("go")])
            return yield* Effect.fail("no")
          })
        )
        const chain = chainOf("a -> b c\nb -> d\nc -> d", { b: { retry: 1, retryWait: "1s" }, c: waits("go") })
        const traverser = yield* bench.make(chain)
        yield* traverser.signal("go", { n: 1 })
        yield* bench.begin(traverser)
        // Nobody has it while `b` waits, and then it is not for `b` alone.
        assert.deepStrictEqual(yield* dataOf(traverser, "c"), { n: 1 })
        assert.deepStrictEqual(seen, [[1, { n: 1 }]])
        yield* bench.fork(traverser.signal("go", { n: 2 }))
        yield* bench.pass("1 second")
        assert.deepStrictEqual(seen, [[1, { n: 1 }], [2, { n: 2 }]])
        assert.deepStrictEqual([(yield* traverser.result).state, yield* signalsOf(traverser)], ["FAIL", ["go"]])
      })
  )

  for (const at of [9_999, 10_000, 10_001]) {
    itYielding(
      `has it or leaves it, when it comes ${at - 10_000} ms after the time is over`,
      () =>
        Effect.gen(function*() {
          const { bench } = yield* makeBench()
          const late = waits("go", { timeout: "10s", onTimeout: "continue" })
          const traverser = yield* bench.start(chainOf("a -> b\nb -> c", { a: late, b: { type: "for-ever" } }))
          yield* bench.fork(Effect.andThen(Effect.sleep(at), traverser.signal("go", { n: 1 })))
          yield* bench.pass("20 seconds")
          const hasIt = (yield* dataOf(traverser, "a")) !== undefined
          assert.deepStrictEqual(yield* signalsOf(traverser), hasIt ? undefined : ["go"])
          if (at !== 10_000) assert.strictEqual(hasIt, at < 10_000)
        })
    )
  }

  itYielding("ends with the time limit of a try, and with a stop, and leaves the signal", () =>
    Effect.gen(function*() {
      const { bench, sent } = yield* makeBench()
      const limited = { ...waits("go"), timeout: "10s", retry: 1 }
      const traverser = yield* bench.start(chainOf("a -> b", { a: limited }))
      yield* bench.pass("15 seconds")
      yield* bench.fork(traverser.stop)
      assert.deepStrictEqual(sent.logs.map(({ finishedAt, state }) => [finishedAt, state]), [
        [10_000, "FAIL"],
        [15_000, "STOPPED"]
      ])
      assert.strictEqual((yield* traverser.result).state, "STOPPED")
    }))

  itYielding("needs a new one in the next try of its sequence", () =>
    Effect.gen(function*() {
      let tries = 0
      const { bench } = yield* makeBench(({ jobId }) =>
        Effect.suspend(() => jobId === "b" && ++tries === 1 ? Effect.fail("no") : Effect.void)
      )
      const sequenceId = "a"
      const traverser = yield* bench.make(
        chainOf("a -> b", { a: { ...waits("go"), sequenceId, sequenceRetry: 1 }, b: { sequenceId } })
      )
      yield* traverser.signal("go", { n: 1 })
      yield* bench.begin(traverser)
      assert.deepStrictEqual((yield* traverser.running).map(({ jobId, try: jobTry }) => [jobId, jobTry]), [["a", 2]])
      yield* bench.fork(traverser.signal("go", { n: 2 }))
      assert.strictEqual((yield* traverser.result).state, "COMPLETE")
      assert.deepStrictEqual(yield* dataOf(traverser, "b"), { n: 2 })
    }))
})

describe("Traverser.signal", () => {
  itYielding("takes one with an id that is known for the same", () =>
    Effect.gen(function*() {
      const { bench } = yield* makeBench()
      const traverser = yield* bench.start(chainOf("a -> b", { a: waits("go"), b: waits("go") }))
      yield* bench.fork(traverser.signal("go", { n: 1 }, "mine"))
      yield* bench.fork(traverser.signal("go", { n: 1 }, "mine"))
      assert.deepStrictEqual((yield* traverser.running).map(({ jobId }) => jobId), ["b"])
      yield* bench.fork(traverser.signal("go", { n: 2 }, "other"))
      assert.strictEqual((yield* traverser.result).state, "COMPLETE")
    }))

  itYielding("fails when the chain is over", () =>
    Effect.gen(function*() {
      const { bench } = yield* makeBench()
      const traverser = yield* bench.make(chainOf("a"))
      yield* bench.rig.run(traverser.run)
      assert.strictEqual((yield* Effect.flip(traverser.signal("go")))._tag, "ChainOver")
    }))
})

describe("a suspended chain", () => {
  itYielding(
    "keeps the signals that are not used up, and its jobs wait on when it is resumed",
    () =>
      Effect.gen(function*() {
        const { bench, sent } = yield* makeBench()
        const chain = chainOf("a -> b\nb -> c", { a: waits("one"), b: waits("two"), c: waits("three") })
        const traverser = yield* bench.start(chain)
        yield* bench.fork(traverser.signal("two", { two: 2 }))
        yield* bench.rig.run(traverser.suspend)
        const suspended = JSON.parse(JSON.stringify(sent.suspended[0]))
        assert.deepStrictEqual(suspended.signals, [{ id: "1", name: "two", data: { two: 2 } }])
        const resumed = yield* bench.makeFromSuspended(suspended)
        yield* bench.begin(resumed)
        yield* bench.fork(resumed.signal("one", { one: 1 }))
        assert.deepStrictEqual((yield* resumed.running).map(({ jobId }) => jobId), ["c"])
        yield* bench.fork(resumed.signal("three", { three: 3 }))
        assert.deepStrictEqual(yield* dataOf(resumed, "c"), { one: 1, two: 2, three: 3 })
      })
  )
})

/** Runs a chain that gets signals, dies at one of its writes, and is brought back. */
const runCut = Effect.fnUntraced(function*(cut: CutRun.Cut | undefined) {
  const jobChain = {
    ...chainOf("a -> b\nb -> c", { a: waits("go"), b: waits("go"), c: waits("late") }),
    requestId: "r"
  }
  const repo = new RecordingRepo(jobChain, cut)
  const rig = yield* Rig.make
  const scope = yield* Scope.make()
  const layer = Bench.layerOf({ jobs: jobsWith(), repo: repo.layer() })
  const context = yield* rig.provide(Layer.buildWithScope(layer, scope))
  const factory = yield* rig.provide(Effect.provideContext(TraverserFactory, context))
  let traverser = yield* rig.provide(factory.make(jobChain))
  yield* traverser.signal("go", { n: 1 }, "first")
  yield* traverser.signal("go", { m: 2 }, "second")
  let running = yield* Effect.forkDetach(rig.provide(traverser.run))
  yield* rig.settle
  const late = yield* Effect.forkDetach(rig.provide(Effect.exit(traverser.signal("late", { l: 3 }, "late"))))
  yield* rig.settle
  if (repo.isCut) {
    const wasKept = late.pollUnsafe() !== undefined
    yield* Effect.forkDetach(rig.provide(Scope.close(scope, Exit.void)))
    yield* rig.settle
    const next = yield* rig.provide(Layer.buildWithScope(layer, yield* Scope.make()))
    const found = repo.recover(yield* Clock.currentTimeMillis)
    const again = yield* rig.provide(Effect.provideContext(TraverserFactory, next))
    traverser = yield* rig.provide(again.makeFromChain(found.chain, found.resumption))
    running = yield* Effect.forkDetach(rig.provide(traverser.run))
    yield* rig.settle
    // Who sent it and was not told that it is kept sends it again.
    if (!wasKept) yield* Effect.forkDetach(rig.provide(Effect.exit(traverser.signal("late", { l: 3 }, "late"))))
    yield* rig.settle
  }
  const { jobChain: end } = yield* traverser.snapshot
  return {
    writes: repo.writes,
    isOver: running.pollUnsafe() !== undefined,
    data: ["a", "b", "c"].map((id) => end?.jobs?.[id]?.data),
    // What is kept last may be kept in vain.
    final: repo.finals.at(-1)
  }
})

describe("a chain whose process dies", () => {
  it.effect("has each signal once, at whatever write it was", () =>
    Effect.gen(function*() {
      const { writes, ...whole } = yield* runCut(undefined)
      assert.deepStrictEqual(whole, {
        isOver: true,
        data: [{ n: 1 }, { n: 1, m: 2 }, { n: 1, m: 2, l: 3 }],
        final: "COMPLETE"
      })
      // Before the first write nothing is known of what was sent before the run.
      for (let write = 1; write <= writes; write++) {
        for (const when of write === 1 ? ["after"] as const : ["before", "after"] as const) {
          const { data, final } = yield* runCut({ write, when })
          assert.deepStrictEqual({ data, final }, { data: whole.data, final: whole.final }, `${when} write ${write}`)
        }
      }
    }))
})

const Count = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))

/** Signals come before, between and after suspends; who waits takes one each, and what nobody takes stays. */
describe("a chain that is suspended now and then", () => {
  const waiters = ["a", "b", "c", "d", "e"]
  for (const maxOps of [undefined, 5, 17]) {
    it.effect.prop(
      `gives each signal to one job and loses none${
        maxOps === undefined ? "" : `, yielding at every ${maxOps}th operation`
      }`,
      // So many signals are sent, and so many turns of the scheduler later the chain is suspended.
      { runs: Schema.Array(Schema.Tuple([Count(3), Count(12)])).check(Schema.isMaxLength(5)) },
      ({ runs }) =>
        Bench.yielding(
          maxOps,
          Effect.gen(function*() {
            const { bench } = yield* makeBench()
            const edges = waiters.map((id) => `s -> ${id}\n${id} -> z`).join("\n")
            const specs = Object.fromEntries(waiters.map((id) => [id, waits("go")]))
            let traverser = yield* bench.make(chainOf(edges, { ...specs, z: waits("end") }))
            let sent = 0
            for (const [count, turns] of runs) {
              yield* Effect.forkDetach(bench.rig.provide(traverser.run))
              const signals = Array.from({ length: count }, () => traverser.signal("go", { [`n${++sent}`]: sent }))
              const sending = yield* Effect.forkDetach(bench.rig.provide(Effect.all(signals)))
              for (let turn = 0; turn < turns; turn++) yield* Effect.yieldNow
              yield* bench.rig.run(Effect.exit(Fiber.await(sending)))
              yield* bench.rig.run(traverser.suspend)
              traverser = yield* bench.makeFromSuspended(JSON.parse(JSON.stringify(yield* traverser.snapshot)))
            }
            yield* bench.begin(traverser)
            const { jobChain, signals = [] } = yield* traverser.snapshot
            const taken = waiters.flatMap((id) =>
              jobChain?.jobs?.[id]?.state === JobState.COMPLETE ? [Object.keys(jobChain.jobs[id]?.data ?? {})] : []
            )
            assert.strictEqual(taken.length, Math.min(sent, waiters.length))
            const all = [...taken.flat(), ...(signals ?? []).flatMap(({ data }) => Object.keys(data ?? {}))]
            assert.sameMembers(all, Array.from({ length: sent }, (_, index) => `n${index + 1}`))
          })
        ),
      { arbitrary: { runs: 100, seed: maxOps ?? 1 } }
    )
  }
})
