/**
 * A forecast is an upper bound: of the tries of each job, and of the time, also of a chain that is suspended or whose process dies.
 *
 * Random chains of nested sequences, in which half of all tries may fail, run on a virtual clock.
 */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Schema } from "effect"
import { TestClock } from "effect/testing"
import * as Forecast from "../../src/domain/Forecast.ts"
import type { JobChain } from "../../src/domain/JobChain.ts"
import type { JobLog } from "../../src/domain/JobLog.ts"
import * as JobState from "../../src/domain/JobState.ts"
import * as CutRun from "./CutRun.ts"
import * as RandomChain from "./RandomChain.ts"
import { RecordingRepo } from "./RecordingRepo.ts"
import { World } from "./World.ts"
import * as WorldRun from "./WorldRun.ts"

const Seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2_000_000_000 }))
const Moves = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 12 }))

/** No try takes longer, and no wait is longer: so much time one cut can cost, as what was under way begins again. */
const longest = 30

/** The chain with what is known of its jobs. */
const withTimeouts = (chain: JobChain): JobChain => ({
  ...chain,
  jobs: Object.fromEntries(
    Object.entries(chain.jobs ?? {}).map(([id, job]) => [id, { ...job, timeout: `${longest}ms` }])
  )
})

/** Returns what an effect comes to, and how many milliseconds it takes. */
const timed = Effect.fnUntraced(function*<A, E, R>(effect: Effect.Effect<A, E, R>) {
  const startedAt = yield* Clock.currentTimeMillis
  const value = yield* effect
  return { value, elapsed: (yield* Clock.currentTimeMillis) - startedAt }
})

/** A suspend costs no try. */
const checkTries = (forecast: Forecast.Forecast, logs: ReadonlyArray<JobLog>): void => {
  const counted = logs.filter(({ error }) => error !== "interrupted: suspend")
  for (const { id, triesMax } of forecast.jobs) {
    assert.isAtMost(counted.filter(({ jobId }) => jobId === id).length, triesMax, id)
  }
}

const nothing = () => Effect.void

describe("Forecast", () => {
  it.effect.prop(
    "is never exceeded, with all jobs at once or one at a time",
    { seed: Seed },
    ({ seed }) =>
      Effect.gen(function*() {
        const chain = RandomChain.make(seed)
        const forecast = Forecast.make(withTimeouts(chain.jobChain))
        const isOneByOne = seed % 2 === 0
        const world = new World(chain, isOneByOne ? 1 : undefined)
        const { elapsed } = yield* timed(WorldRun.run(world, chain, Number.POSITIVE_INFINITY, nothing))
        assert.isAtMost(elapsed, isOneByOne ? forecast.time.oneByOne : forecast.time.atOnce)
        checkTries(forecast, world.logs)
      }),
    { arbitrary: { runs: 300, seed: 8 } }
  )

  it.effect.prop(
    "is exceeded by no more than what each suspend cuts off, and a limit on the chain not at all",
    { seed: Seed, moves: Schema.Array(Moves).check(Schema.isMinLength(1), Schema.isMaxLength(4)) },
    ({ moves, seed }) =>
      Effect.gen(function*() {
        const random = RandomChain.make(seed)
        const isLimited = seed % 3 === 0
        const jobChain = { ...random.jobChain, ...(isLimited && { timeout: `${20 + seed % 100}ms` }) }
        const forecast = Forecast.make(withTimeouts(jobChain))
        const isOneByOne = seed % 2 === 0
        const world = new World(random, isOneByOne ? 1 : undefined)
        let [elapsed, suspends] = [0, 0]
        let start: WorldRun.Start = { jobChain }
        for (const count of [...moves, Number.POSITIVE_INFINITY]) {
          const isLast = count === Number.POSITIVE_INFINITY
          const run = WorldRun.run(world, start, count, ({ suspend }) => isLast ? Effect.void : suspend)
          const { elapsed: time, value: end } = yield* timed(run)
          elapsed += time
          if (end.jobChain?.state !== JobState.SUSPENDED) break
          suspends++
          start = { suspended: end }
          yield* TestClock.adjust("1 hour")
        }
        const { atOnce, oneByOne } = forecast.time
        assert.isAtMost(elapsed, (isOneByOne ? oneByOne : atOnce) + (isLimited ? 0 : suspends * longest))
        checkTries(forecast, world.logs)
      }),
    { arbitrary: { runs: 400, seed: 9 } }
  )

  it.effect.prop(
    "is exceeded by no more than what a crash cuts off",
    { seed: Seed, write: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 25 })) },
    ({ seed, write }) =>
      Effect.gen(function*() {
        const chain = RandomChain.make(seed)
        const { jobChain } = chain
        const forecast = Forecast.make(withTimeouts(jobChain))
        const isOneByOne = seed % 2 === 0
        const world = new World(chain, isOneByOne ? 1 : undefined)
        const repo = new RecordingRepo(jobChain, { write, when: seed % 3 === 0 ? "after" : "before" })
        const { elapsed } = yield* timed(Effect.gen(function*() {
          if ((yield* CutRun.run(world, repo, (factory) => factory.make(jobChain))) !== undefined) return
          const { chain: restored, resumption } = repo.recover(yield* Clock.currentTimeMillis)
          yield* CutRun.run(world, repo, (factory) => factory.makeFromChain(restored, resumption))
        }))
        assert.isAtMost(elapsed, (isOneByOne ? forecast.time.oneByOne : forecast.time.atOnce) + longest)
        checkTries(forecast, repo.logs)
      }),
    { arbitrary: { runs: 400, seed: 10 } }
  )
})
