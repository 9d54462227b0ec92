/** How many jobs run at once, and which of those that wait is next: in a chain, and across the chains of a process. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Layer, Schema } from "effect"
import type { JobChain } from "../../src/domain/JobChain.ts"
import * as Limits from "../../src/engine/Limits.ts"
import { chainOf } from "../../src/testing/index.ts"
import * as Bench from "./Bench.ts"
import { itYielding } from "./Bench.ts"

/** Jobs that take a second each, or what their args say, and note when they start and how many run. */
class Watched {
  readonly starts: Array<string> = []
  readonly faults: Array<string> = []
  private readonly running = new Map<string, number>()
  private readonly mosts: Readonly<Record<string, number>>

  /** What must never be exceeded: by request id, by key, or of all. */
  constructor(mosts: Readonly<Record<string, number>> = {}) {
    this.mosts = mosts
  }

  get layer() {
    return Bench.jobsThat((args, { jobId, requestId }) => {
      const { milliseconds = 1000, of = [] } = args as { milliseconds?: number; of?: ReadonlyArray<string> }
      const counted = ["all", requestId, ...of]
      // Masked: interrupted between its start and its end, a call would count as running for ever.
      return Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          this.starts.push(`${requestId}/${jobId} ${now}`)
          for (const name of counted) this.count(name, 1)
          return Effect.ensuring(
            restore(Effect.sleep(milliseconds)),
            Effect.sync(() => counted.forEach((name) => this.count(name, -1)))
          )
        })
      )
    })
  }

  private count(name: string, delta: number): void {
    const now = (this.running.get(name) ?? 0) + delta
    this.running.set(name, now)
    if (now > (this.mosts[name] ?? Number.POSITIVE_INFINITY)) this.faults.push(`${now} of ${name} ran at once`)
  }
}

const fan = (requestId: string, ids: ReadonlyArray<string>, jobs: Parameters<typeof chainOf>[1]): JobChain => ({
  ...chainOf(`begin -> ${ids.join(" ")}\n${ids.map((id) => `${id} -> end`).join("\n")}`, {
    begin: { args: { milliseconds: 0 } },
    end: { args: { milliseconds: 0 } },
    ...jobs
  }),
  requestId
})

const inner = (starts: ReadonlyArray<string>) => starts.filter((start) => !/\/(begin|end) /.test(start))

const runAll = Effect.fnUntraced(function*(
  chains: ReadonlyArray<JobChain>,
  watched: Watched,
  limits: Limits.Options = {},
  settings: Bench.Options["settings"] = {}
) {
  const process = new Limits.ProcessLimits(limits)
  const bench = yield* Bench.make({ jobs: watched.layer, settings, around: Layer.succeed(Limits.Current, process) })
  const traversers = yield* Effect.forEach(chains, (chain) => bench.make(chain))
  const run = Effect.forEach(traversers, (traverser) => traverser.run, { concurrency: "unbounded" })
  const results = yield* bench.rig.run(run)
  for (const { state } of results) assert.strictEqual(state, "COMPLETE")
  assert.deepStrictEqual(watched.faults, [])
  return inner(watched.starts)
})

const keyed = (requestId: string, ids: ReadonlyArray<string>, job: { readonly priority?: number } = {}) =>
  fan(
    requestId,
    ids,
    Object.fromEntries(ids.map((id) => [id, { ...job, concurrencyKey: "db", args: { of: ["db"] } }]))
  )

/** Chains of random jobs with random types, keys and limits: nothing is exceeded at any moment, and all of it ends. */
const random = (seed: number) => {
  let state = seed + 1
  const below = (bound: number) => {
    state = (state * 48_271) % 2_147_483_647
    return state % bound
  }
  const keys = ["k0", "k1", "k2"]
  const most = Object.fromEntries(keys.map((key) => [key, 1 + below(3)]))
  const chains = Array.from({ length: 1 + below(4) }, (_, index) => {
    const ids = Array.from({ length: 2 + below(6) }, (_, job) => `j${job}`)
    const jobs = Object.fromEntries(ids.map((id) => {
      const key = below(4) === 0 ? undefined : keys[below(3)] as string
      const args = { milliseconds: below(5), of: key === undefined ? [] : [key] }
      return [id, { args, priority: below(3) - 1, ...(key === undefined ? {} : { concurrencyKey: key }) }]
    }))
    return { ...fan(`r${index}`, ids, jobs), limits: { jobs: 1 + below(4) } }
  })
  const mosts = Object.fromEntries(chains.map(({ limits, requestId }) => [requestId, limits.jobs]))
  const keyLimits = Object.fromEntries(keys.map((key) => [key, { jobs: most[key] as number }]))
  return { chains, mosts: { ...most, ...mosts }, limits: { keys: keyLimits } }
}

