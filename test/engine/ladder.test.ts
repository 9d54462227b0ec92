/** The stop ladder, asked → killed after the grace time → abandoned, each in its very millisecond, whatever asks. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Schema } from "effect"
import { JobFactory } from "../../src/engine/JobFactory.ts"
import * as JobType from "../../src/engine/JobType.ts"
import { chainOf } from "../../src/testing/index.ts"
import * as Bench from "./Bench.ts"
import { random } from "./RandomChain.ts"

const Seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2_000_000_000 }))
const never = Number.POSITIVE_INFINITY

/** Asks, endings, graces and timeouts differ modulo 10, so that no two things happen in the same millisecond. */
const make = (seed: number) => {
  const next = random(seed)
  const below = (max: number) => Math.floor(next() * max)
  const maybe = (value: number) => below(3) === 0 ? undefined : value
  const by = (["stop", "suspend", "timeout"] as const)[below(3)] ?? "stop"
  const asked = 10 * below(10) + 1
  const ofRun = { grace: maybe(10 * below(12) + 3), timeout: 10 * below(30) + 7 }
  const jobs = ["b", "c", "d", "e"].map((id) => {
    const grace = maybe(10 * below(12) + 3)
    const timeout = maybe(10 * below(30) + 7)
    const isAsked = below(3) > 0
    /** How long it takes to end once it is asked, and to clean up once it is killed. */
    const [ends, cleansUp] = [maybe(10 * below(15)) ?? never, maybe(10 * below(15)) ?? never]
    const killed = !isAsked ? asked : asked + (grace ?? ofRun.grace ?? never)
    const endsBy = isAsked && asked + ends < killed ? "itself" : "kill"
    const end = endsBy === "itself" ? asked + ends : killed + cleansUp
    const abandoned = asked + (timeout ?? ofRun.timeout)
    const isAbandoned = abandoned < end
    const state = by === "timeout" || isAbandoned ? "FAIL" : endsBy === "itself" ? "COMPLETE" : "STOPPED"
    const kill = endsBy === "kill" && killed < never ? [`${id} ${killed}`] : []
    return { id, grace, timeout, isAsked, ends, cleansUp, log: `${id} ${Math.min(end, abandoned)} ${state}`, kill }
  })
  return { by, asked, ofRun, jobs }
}

const byTime = (entries: ReadonlyArray<string>) =>
  entries.toSorted((one, other) => Number(one.split(" ")[1]) - Number(other.split(" ")[1]) || (one < other ? -1 : 1))

const ladder = (grace: number | undefined, timeout: number | undefined) => ({
  ...(grace !== undefined && { stopGrace: `${grace}ms` }),
  ...(timeout !== undefined && { stopTimeout: `${timeout}ms` })
})

const run = Effect.fnUntraced(function*({ asked, by, jobs, ofRun }: ReturnType<typeof make>) {
  const sent = new Bench.Sent()
  const kills: Array<string> = []
  const asks: Array<string> = []
  const specOf = (jobId: string) => jobs.find(({ id }) => id === jobId)
  const killable = (jobId: string, effect: Effect.Effect<unknown>) =>
    Effect.onInterrupt(
      effect,
      () =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          kills.push(`${jobId} ${now}`)
          return Effect.sleep(specOf(jobId)?.cleansUp ?? 0)
        })
    )
  const factory = JobFactory.layer([
    JobType.make("noop", { run: () => Effect.void }),
    JobType.make("interrupted", { run: (_, { jobId }) => Effect.asVoid(killable(jobId, Effect.never)) }),
    JobType.make("asked", {
      run: (_, { jobId, stopped }) =>
        Effect.asVoid(killable(jobId, Effect.andThen(stopped, Effect.sleep(specOf(jobId)?.ends ?? 0)))),
      stop: (_, { jobId }) => Effect.map(Clock.currentTimeMillis, (now) => void asks.push(`${jobId} ${now}`))
    })
  ])
  const chain = chainOf(
    "a -> b c d e\nb -> z\nc -> z\nd -> z\ne -> z",
    Object.fromEntries(jobs.map(({ grace, id, isAsked, timeout }) => [id, {
      type: isAsked ? "asked" : "interrupted",
      ...ladder(grace, timeout),
      ...(by === "timeout" && { totalTimeout: `${asked}ms` })
    }]))
  )
  const settings = {
    stopGrace: ofRun.grace === undefined ? undefined : Duration.millis(ofRun.grace),
    stopTimeout: Duration.millis(ofRun.timeout)
  }
  const bench = yield* Bench.make({ jobs: factory, sent, settings })
  const traverser = yield* bench.start(chain)
  yield* bench.pass(asked)
  if (by !== "timeout") yield* bench.fork(by === "stop" ? traverser.stop : traverser.suspend)
  yield* bench.rig.run(traverser.result)
  const isOver = yield* Clock.currentTimeMillis
  // What is abandoned is killed all the same.
  yield* bench.pass("1 second")
  const logs = sent.logs.slice(1).map((log) => `${log.jobId} ${log.finishedAt} ${log.state}`)
  return {
    logs: byTime(logs),
    sentAt: sent.attempts.filter(({ report }) => report === "job log").map(({ at }) => at),
    kills,
    asks,
    isOver
  }
})

for (const [how, maxOps] of [["plainly", undefined], ["at every 5th operation", 5], ["at every 17th", 17]] as const) {
  describe(`jobs that are told to end, ${how}`, () => {
    it.effect.prop(
      "are asked, killed and given up when they must be",
      { seed: Seed },
      ({ seed }) =>
        Bench.yielding(
          maxOps,
          Effect.gen(function*() {
            const expected = make(seed)
            const { asks, isOver, kills, logs, sentAt } = yield* run(expected)
            const ends = byTime(expected.jobs.map(({ log }) => log))
            assert.strictEqual(logs.join("\n"), ends.join("\n"))
            assert.deepStrictEqual(sentAt.slice(1), ends.map((end) => Number(end.split(" ")[1])))
            assert.strictEqual(byTime(kills).join(), byTime(expected.jobs.flatMap(({ kill }) => kill)).join())
            const askable = expected.jobs.filter(({ isAsked }) => isAsked)
            assert.deepStrictEqual(asks, askable.map(({ id }) => `${id} ${expected.asked}`))
            assert.strictEqual(isOver, Math.max(...sentAt))
          })
        ),
      { arbitrary: { runs: 100, seed: maxOps ?? 1 } }
    )
  })
}
