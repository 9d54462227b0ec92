/**
 * How reports go out where no repo keeps them: attempts, waits, and what waits for them.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { ChainRepo } from "../../src/engine/ChainRepo.ts"
import type { Checkpoint } from "../../src/engine/Checkpoint.ts"
import { chainOf, ScriptedJobs } from "../../src/testing/index.ts"
import * as Bench from "./Bench.ts"
import { itYielding } from "./Bench.ts"

/** Refuses the first so many attempts to send the log of a job. */
const refusing = (jobId: string, times: number) => {
  const sent = new Bench.Sent()
  let left = times
  sent.answer = (attempt) => attempt.jobId === jobId && left-- > 0 ? Bench.refused : Effect.void
  return sent
}

/** A checkpoint in words: jobs by id, with their states as numbers. */
const summary = ({ chain, changed, logs, outcome, starting, waiting }: Checkpoint) => ({
  changed: [...new Set(changed)].map((job) => `${chain.graph.ids[job]} ${chain.states[job]}`),
  logs: logs.map((log) => `${log.jobId} ${log.try} ${log.state}`),
  starting: starting.map((job) => `${chain.graph.ids[job]} ${chain.states[job]}`),
  waiting: waiting.map(({ job, until }) => `${chain.graph.ids[job]} ${until}`),
  outcome: outcome === undefined ? undefined : `${outcome.state} ${outcome.finishedJobs}`
})
const nothing = { changed: [], logs: [], starting: [], waiting: [], outcome: undefined }

/** A repo that keeps reports, and notes every checkpoint. */
const keeping = (kept: Array<ReturnType<typeof summary>>) =>
  Layer.effect(
    ChainRepo,
    Effect.map(Effect.service(ChainRepo), (repo) => ({
      ...repo,
      keepsReports: true,
      set: (checkpoint: Checkpoint) => Effect.sync(() => void kept.push(summary(checkpoint)))
    }))
  ).pipe(Layer.provide(ChainRepo.layerMemory))