describe("a chain with limits", () => {
  itYielding("runs no more jobs at once than it says", () =>
    Effect.gen(function*() {
      const chain = { ...fan("r", ["a", "b", "c", "d", "e"], {}), limits: { jobs: 2 } }
      assert.deepStrictEqual(yield* runAll([chain], new Watched({ all: 2 })), [
        "r/a 0",
        "r/b 0",
        "r/c 1000",
        "r/d 1000",
        "r/e 2000"
      ])
    }))

  itYielding("runs no more jobs of a type, and others meanwhile", () =>
    Effect.gen(function*() {
      const chain = fan("r", ["a", "b", "c"], { c: { args: { milliseconds: 10 } } })
      assert.deepStrictEqual(yield* runAll([{ ...chain, limits: { types: { noop: 1 } } }], new Watched({ all: 1 })), [
        "r/a 0",
        "r/b 1000",
        "r/c 2000"
      ])
    }))

  itYielding(
    "starts the jobs of a higher priority first, and of those the one that came first",
    () =>
      Effect.gen(function*() {
        const chain = fan("r", ["a", "b", "c", "d"], { b: { priority: 1 }, c: { priority: -1 }, d: { priority: 1 } })
        assert.deepStrictEqual(yield* runAll([{ ...chain, limits: { jobs: 1 } }], new Watched()), [
          "r/b 0",
          "r/d 1000",
          "r/a 2000",
          "r/c 3000"
        ])
      })
  )
})

