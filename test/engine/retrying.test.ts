/** When a job that has failed tries again: by what its chain says, and by what its type says. */
import { assert, describe } from "@effect/vitest"
import { Clock, Data, Effect, Layer, Schedule } from "effect"
import type { Job } from "../../src/domain/JobChain.ts"
import { JobFactory } from "../../src/engine/JobFactory.ts"
import * as JobResult from "../../src/engine/JobResult.ts"
import * as JobType from "../../src/engine/JobType.ts"
import type { TypeRetrying } from "../../src/engine/TypeRetrying.ts"
import { chainOf, ScriptedJobs } from "../../src/testing/index.ts"
import * as Bench from "./Bench.ts"
import { itYielding } from "./Bench.ts"

class Busy extends Data.TaggedError("Busy")<{ readonly by?: string }> {}
class Gone extends Data.TaggedError("Gone")<{}> {}

/** Jobs that fail each time in the way that is next, and note when they started. */
const failing = (
  endings: ReadonlyArray<Effect.Effect<unknown, Busy | Gone>>,
  retry?: TypeRetrying<Busy | Gone>
) => {
  const starts: Array<number> = []
  const type = JobType.make("noop", {
    run: () =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        starts.push(now)
        return endings[Math.min(starts.length, endings.length) - 1] as Effect.Effect<unknown, Busy | Gone>
      }),
    ...(retry === undefined ? {} : { retry })
  })
  return { starts, layer: JobFactory.layer([type]) as Layer.Layer<JobFactory> }
}

const busy = Effect.fail(new Busy({}))
const exit = (code: number) => Effect.succeed(JobResult.make({ state: "FAIL", exit: code }))

/** Runs one job, and returns when its tries started and how it ended. */
const runOne = Effect.fnUntraced(function*(
  job: Job,
  endings: ReadonlyArray<Effect.Effect<unknown, Busy | Gone>>,
  retry?: TypeRetrying<Busy | Gone>
) {
  const { layer, starts } = failing(endings, retry)
  const bench = yield* Bench.make({ jobs: layer })
  const { state } = yield* bench.run(chainOf("a", { a: job }))
  return { starts, state }
})

describe("a job with a retry policy", () => {
  itYielding("waits longer and longer, up to the longest wait", () =>
    Effect.gen(function*() {
      const job = { retry: 4, retryWait: "100ms", retryPolicy: { factor: 3, maxWait: "500ms" } }
      const { starts, state } = yield* runOne(job, [busy])
      assert.deepStrictEqual([starts, state], [[0, 100, 400, 900, 1400], "FAIL"])
    }))

  itYielding("waits between none and all of the time with a jitter of 1", () =>
    Effect.gen(function*() {
      const job = { retry: 50, retryWait: "1s", retryPolicy: { jitter: 1 } }
      const { starts } = yield* runOne(job, [busy])
      const waits = starts.slice(1).map((start, index) => start - (starts[index] as number))
      assert.lengthOf(waits, 50)
      for (const wait of waits) assert.isTrue(wait >= 0 && wait <= 1000)
      assert.isAbove(new Set(waits).size, 10)
    }))

  itYielding("begins no try later than the longest time after its first", () =>
    Effect.gen(function*() {
      const policy = { factor: 2, maxElapsed: "700ms" }
      const { starts } = yield* runOne({ retry: 9, retryWait: "100ms", retryPolicy: policy }, [busy])
      assert.deepStrictEqual(starts, [0, 100, 300, 700])
    }))

  itYielding(
    "tries again after the exit codes and error tags that are listed, and no others",
    () =>
      Effect.gen(function*() {
        const job = { retry: 9, retryPolicy: { exits: [75, 111], errors: ["Busy"] } }
        assert.lengthOf((yield* runOne(job, [exit(75), exit(111), busy, exit(1)])).starts, 4)
        assert.lengthOf((yield* runOne(job, [busy, Effect.fail(new Gone())])).starts, 2)
        assert.lengthOf((yield* runOne(job, [Effect.die("a defect")])).starts, 1)
      })
  )

  itYielding(
    "goes on after a resume where its waits and its time were, without the time it was suspended",
    () =>
      Effect.gen(function*() {
        const { layer, starts } = failing([busy])
        const bench = yield* Bench.make({ jobs: layer })
        const job = { retry: 9, retryWait: "100ms", retryPolicy: { factor: 2, maxElapsed: "1s" } }
        const traverser = yield* bench.start(chainOf("a", { a: job }))
        yield* bench.pass(350)
        yield* bench.rig.run(traverser.suspend)
        const suspended = yield* traverser.snapshot
        assert.deepStrictEqual(suspended.elapsed, { jobs: { a: 350 } })
        yield* bench.pass("1 day")
        const resumed = yield* bench.makeFromSuspended(suspended)
        yield* bench.rig.run(resumed.run)
        const day = 86_400_000 + 350
        // The try it waited for begins at once, at 350 ms; the next wait is 800 ms, which would be too late.
        assert.deepStrictEqual(starts, [0, 100, 300, day])
      })
  )
})