describe("Reporter", () => {
  describe("a job log", () => {
    itYielding(
      "is tried five times, half a second apart, then given up, and the job's outcome is the same",
      () =>
        Effect.gen(function*() {
          const sent = refusing("a", 5)
          const jobs = new ScriptedJobs()
          const bench = yield* Bench.make({ jobs: jobs.layer, sent })
          const traverser = yield* bench.start(chainOf("a -> b"))
          yield* bench.pass("1999 millis")
          assert.deepStrictEqual(jobs.calls.map((call) => call.jobId), ["a"])
          yield* bench.pass("1 millis")
          assert.deepInclude(yield* traverser.result, { state: "COMPLETE", finishedJobs: 2 })
          assert.deepStrictEqual(sent.times("job log", "a"), [0, 500, 1000, 1500, 2000])
          assert.deepStrictEqual(sent.logs.map((log) => log.jobId), ["b"])
        })
    )

    itYielding("of a job that never ran is tried three times", () =>
      Effect.gen(function*() {
        const sent = refusing("a", 99)
        const bench = yield* Bench.make({ jobs: new ScriptedJobs({ unknown: ["a"] }).layer, sent })
        assert.strictEqual((yield* bench.run(chainOf("a"))).state, "FAIL")
        assert.deepStrictEqual(sent.times("job log", "a"), [0, 500, 1000])
      }))

    itYielding("is tried as often, and as far apart, as the settings say", () =>
      Effect.gen(function*() {
        const sent = refusing("a", 99)
        const settings = { reportTries: 2, reportRetryWait: "3 seconds" as never, unmadeJobReportTries: 1 }
        const bench = yield* Bench.make({ jobs: new ScriptedJobs().layer, sent, settings })
        yield* bench.run(chainOf("a"))
        assert.deepStrictEqual(sent.times("job log", "a"), [0, 3000])
        const unmade = refusing("a", 99)
        const other = yield* Bench.make({ jobs: new ScriptedJobs({ unknown: ["a"] }).layer, sent: unmade, settings })
        yield* other.run(chainOf("a"))
        assert.lengthOf(unmade.times("job log", "a"), 1)
      }))

    itYielding("is interrupted and tried again when an attempt takes too long, or dies", () =>
      Effect.gen(function*() {
        const sent = new Bench.Sent()
        let interrupted = 0
        sent.answer = (attempt) => {
          if (attempt.jobId !== "a") return Effect.void
          const attempts = sent.times("job log", "a").length
          if (attempts === 2) return Effect.die("broken pipe")
          return attempts === 1 ? Effect.onInterrupt(Effect.never, () => Effect.sync(() => interrupted++)) : Effect.void
        }
        const bench = yield* Bench.make({ jobs: new ScriptedJobs().layer, sent })
        yield* bench.run(chainOf("a"))
        assert.deepStrictEqual(sent.times("job log", "a"), [0, 10_500, 11_000])
        assert.strictEqual(interrupted, 1)
        assert.lengthOf(sent.logs, 1)
      }))

    itYielding("that has to be sent again holds back that job's successors only", () =>
      Effect.gen(function*() {
        const sent = refusing("b", 1)
        const started: Array<string> = []
        const jobs = Bench.jobsThat((_, context) =>
          Effect.gen(function*() {
            started.push(context.jobId)
            yield* Effect.sleep("100 millis")
          })
        )
        const bench = yield* Bench.make({ jobs, sent })
        const chain = chainOf("a -> b c\nb -> b2\nc -> c2\nb2 -> d\nc2 -> c3\nc3 -> d")
        const traverser = yield* bench.start(chain)
        yield* bench.pass("699 millis")
        assert.deepStrictEqual(started, ["a", "b", "c", "c2", "c3"])
        yield* bench.pass("1 millis")
        assert.strictEqual(started.at(-1), "b2")
        yield* bench.pass("200 millis")
        assert.strictEqual((yield* traverser.result).state, "COMPLETE")
      }))

    itYielding("holds back a successor although the other jobs before it are over", () =>
      Effect.gen(function*() {
        const sent = refusing("b", 2)
        const jobs = new ScriptedJobs()
        const bench = yield* Bench.make({ jobs: jobs.layer, sent })
        const traverser = yield* bench.start(chainOf("a -> b c\nb -> d\nc -> d"))
        yield* bench.pass("999 millis")
        assert.deepStrictEqual(jobs.calls.map((call) => call.jobId), ["a", "b", "c"])
        yield* bench.pass("1 millis")
        assert.strictEqual(jobs.calls.at(-1)?.jobId, "d")
        assert.strictEqual((yield* traverser.result).state, "COMPLETE")
      }))

    itYielding(
      "of a try with tries left holds back the next try, whose wait begins when it is accepted",
      () =>
        Effect.gen(function*() {
          const sent = refusing("a", 2)
          const jobs = new ScriptedJobs({ behaviours: { a: [{ state: "FAIL" }, {}] } })
          const bench = yield* Bench.make({ jobs: jobs.layer, sent })
          yield* bench.start(chainOf("a", { a: { retry: 1, retryWait: "10s" } }))
          yield* bench.pass("10999 millis")
          assert.lengthOf(jobs.calls, 1)
          yield* bench.pass("1 millis")
          assert.lengthOf(jobs.calls, 2)
          assert.deepStrictEqual(sent.logs.map((log) => log.try), [1, 2])
        })
    )

    itYielding("of a job that is rewound holds back the next try of its sequence", () =>
      Effect.gen(function*() {
        const sent = refusing("b", 1)
        const jobs = new ScriptedJobs({ behaviours: { b: [{ state: "FAIL" }, {}] } })
        const bench = yield* Bench.make({ jobs: jobs.layer, sent })
        const fields = { a: { sequenceId: "a", sequenceRetry: 1 }, b: { sequenceId: "a" } }
        const traverser = yield* bench.start(chainOf("a -> b", fields))
        yield* bench.pass("499 millis")
        assert.lengthOf(jobs.calls, 2)
        yield* bench.pass("1 millis")
        assert.strictEqual((yield* traverser.result).state, "COMPLETE")
        assert.deepStrictEqual(sent.logs.map((log) => `${log.jobId} ${log.try}`), ["a 1", "b 1", "a 2", "b 2"])
      }))
  })

  describe("the final state", () => {
    itYielding("comes after every job log, those that have to be sent again included", () =>
      Effect.gen(function*() {
        const sent = refusing("b", 3)
        const bench = yield* Bench.make({ jobs: new ScriptedJobs().layer, sent })
        yield* bench.run(chainOf("a -> b"))
        assert.deepStrictEqual(sent.times("final state"), [1500])
        assert.strictEqual(sent.attempts.at(-1)?.report, "final state")
      }))

    itYielding(
      "is tried five times, half a second apart; given up, the result is the same",
      () =>
        Effect.gen(function*() {
          const sent = new Bench.Sent()
          sent.answer = ({ report }) => report === "final state" ? Bench.refused : Effect.void
          const bench = yield* Bench.make({ jobs: new ScriptedJobs().layer, sent })
          const traverser = yield* bench.make({ ...chainOf("a"), requestId: "r" })
          const running = yield* bench.begin(traverser)
          // Over only when this is: nobody is told before.
          yield* bench.pass("1999 millis")
          assert.isUndefined(running.pollUnsafe())
          assert.lengthOf(yield* bench.repo.getAll, 1)
          yield* bench.pass("1 millis")
          assert.strictEqual((yield* Fiber.join(running)).state, "COMPLETE")
          assert.deepStrictEqual(sent.times("final state"), [0, 500, 1000, 1500, 2000])
          assert.deepStrictEqual(sent.ends, [])
          assert.deepStrictEqual(yield* bench.repo.getAll, [])
        })
    )

    it.effect("says when the chain ended and how many jobs are finished", () =>
      Effect.gen(function*() {
        const sent = new Bench.Sent()
        const jobs = new ScriptedJobs({ behaviours: { a: [{ milliseconds: 1234 }], b: [{ state: "FAIL" }] } })
        const bench = yield* Bench.make({ jobs: jobs.layer, sent })
        yield* bench.run({ ...chainOf("a -> b"), requestId: "r" })
        assert.deepStrictEqual(sent.finishes, [{ requestId: "r", state: "FAIL", finishedAt: 1234, finishedJobs: 1 }])
      }))
  })

  describe("a repo that keeps reports", () => {
    itYielding(
      "gets logs, states, jobs about to start and the outcome in one checkpoint each, and nobody else does",
      () =>
        Effect.gen(function*() {
          const kept: Array<ReturnType<typeof summary>> = []
          const sent = new Bench.Sent()
          const jobs = new ScriptedJobs({ behaviours: { b: [{ state: "FAIL" }, {}] } })
          const bench = yield* Bench.make({ jobs: jobs.layer, sent, repo: keeping(kept) })
          yield* bench.run(chainOf("a -> b", { b: { retry: 1, retryWait: "10s" } }))
          assert.deepStrictEqual(kept, [
            { ...nothing, starting: ["a 2"] },
            { ...nothing, changed: ["a 3"], logs: ["a 1 COMPLETE"], starting: ["b 2"] },
            { ...nothing, changed: ["b 2"], logs: ["b 1 FAIL"], waiting: ["b 10000"] },
            { ...nothing, changed: ["b 3"], logs: ["b 2 COMPLETE"] },
            { ...nothing, outcome: "COMPLETE 2" }
          ])
          assert.deepStrictEqual(sent.attempts.filter((attempt) => attempt.report !== "progress"), [])
        })
    )

    itYielding("gets a suspended chain as the outcome", () =>
      Effect.gen(function*() {
        const kept: Array<ReturnType<typeof summary>> = []
        const sent = new Bench.Sent()
        const jobs = new ScriptedJobs({ behaviours: { a: [{ block: true }] } })
        const bench = yield* Bench.make({ jobs: jobs.layer, sent, repo: keeping(kept) })
        const traverser = yield* bench.start(chainOf("a"))
        yield* bench.rig.run(traverser.suspend)
        assert.deepStrictEqual(kept.slice(1), [
          { ...nothing, changed: ["a 6"], logs: ["a 1 STOPPED"] },
          { ...nothing, outcome: "SUSPENDED 0" }
        ])
        assert.deepStrictEqual(sent.attempts, [])
      }))

    itYielding("gets every job of a rewound sequence, and its wait", () =>
      Effect.gen(function*() {
        const kept: Array<ReturnType<typeof summary>> = []
        const jobs = new ScriptedJobs({ behaviours: { b: [{ state: "FAIL" }, {}] } })
        const bench = yield* Bench.make({ jobs: jobs.layer, repo: keeping(kept) })
        const fields = { a: { sequenceId: "a", sequenceRetry: 1, sequenceRetryWait: "1m" }, b: { sequenceId: "a" } }
        yield* bench.run(chainOf("a -> b", fields))
        assert.deepStrictEqual(kept[2], {
          ...nothing,
          changed: ["b 1", "a 1"],
          logs: ["b 1 FAIL"],
          waiting: ["a 60000"]
        })
        assert.deepStrictEqual(kept[3], { ...nothing, starting: ["a 2"] })
      }))
  })
})
