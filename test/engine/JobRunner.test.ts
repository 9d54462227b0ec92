import { assert, describe, it } from "@effect/vitest"
import { Data, Effect, Schema } from "effect"
import type { JobContext } from "../../src/engine/JobContext.ts"
import * as JobResult from "../../src/engine/JobResult.ts"
import { chainOf } from "../../src/testing/index.ts"
import * as Bench from "./Bench.ts"
import { itYielding } from "./Bench.ts"

class Refused extends Data.TaggedError("Refused")<{ readonly by: string }> {
  override get message() {
    return `refused by ${this.by}`
  }
}

class Silent extends Data.TaggedError("Silent")<{}> {}

class Absent extends Schema.TaggedError<Absent>()("Absent", { what: Schema.String }) {}

/** Runs one job, alone, and returns the logs of its tries and its data at the end. */
const runOne = Effect.fnUntraced(function*(
  run: (args: unknown, context: JobContext) => Effect.Effect<unknown, unknown>,
  retry = 0
) {
  const sent = new Bench.Sent()
  const bench = yield* Bench.make({ jobs: Bench.jobsThat(run), sent })
  const traverser = yield* bench.make(chainOf("a", { a: { retry } }))
  yield* bench.rig.run(traverser.run)
  return { logs: sent.logs, data: (yield* traverser.snapshot).jobChain?.jobs?.a?.data ?? {} }
})

/** What the log says of a job that writes pieces to its stdout. */
const write = (...pieces: ReadonlyArray<Uint8Array | string>) =>
  Effect.map(
    runOne((_, context) => Effect.forEach(pieces, (piece) => context.write("stdout", piece), { discard: true })),
    ({ logs }) => logs[0]?.stdout ?? ""
  )

