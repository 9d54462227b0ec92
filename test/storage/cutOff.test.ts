/**
 * Retries, timeouts, the stop ladder, limits, explanations and typed data of chains that are suspended, or whose process dies, in the
 * middle of them. What else a chain can say is cut off in `recovery`, `signals`, `retry` and in the tests of the engine.
 */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Layer, Schedule, Schema } from "effect"
import { randomUUID } from "node:crypto"
import type { JobChain, SuspendedJobChain } from "../../src/domain/JobChain.ts"
import type { JobContext } from "../../src/engine/JobContext.ts"
import { JobFactory } from "../../src/engine/JobFactory.ts"
import * as JobType from "../../src/engine/JobType.ts"
import * as Limits from "../../src/engine/Limits.ts"
import type { Traverser } from "../../src/engine/Traverser.ts"
import { wait } from "../../src/jobs/Wait.ts"
import { chainOf } from "../../src/testing/index.ts"
import * as Bench from "../engine/Bench.ts"
import { CutRepo } from "./CutRepo.ts"
import * as TestStore from "./TestStore.ts"

type How = "suspend" | "crash"

interface CutOff {
  readonly jobs: Layer.Layer<JobFactory>
  /** How long it runs before it is cut off, and how long nothing runs then. */
  readonly after: number
  readonly pause: number
  /** What is done right before it is cut off. */
  readonly act?: (bench: Bench.Bench, traverser: Traverser) => Effect.Effect<unknown>
  /** What is done with the chain when it goes on. */
  readonly goOn?: (bench: Bench.Bench, traverser: Traverser) => Effect.Effect<unknown>
}

/** Runs a chain in a store, cuts it off and lets another process go on with it to its end. */
const cutOff = Effect.fnUntraced(
  function*(how: How, drawn: JobChain, { act, after, goOn, jobs, pause }: CutOff) {
    const chain = { ...drawn, requestId: randomUUID() }
    const database = yield* TestStore.database
    const first = yield* TestStore.open(database)
    const repo = new CutRepo(first, undefined)
    const around = Layer.succeed(Limits.Current, new Limits.ProcessLimits({}))
    const before = yield* Bench.make({ jobs, around, riggedRepo: (rig) => repo.layer(rig) })
    const traverser = yield* before.start(chain)
    yield* before.pass(after)
    if (act !== undefined) yield* act(before, traverser)
    if (how === "suspend") assert.strictEqual((yield* before.rig.run(traverser.suspend)).state, "SUSPENDED")
    else {
      repo.isCut = true
      yield* before.die
      yield* first.expire
    }
    yield* before.pass(pause)
    const second = yield* TestStore.open(database)
    const going = new CutRepo(second, undefined)
    const other = Layer.succeed(Limits.Current, new Limits.ProcessLimits({}))
    const bench = yield* Bench.make({ jobs, around: other, riggedRepo: (rig) => going.layer(rig) })
    const claimed = yield* Effect.orDie(second.store.claim(chain.requestId))
    const resumed = yield* bench.goOn(claimed)
    const explained = yield* resumed.explain
    if (goOn !== undefined) yield* goOn(bench, resumed)
    const result = yield* bench.rig.run(resumed.result)
    const logs = yield* Effect.orDie(second.store.logs(chain.requestId))
    return {
      result,
      explained: explained.map(({ because, jobId, text }) => `${jobId} (${because}): ${text}`),
      isStopRequested: claimed.isStopRequested,
      snapshot: yield* resumed.snapshot as Effect.Effect<SuspendedJobChain>,
      logs: logs.map((log) =>
        `${log.jobId} ${log.try} ${log.finishedAt} ${log.state}${log.error === "" ? "" : ` ${log.error}`}`
      )
    }
  },
  Effect.scoped,
  Effect.orDie
)

/** Jobs that do what `run` says, and when they started. */
const started = (run: (context: JobContext) => Effect.Effect<unknown, unknown>, retry?: Schedule.Schedule<unknown>) => {
  const starts: Array<string> = []
  const type = JobType.make("noop", {
    run: (_, context) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        starts.push(`${context.jobId} ${now}`)
        return run(context)
      }),
    ...(retry && { retry: { schedule: retry } })
  })
  return { starts, jobs: JobFactory.layer([type]) }
}

const failing = Effect.fail("no")

