/** Every limit on time is reached in its very millisecond: random chains, compared with what is worked out by hand. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import type { SuspendedJobChain } from "../../src/domain/JobChain.ts"
import * as JobResult from "../../src/engine/JobResult.ts"
import * as Bench from "./Bench.ts"
import * as RandomTimes from "./RandomTimes.ts"

const Seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2_000_000_000 }))

/** Runs a chain that is suspended as it says. */
const run = Effect.fnUntraced(function*({ calls, chain, suspends }: RandomTimes.RandomTimes) {
  let called = 0
  const sent = new Bench.Sent()
  const jobs = Bench.jobsThat(() => {
    const { isComplete, milliseconds } = calls[called++] ?? { isComplete: false, milliseconds: 0 }
    return Effect.as(Effect.sleep(milliseconds), JobResult.make({ state: isComplete ? "COMPLETE" : "FAIL" }))
  })
  const bench = yield* Bench.make({ jobs, sent })
  let traverser = yield* bench.start(chain)
  for (const { after, pause } of suspends) {
    yield* bench.pass(after)
    assert.strictEqual((yield* bench.rig.run(traverser.suspend)).state, "SUSPENDED")
    yield* bench.pass(pause)
    const suspended = JSON.parse(JSON.stringify(yield* traverser.snapshot)) as SuspendedJobChain
    traverser = yield* bench.makeFromSuspended(suspended)
    yield* bench.begin(traverser)
  }
  const { state } = yield* bench.rig.run(traverser.result)
  const times = sent.attempts.filter(({ report }) => report === "job log").map(({ at }) => at)
  return {
    logs: sent.logs.map((log, index) => `${log.jobId} ${log.try} ${log.finishedAt} ${log.state} ${times[index]}`),
    end: `${state} ${sent.times("final state").join()}`
  }
})

describe.each([
  ["plainly", undefined],
  ["yielding at every 5th operation", 5],
  ["yielding at every 17th operation", 17]
])("a random chain with limits on time, %s", (_, maxOps) => {
  it.effect.prop(
    "ends its tries, jobs, sequence and itself when it must, however often it is suspended",
    { seed: Seed },
    ({ seed }) =>
      Bench.yielding(
        maxOps,
        Effect.gen(function*() {
          const expected = RandomTimes.make(seed)
          const { end, logs } = yield* run(expected)
          assert.deepStrictEqual([logs.join("\n"), end], [expected.logs.join("\n"), expected.end])
        })
      ),
    { arbitrary: { runs: 200, seed: maxOps ?? 1 } }
  )
})