describe("a job whose type brings a schedule", () => {
  const schedule = Schedule.exponential("100 millis").pipe(Schedule.upTo({ times: 3 }))

  itYielding("tries again as it says where the chain says nothing", () =>
    Effect.gen(function*() {
      const { starts, state } = yield* runOne({}, [busy], { schedule })
      assert.deepStrictEqual([starts, state], [[0, 100, 300, 700], "FAIL"])
    }))

  itYielding("tries again at most as often as the chain says", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual((yield* runOne({ retry: 1 }, [busy], { schedule })).starts, [0, 100])
    }))

  itYielding("waits as the chain says where that says it", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual((yield* runOne({ retry: 2, retryWait: "5ms" }, [busy], { schedule })).starts, [0, 5, 10])
    }))

  itYielding(
    "tries again only after failures its predicate takes, with the failure in its hand",
    () =>
      Effect.gen(function*() {
        const seen: Array<string> = []
        const retry: TypeRetrying<Busy | Gone> = {
          while: ({ error, exit, message }) => {
            seen.push(`${error?._tag} ${exit} ${message}`)
            return error?._tag !== "Gone"
          }
        }
        const endings = [busy, exit(7), Effect.die("a defect"), Effect.fail(new Gone()), busy]
        assert.lengthOf((yield* runOne({ retry: 9 }, endings, retry)).starts, 4)
        assert.deepStrictEqual(seen, [
          "Busy 1 Busy",
          "undefined 7 ",
          "undefined 1 panic from job.Run: a defect",
          "Gone 1 Gone"
        ])
      })
  )

  itYielding("steps it again on resume by the tries that were made", () =>
    Effect.gen(function*() {
      const { layer, starts } = failing([busy], { schedule })
      const bench = yield* Bench.make({ jobs: layer })
      const traverser = yield* bench.start(chainOf("a"))
      yield* bench.pass(150)
      yield* bench.rig.run(traverser.suspend)
      const resumed = yield* bench.makeFromSuspended(yield* traverser.snapshot)
      yield* bench.rig.run(resumed.run)
      // Without, the tries after the resume would be at 250, 450 and 850 ms.
      assert.deepStrictEqual(starts, [0, 100, 150, 550])
    }))
})

const sequence = (policy: NonNullable<Job["sequenceRetryPolicy"]>) =>
  chainOf("a -> b\nb -> c", {
    b: { sequenceId: "b", sequenceRetry: 3, sequenceRetryWait: "1s", sequenceRetryPolicy: policy },
    c: { sequenceId: "b" }
  })

describe("a sequence with a retry policy", () => {
  itYielding("waits longer and longer between its tries", () =>
    Effect.gen(function*() {
      const times: Array<number> = []
      const jobs = Bench.jobsThat((_, { jobId }) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          if (jobId === "b") times.push(now)
          return jobId === "c" ? Effect.fail("no") : Effect.void
        })
      )
      const bench = yield* Bench.make({ jobs })
      assert.strictEqual((yield* bench.run(sequence({ factor: 2, maxWait: "3s" }))).state, "FAIL")
      assert.deepStrictEqual(times, [0, 1000, 3000, 6000])
      times.length = 0
      yield* bench.run(sequence({ factor: 2, maxElapsed: "3s" }))
      assert.deepStrictEqual(times.map((time) => time - (times[0] as number)), [0, 1000, 3000])
    }))

  itYielding("is tried again only after the failures that are listed", () =>
    Effect.gen(function*() {
      const jobs = new ScriptedJobs({
        behaviours: { c: [{ state: "FAIL", exit: 75 }, { state: "FAIL", exit: 75 }, { state: "FAIL", exit: 2 }] }
      })
      const bench = yield* Bench.make({ jobs: jobs.layer })
      assert.strictEqual((yield* bench.run(sequence({ exits: [75] }))).state, "FAIL")
      assert.lengthOf(jobs.calls.filter(({ jobId }) => jobId === "b"), 3)
    }))
})