describe("a retry policy of a chain that is cut off", () => {
  const policy = { retry: 9, retryWait: "100ms", retryPolicy: { factor: 2, maxElapsed: "1s" } }
  const sequence = { sequenceId: "a", sequenceRetry: 3, sequenceRetryWait: "1s", sequenceRetryPolicy: { factor: 2 } }
  const cases: ReadonlyArray<readonly [string, JobChain, number, Readonly<Record<How, ReadonlyArray<number>>>]> = [
    // After a suspend the try of a job that was waited for comes at once; after a crash when it was to come, as that of a sequence
    // does in a store in either case.
    ["of a job", chainOf("a", { a: policy }), 350, { suspend: [0, 100, 300, 450], crash: [0, 100, 300, 700] }],
    ["of a sequence", chainOf("a -> b", { a: sequence, b: { sequenceId: "a" } }), 1500, {
      suspend: [0, 1000, 3000, 7000],
      crash: [0, 1000, 3000, 7000]
    }],
    ["of a job type", chainOf("a"), 150, { suspend: [0, 100, 250, 650], crash: [0, 100, 300, 700] }]
  ]
  for (const [what, chain, after, expected] of cases) {
    for (const how of ["suspend", "crash"] as const) {
      it.effect(`${what} goes on with its waits after a ${how}`, () =>
        Effect.gen(function*() {
          const schedule = Schedule.exponential("100 millis").pipe(Schedule.upTo({ times: 3 }))
          const isSequence = what === "of a sequence"
          const { jobs, starts } = started(
            ({ jobId }) => isSequence && jobId === "a" ? Effect.void : failing,
            what === "of a job type" ? schedule : undefined
          )
          const { result } = yield* cutOff(how, chain, { jobs, after, pause: 100 })
          assert.strictEqual(result.state, "FAIL")
          assert.deepStrictEqual(
            starts.filter((start) => start.startsWith("a ")).map((start) => Number(start.split(" ")[1])),
            expected[how]
          )
        }))
    }
  }
})

describe("a time limit of a chain that is cut off", () => {
  // `x` is COMPLETE after 2 s, at 5 s it is cut off: the last that a store knows of times is from 2 s.
  const drawing = "a -> b x\nb -> c\nc -> z\nx -> z"
  const [b, c] = [{ sequenceId: "b" }, { sequenceId: "b" }]
  const limits: ReadonlyArray<readonly [string, JobChain]> = [
    [`the sequence "b"`, chainOf(drawing, { b: { ...b, sequenceTimeout: "10s" }, c })],
    ["the chain", { ...chainOf(drawing, { b, c }), timeout: "10s" }]
  ]
  for (const [what, chain] of limits) {
    for (const [how, rest] of [["suspend", 5000], ["crash", 8000]] as const) {
      it.effect(`of ${what} has what is left of it after a ${how}, to the millisecond`, () =>
        Effect.gen(function*() {
          const { jobs } = started(({ jobId }) =>
            jobId === "c" ? Effect.never : jobId === "x" ? Effect.sleep("2 seconds") : Effect.void
          )
          const { logs, result } = yield* cutOff(how, chain, { jobs, after: 5000, pause: 3_600_000 })
          const at = 5000 + 3_600_000 + rest
          assert.strictEqual(result.state, "FAIL")
          assert.strictEqual(logs.at(-1)?.replace(/^c [12] /, ""), `${at} FAIL timed out: ${what} took longer than 10s`)
        }))
    }
  }
})

/** Jobs of which `a` does not end in its first try, and whose type's `stop` does nothing about it. */
const stubborn = () => {
  const starts: Array<string> = []
  const type = JobType.make("noop", {
    run: (_, { jobId, try: jobTry }) => {
      starts.push(`${jobId}/${jobTry}`)
      return jobId === "a" && jobTry === 1 ? Effect.never : Effect.void
    },
    stop: () => Effect.void
  })
  return { starts, jobs: JobFactory.layer([type]) }
}

describe("the stop ladder of a chain that is cut off", () => {
  const chain = chainOf("a -> b", { a: { stopGrace: "2s", stopTimeout: "9s" } })

  it.effect("is gone down for a suspend, which costs the job no try", () =>
    Effect.gen(function*() {
      const { jobs } = stubborn()
      const { logs, result } = yield* cutOff("suspend", chain, { jobs, after: 500, pause: 100 })
      assert.strictEqual(result.state, "COMPLETE")
      assert.deepStrictEqual(logs, ["a 1 2500 STOPPED interrupted: suspend", "a 2 2600 COMPLETE", "b 1 2600 COMPLETE"])
    }))

  it.effect("begins anew after a crash in the middle of it, for the same try", () =>
    Effect.gen(function*() {
      const { jobs, starts } = stubborn()
      const { logs, result } = yield* cutOff("crash", chain, {
        jobs,
        after: 500,
        pause: 100,
        // A second before the job would be killed.
        act: (bench, traverser) => Effect.andThen(bench.fork(traverser.stop), bench.pass(1000)),
        goOn: (bench, traverser) => Effect.andThen(bench.pass(400), Effect.orDie(bench.rig.run(traverser.stop)))
      })
      assert.deepStrictEqual(starts, ["a/1", "a/1"])
      assert.deepStrictEqual([result.state, logs], ["STOPPED", ["a 1 4000 STOPPED interrupted: stop"]])
    }))

  for (
    const [how, expected] of [
      ["suspend", ["a 1 3000 STOPPED interrupted: timeout", "a 2 3100 COMPLETE", "b 1 3100 COMPLETE"]],
      ["crash", [
        "a 1 5100 FAIL timed out: the try took longer than 1s",
        "a 2 5100 COMPLETE",
        "b 1 5100 COMPLETE"
      ]]
    ] as const
  ) {
    it.effect(`of a try that takes too long goes on or begins anew after a ${how} in the middle of it`, () =>
      Effect.gen(function*() {
        const { jobs } = stubborn()
        const limited = chainOf("a -> b", { a: { timeout: "1s", stopGrace: "2s", stopTimeout: "9s", retry: 1 } })
        const { logs, result } = yield* cutOff(how, limited, { jobs, after: 2000, pause: 100 })
        assert.deepStrictEqual([result.state, logs], ["COMPLETE", [...expected]])
      }))
  }

  it.effect("abandons after a crash, too, what does not stop in time", () =>
    Effect.gen(function*() {
      const { jobs } = started(() => Effect.uninterruptible(Effect.sleep("1 hour")))
      const { logs, result } = yield* cutOff("crash", chainOf("a", { a: { stopTimeout: "9s" } }), {
        jobs,
        after: 500,
        pause: 100,
        act: (bench, traverser) => bench.fork(traverser.stop),
        goOn: (bench, traverser) => Effect.orDie(bench.rig.run(traverser.stop))
      })
      assert.deepStrictEqual([result.state, result.endings.abandoned], ["FAIL", 1])
      assert.deepStrictEqual(logs, ["a 1 9600 FAIL job did not stop in time"])
    }))
})