describe("jobs with a key", () => {
  itYielding(
    "run one at a time across all chains, unless more are allowed; first come, first served",
    () =>
      Effect.gen(function*() {
        const chains = [keyed("r", ["a", "b"]), keyed("s", ["a", "b"])]
        assert.deepStrictEqual(yield* runAll(chains, new Watched({ db: 1 })), [
          "r/a 0",
          "r/b 1000",
          "s/a 2000",
          "s/b 3000"
        ])
        const two = yield* runAll(chains, new Watched({ db: 2 }), { keys: { db: { jobs: 2 } } })
        assert.deepStrictEqual(two.map((start) => Number(start.split(" ")[1])), [4000, 4000, 5000, 5000])
      })
  )

  itYielding("start by their priority across all chains", () =>
    Effect.gen(function*() {
      const chains = [keyed("r", ["a", "b"]), keyed("s", ["a", "b"], { priority: 5 })]
      assert.deepStrictEqual(yield* runAll(chains, new Watched({ db: 1 })), [
        "r/a 0",
        "s/a 1000",
        "s/b 2000",
        "r/b 3000"
      ])
    }))

  itYielding("of a chain that allows itself fewer keep no other chain waiting", () =>
    Effect.gen(function*() {
      const chains = [{ ...keyed("r", ["a", "b"]), limits: { keys: { db: 1 } } }, keyed("s", ["a", "b"])]
      const starts = yield* runAll(chains, new Watched({ db: 3 }), { keys: { db: { jobs: 3 } } })
      assert.deepStrictEqual(starts.toSorted(), ["r/a 0", "r/b 1000", "s/a 0", "s/b 0"])
    }))

  itYielding(
    "of which a chain allows itself few are not held up by other jobs of their type",
    () =>
      Effect.gen(function*() {
        const chain = { ...fan("r", ["a", "b"], { b: { concurrencyKey: "db" } }), limits: { keys: { db: 1 } } }
        const starts = yield* runAll([chain], new Watched(), { types: { noop: { jobs: 3 } } })
        assert.deepStrictEqual(starts, ["r/a 0", "r/b 0"])
      })
  )

  itYielding("that wait for a place in their own chain keep no other chain waiting", () =>
    Effect.gen(function*() {
      const chain = fan("r", ["a", "b", "c"], { b: { concurrencyKey: "db" }, c: { concurrencyKey: "db" } })
      const chains = [{ ...chain, limits: { jobs: 1 } }, keyed("s", ["x"])]
      const starts = yield* runAll(chains, new Watched({ r: 1 }))
      assert.deepStrictEqual(starts.toSorted(), ["r/a 0", "r/b 1000", "r/c 2000", "s/x 0"])
    }))

  itYielding("start no more often than their rate allows, in any stretch of time", () =>
    Effect.gen(function*() {
      const chains = [keyed("r", ["a", "b", "c"]), keyed("s", ["a", "b"])]
      const rate = { jobs: 2, per: "10 seconds" } as const
      const starts = yield* runAll(chains, new Watched(), { keys: { db: { rate } } })
      assert.deepStrictEqual(starts.map((start) => Number(start.split(" ")[1])), [0, 0, 10_000, 10_000, 20_000])
      assert.strictEqual(starts.at(-1), "s/b 20000")
    }))

  itYielding("that wait stop at once, and leave their place to others", () =>
    Effect.gen(function*() {
      const watched = new Watched({ db: 1 })
      const around = Layer.succeed(Limits.Current, new Limits.ProcessLimits({}))
      const bench = yield* Bench.make({ jobs: watched.layer, around })
      const first = yield* bench.start(keyed("r", ["a"]))
      const second = yield* bench.start(keyed("s", ["a", "b"]))
      const third = yield* bench.start(keyed("t", ["a"]))
      yield* bench.pass(500)
      const stopped = yield* bench.fork(second.stop)
      assert.strictEqual(stopped.pollUnsafe()?._tag, "Success")
      yield* bench.rig.run(first.result)
      yield* bench.rig.run(third.result)
      assert.deepStrictEqual(inner(watched.starts), ["r/a 0", "t/a 1000"])
    }))

  itYielding("wait again after a resume, and hold nothing while they are suspended", () =>
    Effect.gen(function*() {
      const watched = new Watched({ db: 1 })
      const around = Layer.succeed(Limits.Current, new Limits.ProcessLimits({}))
      const bench = yield* Bench.make({ jobs: watched.layer, around })
      const first = yield* bench.start(keyed("r", ["a", "b"]))
      yield* bench.pass(500)
      yield* bench.rig.run(first.suspend)
      const second = yield* bench.start(keyed("s", ["a"]))
      const resumed = yield* bench.makeFromSuspended(yield* first.snapshot)
      yield* bench.rig.run(resumed.run)
      yield* bench.rig.run(second.result)
      assert.deepStrictEqual(inner(watched.starts), ["r/a 0", "s/a 500", "r/a 1500", "r/b 2500"])
    }))
})

describe("a limit of the process", () => {
  itYielding("holds for the jobs of a type in all chains", () =>
    Effect.gen(function*() {
      const chains = ["r", "s", "t"].map((requestId) => fan(requestId, ["a", "b", "c"], {}))
      yield* runAll(chains, new Watched({ all: 2 }), { types: { noop: { jobs: 2 } } })
    }))

  it.each([0, 1.5, -1])("of %d jobs is refused", (jobs) => {
    assert.throws(() => new Limits.ProcessLimits({ keys: { db: { jobs } } }), RangeError)
    assert.throws(() => new Limits.ProcessLimits({ types: { shell: { rate: { jobs, per: 1 } } } }), RangeError)
  })

  for (const maxOps of [undefined, 5, 17]) {
    it.effect.prop(
      `is exceeded at no moment, and keeps nobody waiting for ever${maxOps === undefined ? "" : `, at ${maxOps}`}`,
      { seed: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 })) },
      ({ seed }) => {
        const { chains, limits, mosts } = random(seed)
        return Bench.yielding(maxOps, Effect.asVoid(runAll(chains, new Watched(mosts), limits)))
      },
      { arbitrary: { runs: 300, seed: maxOps ?? 1 } }
    )
  }
})