describe("JobRunner", () => {
  describe("run", () => {
    for (
      const [how, run, expected] of [
        ["nothing", Effect.void, {}],
        ["data", Effect.succeed({ key: [1] }), { key: [1] }],
        ["null", Effect.succeed(null), {}],
        ["a text", Effect.succeed("done"), {}],
        ["a number", Effect.succeed(3), {}]
      ] as const
    ) {
      it.effect(`is COMPLETE when the job succeeds with ${how}`, () =>
        Effect.gen(function*() {
          const { data, logs } = yield* runOne(() => run)
          assert.deepInclude(logs[0], { state: "COMPLETE", exit: 0, error: "" })
          assert.deepStrictEqual(data, expected)
        }))
    }

    for (
      const [how, run, error] of [
        ["a tagged error", Effect.fail(new Refused({ by: "Ann" })), "refused by Ann"],
        ["an error without a message", Effect.fail(new Silent()), "Silent"],
        ["a text", Effect.fail("not today"), "not today"],
        ["an object with a message", Effect.fail({ message: "from afar" }), "from afar"],
        ["an object without one", Effect.fail({ code: 7 }), `{"code":7}`],
        ["nothing", Effect.fail(undefined), "undefined"],
        ["a schema error without a message", Effect.fail(new Absent({ what: "key" })), "Absent"],
        ["a defect", Effect.die(new Error("forced panic")), "panic from job.Run: forced panic"],
        [
          "a text thrown",
          Effect.sync(() => {
            // A job may throw anything.
            throw "oops"
          }),
          "panic from job.Run: oops"
        ],
        ["a timeout of its own", Effect.timeout(Effect.never, "1 second"), "Operation timed out"]
      ] as const
    ) {
      it.effect(`is FAIL with exit 1 when the job fails with ${how}`, () =>
        Effect.gen(function*() {
          const { logs } = yield* runOne(() => run as Effect.Effect<unknown, unknown>)
          assert.deepInclude(logs[0], { state: "FAIL", exit: 1 })
          assert.include(logs[0]?.error, error)
        }))
    }

    it.effect("is FAIL when the function that makes the job's Effect throws, or makes none", () =>
      Effect.gen(function*() {
        const thrown = yield* runOne(() => {
          throw new Error("no Effect")
        })
        assert.deepInclude(thrown.logs[0], { state: "FAIL", exit: 1, error: "panic from job.Run: no Effect" })
        const none = yield* runOne(() => undefined as never)
        assert.deepInclude(none.logs[0], { state: "FAIL", exit: 1 })
        assert.match(none.logs[0]?.error ?? "", /^panic from job\.Run: /)
      }))

    it.effect("is STOPPED, which ends its tries, when the job interrupts itself", () =>
      Effect.gen(function*() {
        const { logs } = yield* runOne(() => Effect.interrupt, 3)
        assert.lengthOf(logs, 1)
        assert.deepInclude(logs[0], { state: "STOPPED", exit: 1, error: "interrupted: by itself" })
      }))

    for (const state of ["FAIL", "UNKNOWN"] as const) {
      it.effect(`goes on after ${state} while tries are left, with a log for each`, () =>
        Effect.gen(function*() {
          const { logs } = yield* runOne(
            (_, context) => Effect.succeed(JobResult.make({ state: context.try === 3 ? "COMPLETE" : state })),
            5
          )
          assert.deepStrictEqual(logs.map((log) => `${log.try} ${log.state}`), [
            `1 ${state}`,
            `2 ${state}`,
            "3 COMPLETE"
          ])
        }))
    }

    it.effect("tries once more than it may retry, and no more", () =>
      Effect.gen(function*() {
        const { logs } = yield* runOne(() => Effect.fail("no"), 2)
        assert.deepStrictEqual(logs.map((log) => log.try), [1, 2, 3])
      }))

    itYielding("runs a resumed job once whose tries are used up", () =>
      Effect.gen(function*() {
        const sent = new Bench.Sent()
        const bench = yield* Bench.make({ jobs: Bench.jobsThat(() => Effect.fail("no")), sent })
        const traverser = yield* bench.makeFromSuspended({
          requestId: "r",
          jobChain: chainOf("a", { a: { retry: 1 } }),
          latestRunJobTries: { a: 5 },
          totalJobTries: { a: 9 }
        })
        yield* bench.rig.run(traverser.run)
        assert.deepStrictEqual(sent.logs.map((log) => log.try), [10])
      }))

    it.effect("dates a try by when it began and ended", () =>
      Effect.gen(function*() {
        const { logs } = yield* runOne(() => Effect.andThen(Effect.sleep("1500 millis"), Effect.fail("no")), 1)
        assert.deepStrictEqual(logs.map((log) => [log.startedAt, log.finishedAt]), [[0, 1500], [1500, 3000]])
      }))
  })

  describe("the job's context", () => {
    it.effect("says which request, job and try it is", () =>
      Effect.gen(function*() {
        const bench = yield* Bench.make({
          jobs: Bench.jobsThat((_, { idempotencyKey, jobId, requestId, stopReason, try: jobTry }) =>
            Effect.succeed({ idempotencyKey, jobId, requestId, try: jobTry, stopReason: stopReason ?? "none" })
          )
        })
        const traverser = yield* bench.make({ ...chainOf("a"), requestId: "r" })
        yield* bench.rig.run(traverser.run)
        assert.deepStrictEqual((yield* traverser.snapshot).jobChain?.jobs?.a?.data, {
          idempotencyKey: "r/a/1",
          jobId: "a",
          requestId: "r",
          try: 1,
          stopReason: "none"
        })
      }))

    it.effect("can be taken apart", () =>
      Effect.gen(function*() {
        const { data, logs } = yield* runOne((_, { setData, setStatus, takeSignal, write }) =>
          Effect.gen(function*() {
            yield* setData({ set: 1 })
            yield* setStatus("at it")
            yield* write("stdout", "said")
            return { signal: (yield* takeSignal("none", 0)) ?? "none" }
          })
        )
        assert.deepStrictEqual([data, logs[0]?.stdout], [{ set: 1, signal: "none" }, "said"])
      }))

    itYielding("merges data at once, and what the job succeeds with after that", () =>
      Effect.gen(function*() {
        const { data } = yield* runOne((_, context) =>
          Effect.gen(function*() {
            const before = context.data
            yield* context.setData({ one: 1, both: 1 })
            yield* context.setData({ two: 2 })
            assert.deepStrictEqual([before, context.data], [{}, { one: 1, both: 1, two: 2 }])
            return { both: 3 }
          })
        )
        assert.deepStrictEqual(data, { one: 1, both: 3, two: 2 })
      }))
  })

  describe("the output in a job log", () => {
    const max = 64 * 1024

    it.effect("is what the job wrote, each stream apart", () =>
      Effect.gen(function*() {
        const { logs } = yield* runOne((_, context) =>
          Effect.gen(function*() {
            yield* context.write("stdout", "hello ")
            yield* context.write("stderr", "warn\n")
            yield* context.write("stdout", new TextEncoder().encode("wörld\n"))
            return yield* Effect.fail("no")
          })
        )
        assert.deepInclude(logs[0], { state: "FAIL", stdout: "hello wörld\n", stderr: "warn\n" })
      }))

    it.effect("keeps the last 64 KiB, of one piece and of many", () =>
      Effect.gen(function*() {
        const text = Array.from({ length: 30_000 }, (_, index) => `${index} `).join("")
        assert.strictEqual(yield* write(text), text.slice(-max))
        const pieces = text.match(/.{1,1000}/g) ?? []
        assert.strictEqual(yield* write(...pieces), text.slice(-max))
        assert.strictEqual(yield* write("x".repeat(max)), "x".repeat(max))
        assert.strictEqual(yield* write("y", "x".repeat(max)), "x".repeat(max))
      }))

    it.effect("is lossy UTF-8: what is cut or never was a character is replaced", () =>
      Effect.gen(function*() {
        const euro = new TextEncoder().encode("€")
        assert.strictEqual(yield* write(euro.slice(0, 1), euro.slice(1)), "€")
        assert.strictEqual(yield* write(Uint8Array.of(0x61, 0xff, 0x62)), "a\u{fffd}b")
        assert.strictEqual(yield* write(euro.slice(0, 2)), "\u{fffd}")
        const cut = yield* write("€".repeat(max))
        assert.strictEqual(cut.replaceAll("\u{fffd}", ""), "€".repeat(Math.floor(max / 3)))
      }))

    it.effect("does not change when the job writes into its buffer again", () =>
      Effect.gen(function*() {
        const { logs } = yield* runOne((_, context) =>
          Effect.gen(function*() {
            const buffer = new TextEncoder().encode("first")
            yield* context.write("stdout", buffer)
            buffer.fill(0x78)
          })
        )
        assert.strictEqual(logs[0]?.stdout, "first")
      }))

    it.effect("is that of each try alone", () =>
      Effect.gen(function*() {
        const { logs } = yield* runOne((_, context) =>
          context.try === 2
            ? Effect.fail("silent")
            : Effect.andThen(context.write("stdout", `try ${context.try}`), Effect.fail("no")), 2)
        assert.deepStrictEqual(logs.map((log) => log.stdout), ["try 1", "", "try 3"])
      }))
  })
})