describe("a limit of a chain that is cut off", () => {
  for (const how of ["suspend", "crash"] as const) {
    it.effect(`lets the same jobs run one at a time after a ${how}`, () =>
      Effect.gen(function*() {
        const { jobs, starts } = started(({ jobId }) => "abc".includes(jobId) ? Effect.sleep("1 second") : Effect.void)
        const concurrencyKey = "db"
        const chain = chainOf("o -> a b c\na -> z\nb -> z\nc -> z", {
          a: { concurrencyKey },
          b: { concurrencyKey },
          c: { concurrencyKey, priority: 1 }
        })
        const { result } = yield* cutOff(how, chain, { jobs, after: 1500, pause: 100 })
        assert.strictEqual(result.state, "COMPLETE")
        assert.deepStrictEqual(starts, ["o 0", "c 0", "a 1000", "a 1600", "b 2600", "z 3600"])
      }))
  }
})

describe("why jobs do not run of a chain that is cut off", () => {
  const chain = chainOf("a -> b s w x y\nb -> z\ns -> z\nw -> z\nx -> z\ny -> z", {
    b: { retry: 1, retryWait: "1m" },
    s: { when: "false" },
    w: { type: "wait", args: { signal: "go" } },
    x: { concurrencyKey: "db" },
    y: { concurrencyKey: "db" }
  })
  const others: ReadonlyArray<string> = [
    "s (over): skipped: its condition is not met, false",
    `w (signal): waits for the signal "go"`,
    `y (limit): waits for a limit: 1 of key "db" at once`
  ]
  for (
    const [how, expected] of [
      ["suspend", ["a (over): complete", ...others, "z (jobs): waits for b, w, x, y"]],
      ["crash", [
        "a (over): complete",
        "b (retry): waits until 1970-01-01T00:01:00.000Z before its next try",
        ...others,
        "z (jobs): waits for b, w, x, y"
      ]]
    ] as const
  ) {
    it.effect(`is known after a ${how}`, () =>
      Effect.gen(function*() {
        const noop = JobType.make("noop", {
          run: (_, { jobId, try: jobTry }) =>
            jobId === "b" && jobTry === 1 ? failing : "bx".includes(jobId) ? Effect.sleep("20 seconds") : Effect.void
        })
        const { explained, result } = yield* cutOff(how, chain, {
          jobs: JobFactory.layer([noop, wait]),
          after: 10_000,
          pause: 1000,
          goOn: (bench, traverser) => bench.fork(traverser.signal("go"))
        })
        assert.strictEqual(result.state, "COMPLETE")
        assert.deepStrictEqual(explained, [...expected])
      }))
  }
})

describe("typed data of a chain that is cut off", () => {
  const seen: Array<Date> = []
  const make = JobType.make("make", {
    data: Schema.Struct({ day: Schema.DateFromString }),
    run: () => Effect.succeed({ day: new Date(86_400_000) })
  })
  const use = JobType.make("use", {
    needs: Schema.Struct({ day: Schema.DateFromString }),
    run: (_, { jobId }, { day }) =>
      Effect.suspend(() => {
        seen.push(day)
        return jobId === "b" ? Effect.sleep("1 second") : Effect.void
      })
  })
  for (const how of ["suspend", "crash"] as const) {
    it.effect(`is encoded in between, and decoded again after a ${how}`, () =>
      Effect.gen(function*() {
        seen.length = 0
        const chain = chainOf("a -> b\nb -> c", { a: { type: "make" }, b: { type: "use" }, c: { type: "use" } })
        const { result, snapshot } = yield* cutOff(how, chain, {
          jobs: JobFactory.layer([make, use]),
          after: 500,
          pause: 100
        })
        assert.strictEqual(result.state, "COMPLETE")
        assert.deepStrictEqual(seen.map((day) => day.getTime()), [86_400_000, 86_400_000, 86_400_000])
        assert.deepStrictEqual(snapshot.jobChain?.jobs?.c?.data, { day: "1970-01-02T00:00:00.000Z" })
      }))
  }
})
