/** How long tries, jobs, sequences and chains may take, and what happens to what takes longer. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Option, Schema } from "effect"
import * as Chain from "../../src/domain/Chain.ts"
import * as Explanation from "../../src/domain/Explanation.ts"
import type { Job, JobChain } from "../../src/domain/JobChain.ts"
import * as Interruption from "../../src/engine/Interruption.ts"
import type { JobContext } from "../../src/engine/JobContext.ts"
import * as JobResult from "../../src/engine/JobResult.ts"
import { chainOf } from "../../src/testing/index.ts"
import * as Bench from "./Bench.ts"
import { itYielding } from "./Bench.ts"

type Run = (context: JobContext) => Effect.Effect<unknown, unknown>

/** Runs a chain whose jobs do what `run` says, and returns what was logged, as `job try at-time STATE error`. */
const runChain = Effect.fnUntraced(function*(chain: JobChain, run: Run, stop?: Run) {
  const sent = new Bench.Sent()
  const jobs = Bench.jobsThat(
    (_, context) => run(context),
    stop === undefined ? undefined : (_, context) => stop(context)
  )
  const bench = yield* Bench.make({ jobs, sent })
  const traverser = yield* bench.make(chain)
  const result = yield* bench.rig.run(traverser.run)
  return { result, logs: sent.logs.map(shown), snapshot: yield* traverser.snapshot }
})

const shown = (log: Bench.Sent["logs"][number]) =>
  `${log.jobId} ${log.try} ${log.finishedAt} ${log.state}${log.error === "" ? "" : ` ${log.error}`}`

const job = (fields: Job) => chainOf("a", { a: fields })

describe("a try that takes too long", () => {
  itYielding(
    "is interrupted with the reason, and FAIL with an error that says which limit; the next one goes on",
    () =>
      Effect.gen(function*() {
        const reasons: Array<unknown> = []
        const { logs, result } = yield* runChain(job({ timeout: "1s", retry: 2, retryWait: "500ms" }), (context) =>
          context.try === 3 ? Effect.sleep(999) : Effect.onExit(Effect.never, (exit) =>
            Effect.sync(() => {
              const inCause = exit._tag === "Failure" ? Interruption.reasonOf(exit.cause) : Option.none()
              reasons.push(Option.getOrUndefined(inCause), context.stopReason)
            })))
        assert.deepStrictEqual(logs, [
          "a 1 1000 FAIL timed out: the try took longer than 1s",
          "a 2 2500 FAIL timed out: the try took longer than 1s",
          "a 3 3999 COMPLETE"
        ])
        assert.deepStrictEqual(reasons, ["timeout", "timeout", "timeout", "timeout"])
        assert.deepInclude(result, { state: "COMPLETE" })
        assert.deepInclude(result.endings, { complete: 1, "timed out": 0 })
      })
  )

  itYielding("is told apart at the end where it was the last", () =>
    Effect.gen(function*() {
      const { result, snapshot } = yield* runChain(job({ timeout: "1s" }), () => Effect.never)
      assert.deepInclude(result, { state: "FAIL" })
      assert.deepInclude(result.endings, { failed: 0, "timed out": 1 })
      assert.strictEqual(snapshot.jobChain?.jobs?.a?.ending, "timed out")
    }))

  itYielding("is asked to end by its type, and FAIL whatever it then says", () =>
    Effect.gen(function*() {
      const { logs } = yield* runChain(
        job({ timeout: "1s" }),
        (context) => Effect.as(context.stopped, JobResult.make({ state: "COMPLETE" })),
        () => Effect.void
      )
      assert.deepStrictEqual(logs, ["a 1 1000 FAIL timed out: the try took longer than 1s"])
    }))

  itYielding("is asked anew in each try", () =>
    Effect.gen(function*() {
      const stops: Array<number> = []
      const { logs } = yield* runChain(
        job({ timeout: "1s", retry: 1 }),
        (context) => context.stopped,
        ({ try: jobTry }) => Effect.sync(() => stops.push(jobTry))
      )
      assert.deepStrictEqual(logs, [
        "a 1 1000 FAIL timed out: the try took longer than 1s",
        "a 2 2000 FAIL timed out: the try took longer than 1s"
      ])
      assert.deepStrictEqual(stops, [1, 2])
    }))

  itYielding(
    "is abandoned, and the job with it, where it does not end within the stop timeout",
    () =>
      Effect.gen(function*() {
        const { logs, result } = yield* runChain(
          job({ timeout: "1s", stopTimeout: "3s", retry: 5 }),
          () => Effect.uninterruptible(Effect.sleep("1 minute"))
        )
        assert.deepStrictEqual(logs, ["a 1 4000 FAIL timed out: the try took longer than 1s; job did not stop in time"])
        assert.deepInclude(result.endings, { abandoned: 1, failed: 0, "timed out": 0 })
      })
  )

  itYielding("is STOPPED where the chain is stopped while it ends", () =>
    Effect.gen(function*() {
      const sent = new Bench.Sent()
      const jobs = Bench.jobsThat(() => Effect.onInterrupt(Effect.never, () => Effect.sleep("2 seconds")))
      const bench = yield* Bench.make({ jobs, sent })
      const traverser = yield* bench.start(job({ timeout: "1s", retry: 5 }))
      yield* bench.pass(1500)
      assert.strictEqual((yield* bench.rig.run(traverser.stop)).state, "STOPPED")
      assert.deepStrictEqual(sent.logs.map(shown), ["a 1 3000 STOPPED interrupted: timeout"])
    }))
})

describe("a job that takes too long in all", () => {
  itYielding("is interrupted in its try, and does not try again", () =>
    Effect.gen(function*() {
      const { logs, result } = yield* runChain(
        job({ totalTimeout: "2s", retry: 9, retryWait: "500ms" }),
        (context) => Effect.andThen(Effect.sleep(1000), Effect.fail(`no ${context.try}`))
      )
      assert.deepStrictEqual(logs, ["a 1 1000 FAIL no 1", "a 2 2000 FAIL timed out: the job took longer than 2s"])
      assert.deepInclude(result.endings, { "timed out": 1 })
    }))

  itYielding("is interrupted in a wait, with the log of a try that never ran", () =>
    Effect.gen(function*() {
      const { logs, result } = yield* runChain(
        job({ totalTimeout: "2s", retry: 9, retryWait: "1m" }),
        () => Effect.fail("no")
      )
      assert.deepStrictEqual(logs, ["a 1 0 FAIL no", "a 2 0 FAIL timed out: the job took longer than 2s"])
      assert.deepInclude(result, { state: "FAIL" })
    }))

  itYielding("has the rest of its time after a resume", () =>
    Effect.gen(function*() {
      const sent = new Bench.Sent()
      const bench = yield* Bench.make({ jobs: Bench.jobsThat(() => Effect.never), sent })
      const traverser = yield* bench.start(job({ totalTimeout: "2s" }))
      yield* bench.pass(1500)
      yield* bench.rig.run(traverser.suspend)
      yield* bench.pass("1 hour")
      const resumed = yield* bench.makeFromSuspended(yield* traverser.snapshot)
      yield* bench.rig.run(resumed.run)
      assert.deepStrictEqual(sent.logs.map(shown).slice(1), [
        `a 2 ${3_600_000 + 2000} FAIL timed out: the job took longer than 2s`
      ])
    }))

  itYielding("does not lose what its sequence waits again after a resume", () =>
    Effect.gen(function*() {
      const sent = new Bench.Sent()
      const jobs = Bench.jobsThat((_, context) => context.try === 1 ? Effect.fail("no") : Effect.sleep(800))
      const bench = yield* Bench.make({ jobs, sent })
      const retried = { sequenceId: "a", sequenceRetry: 1, sequenceRetryWait: "1m" }
      const traverser = yield* bench.start(job({ totalTimeout: "1s", ...retried }))
      yield* bench.pass(60_100)
      yield* bench.rig.run(traverser.suspend)
      const resumed = yield* bench.makeFromSuspended(yield* traverser.snapshot)
      assert.strictEqual((yield* bench.rig.run(resumed.run)).state, "COMPLETE")
      assert.strictEqual(sent.logs.map(shown).at(-1), "a 3 120900 COMPLETE")
    }))

  itYielding("has all of its time again in the next try of its sequence", () =>
    Effect.gen(function*() {
      const { logs } = yield* runChain(
        job({ totalTimeout: "2s", sequenceId: "a", sequenceRetry: 1 }),
        (context) => context.try === 1 ? Effect.never : Effect.sleep(1999)
      )
      assert.deepStrictEqual(logs, ["a 1 2000 FAIL timed out: the job took longer than 2s", "a 2 3999 COMPLETE"])
    }))
})

const sequenced = (first: Job, others: Readonly<Record<string, Job>> = {}) =>
  chainOf("a -> b x\nb -> c\nc -> z\nx -> z", {
    b: { sequenceId: "b", ...first },
    c: { sequenceId: "b" },
    ...others
  })

describe("a sequence that takes too long", () => {
  itYielding("fails with what runs of it; what is outside goes on", () =>
    Effect.gen(function*() {
      const { logs, result } = yield* runChain(
        sequenced({ sequenceTimeout: "3s", sequenceRetry: 5 }),
        ({ jobId }) => jobId === "c" ? Effect.never : jobId === "x" ? Effect.sleep("1 minute") : Effect.void
      )
      assert.deepStrictEqual(logs, [
        "a 1 0 COMPLETE",
        "b 1 0 COMPLETE",
        `c 1 3000 FAIL timed out: the sequence "b" took longer than 3s`,
        "x 1 60000 COMPLETE"
      ])
      assert.deepInclude(result.endings, { "timed out": 1, complete: 3, "never ran": 1 })
    }))

  itYielding("fails in the wait for its next try", () =>
    Effect.gen(function*() {
      const { logs } = yield* runChain(
        sequenced({ sequenceTimeout: "3s", sequenceRetry: 5, sequenceRetryWait: "1m" }),
        ({ jobId }) => jobId === "c" ? Effect.fail("no") : Effect.void
      )
      assert.deepStrictEqual(logs.slice(-2), [
        "c 1 0 FAIL no",
        `b 2 0 FAIL timed out: the sequence "b" took longer than 3s`
      ])
    }))

  itYielding("starts none of its jobs afterwards, and has no limit once it is COMPLETE", () =>
    Effect.gen(function*() {
      const chain = chainOf("a -> b x\nb -> c\nx -> c\nc -> d", {
        b: { sequenceId: "b", sequenceTimeout: "1s" },
        c: { sequenceId: "b" }
      })
      const slowly = yield* runChain(chain, ({ jobId }) => jobId === "x" ? Effect.sleep("2 seconds") : Effect.void)
      assert.deepStrictEqual(slowly.logs.at(-1), `c 1 0 FAIL timed out: the sequence "b" took longer than 1s`)
      const inTime = yield* runChain(chain, ({ jobId }) => jobId === "d" ? Effect.sleep("1 minute") : Effect.void)
      assert.strictEqual(inTime.result.state, "COMPLETE")
    }))

  itYielding("may be tried again by the one around it, with all of its time", () =>
    Effect.gen(function*() {
      const chain = chainOf("a -> b\nb -> c\nc -> d", {
        a: { sequenceId: "a", sequenceRetry: 1 },
        d: { sequenceId: "a" },
        b: { sequenceId: "b", sequenceTimeout: "1s" },
        c: { sequenceId: "b" }
      })
      const { logs, result } = yield* runChain(
        chain,
        (context) => context.jobId === "c" ? Effect.sleep(context.try === 1 ? 5000 : 999) : Effect.void
      )
      assert.strictEqual(result.state, "COMPLETE")
      assert.deepStrictEqual(logs.filter((log) => log.startsWith("c")), [
        `c 1 1000 FAIL timed out: the sequence "b" took longer than 1s`,
        "c 2 1999 COMPLETE"
      ])
    }))

  itYielding("has the rest of its time after a resume, over all its tries", () =>
    Effect.gen(function*() {
      const sent = new Bench.Sent()
      const jobs = Bench.jobsThat((_, { jobId }) => jobId === "c" ? Effect.never : Effect.void)
      const bench = yield* Bench.make({ jobs, sent })
      const traverser = yield* bench.start(sequenced({ sequenceTimeout: "3s" }))
      yield* bench.pass(2000)
      yield* bench.rig.run(traverser.suspend)
      yield* bench.pass("1 hour")
      const suspended = yield* traverser.snapshot
      assert.deepStrictEqual(suspended.elapsed?.sequences, { b: 2000 })
      const resumed = yield* bench.makeFromSuspended(suspended)
      yield* bench.rig.run(resumed.run)
      assert.strictEqual(
        sent.logs.map(shown).at(-1),
        `c 2 ${3_600_000 + 3000} FAIL timed out: the sequence "b" took longer than 3s`
      )
    }))
})

describe("a chain that takes too long", () => {
  const limited = { ...chainOf("a -> b c\nb -> d\nc -> d", { c: { retry: 3, retryWait: "1h" } }), timeout: "10s" }

  itYielding("interrupts what runs and waits, starts nothing more, and is FAIL", () =>
    Effect.gen(function*() {
      const { logs, result } = yield* runChain(
        limited,
        ({ jobId }) => jobId === "b" ? Effect.never : jobId === "c" ? Effect.fail("no") : Effect.void
      )
      assert.deepStrictEqual(logs, [
        "a 1 0 COMPLETE",
        "c 1 0 FAIL no",
        "b 1 10000 FAIL timed out: the chain took longer than 10s",
        "c 2 0 FAIL timed out: the chain took longer than 10s"
      ])
      assert.deepInclude(result, { state: "FAIL" })
      assert.deepInclude(result.endings, { "timed out": 2, "never ran": 1 })
    }))

  itYielding("says so where nothing of it runs, and what did not run because of that", () =>
    Effect.gen(function*() {
      const wait = { sequenceId: "b", sequenceRetry: 1, sequenceRetryWait: "1h" }
      const bench = yield* Bench.make({
        jobs: Bench.jobsThat((_, { jobId }) => jobId === "b" ? Effect.fail("no") : Effect.void)
      })
      const traverser = yield* bench.make({ ...chainOf("a -> b\nb -> c\nc -> d", { b: wait }), timeout: "10s" })
      const result = yield* bench.rig.run(traverser.run)
      assert.deepInclude(result, {
        state: "FAIL",
        timedOut: { why: "the chain took longer than 10s", neverRan: ["b", "c", "d"] }
      })
      const explained = (yield* traverser.explain).map(({ jobId, text }) => `${jobId}: ${text}`)
      assert.deepStrictEqual(explained, [
        "a: complete",
        "b: did not run again: the chain took longer than 10s",
        "c: never ran, as it comes after b",
        "d: never ran, as it comes after c"
      ])
      // Whoever reads how the chain stands when it is over can tell, too.
      const read = Chain.fromSuspended(JSON.parse(JSON.stringify(yield* traverser.snapshot)))
      assert.deepInclude(Explanation.explain(read)[1], { why: "the chain took longer than 10s" })
    }))

  itYielding("has the rest of its time after a resume", () =>
    Effect.gen(function*() {
      const sent = new Bench.Sent()
      const bench = yield* Bench.make({ jobs: Bench.jobsThat(() => Effect.never), sent })
      const traverser = yield* bench.start({ ...chainOf("a"), timeout: "10s" })
      yield* bench.pass(4000)
      yield* bench.rig.run(traverser.suspend)
      const suspended = yield* traverser.snapshot
      assert.deepStrictEqual(suspended.elapsed, { chain: 4000 })
      const resumed = yield* bench.makeFromSuspended(suspended)
      yield* bench.rig.run(resumed.run)
      assert.strictEqual(sent.logs.map(shown).at(-1), "a 2 10000 FAIL timed out: the chain took longer than 10s")
    }))
})

describe("the stop ladder", () => {
  itYielding("interrupts what its type's stop does not end within the grace time", () =>
    Effect.gen(function*() {
      const sent = new Bench.Sent()
      const killed: Array<number> = []
      const jobs = Bench.jobsThat(
        () => Effect.onInterrupt(Effect.never, () => Effect.map(Clock.currentTimeMillis, (now) => killed.push(now))),
        () => Effect.void
      )
      const bench = yield* Bench.make({ jobs, sent })
      const traverser = yield* bench.start(job({ stopGrace: "2s" }))
      yield* bench.pass(500)
      assert.strictEqual((yield* bench.rig.run(traverser.stop)).state, "STOPPED")
      assert.deepStrictEqual([killed, sent.logs.map(shown)], [[2500], ["a 1 2500 STOPPED interrupted: stop"]])
    }))

  itYielding(
    "abandons a job after its own stop timeout, and the others after that of the run",
    () =>
      Effect.gen(function*() {
        const sent = new Bench.Sent()
        const jobs = Bench.jobsThat((_, { jobId }) =>
          jobId === "a" ? Effect.void : Effect.uninterruptible(Effect.sleep("1 hour"))
        )
        const bench = yield* Bench.make({ jobs, sent, settings: { stopTimeout: "5 seconds" as never } })
        const traverser = yield* bench.start(
          chainOf("a -> b c d\nb -> z\nc -> z\nd -> z", { b: { stopTimeout: "1s" }, c: { stopTimeout: "30s" } })
        )
        const stopped = yield* bench.rig.run(traverser.stop)
        assert.deepStrictEqual(sent.logs.map(shown), [
          "a 1 0 COMPLETE",
          "b 1 1000 FAIL job did not stop in time",
          "d 1 5000 FAIL job did not stop in time",
          "c 1 30000 FAIL job did not stop in time"
        ])
        assert.deepStrictEqual(stopped.endings, {
          complete: 1,
          skipped: 0,
          failed: 0,
          "timed out": 0,
          abandoned: 3,
          stopped: 0,
          "never ran": 1
        })
      })
  )

  it.effect("tells the type how long the grace time is: the job's own, else that of the run", () =>
    Effect.gen(function*() {
      const seen: Array<number | undefined> = []
      const jobs = Bench.jobsThat((_, { stopGrace }) => Effect.sync(() => seen.push(stopGrace)))
      const own = job({ stopGrace: "2s" })
      yield* (yield* Bench.make({ jobs })).run(own)
      yield* (yield* Bench.make({ jobs, settings: { stopGrace: "3 seconds" as never } })).run(job({}))
      yield* (yield* Bench.make({ jobs })).run(job({}))
      assert.deepStrictEqual(seen, [2000, 3000, undefined])
    }))
})

describe("a sequence that lets its siblings finish", () => {
  itYielding("waits for the tries that run, lets none follow, and then starts again", () =>
    Effect.gen(function*() {
      const sequenceId = "a"
      const chain = chainOf("a -> b c d\nb -> z\nc -> z\nd -> z", {
        a: { sequenceId, sequenceRetry: 1, sequenceSiblings: "finish" },
        b: { sequenceId },
        c: { sequenceId, retry: 9, retryWait: "1h" },
        d: { sequenceId, retry: 9 },
        z: { sequenceId }
      })
      const { logs, result } = yield* runChain(chain, ({ jobId, try: jobTry }) => {
        if (jobTry > 1) return Effect.void
        switch (jobId) {
          case "b":
            return Effect.andThen(Effect.sleep(1000), Effect.fail("no"))
          case "c":
            return Effect.fail("waits for an hour")
          case "d":
            return Effect.andThen(Effect.sleep(5000), Effect.fail("late"))
          default:
            return Effect.void
        }
      })
      assert.strictEqual(result.state, "COMPLETE")
      assert.deepStrictEqual(logs.filter((log) => !log.startsWith("a") && !log.startsWith("z")), [
        "c 1 0 FAIL waits for an hour",
        "b 1 1000 FAIL no",
        "d 1 5000 FAIL late",
        "b 2 5000 COMPLETE",
        "c 3 5000 COMPLETE",
        "d 2 5000 COMPLETE"
      ])
    }))

  itYielding("is tried again after a resume, where it was suspended while they finished", () =>
    Effect.gen(function*() {
      const sequenceId = "a"
      const chain = chainOf("a -> b c\nb -> z\nc -> z", {
        a: { sequenceId, sequenceRetry: 1, sequenceSiblings: "finish" },
        b: { sequenceId },
        c: { sequenceId },
        z: { sequenceId }
      })
      const sent = new Bench.Sent()
      const jobs = Bench.jobsThat((_, { jobId, try: jobTry }) =>
        jobTry > 1 || jobId === "a" ? Effect.void : jobId === "b" ? Effect.fail("no") : Effect.sleep("1 minute")
      )
      const bench = yield* Bench.make({ jobs, sent })
      const traverser = yield* bench.start(chain)
      yield* bench.pass("1 second")
      assert.strictEqual((yield* bench.rig.run(traverser.suspend)).state, "SUSPENDED")
      const resumed = yield* bench.makeFromSuspended(yield* traverser.snapshot)
      assert.strictEqual((yield* bench.rig.run(resumed.run)).state, "COMPLETE")
      assert.deepStrictEqual(sent.logs.map(shown).filter((log) => log.startsWith("c")), [
        "c 1 1000 STOPPED interrupted: suspend",
        "c 2 1000 COMPLETE"
      ])
    }))
})

/** One job with limits, and when its tries must end, worked out by hand. Residues modulo 10 keep ends and limits apart. */
const randomJob = (seed: number) => {
  let state = seed + 1
  const below = (bound: number) => {
    state = (state * 48_271) % 2_147_483_647
    return state % bound
  }
  const timeout = below(3) === 0 ? Number.POSITIVE_INFINITY : 10 * below(6) + 11
  const total = below(3) === 0 ? Number.POSITIVE_INFINITY : 10 * below(12) + 15
  const wait = 10 * below(4)
  const retry = below(3)
  const tries = Array.from({ length: retry + 1 }, () => ({ takes: 10 * below(8), isComplete: below(3) === 0 }))
  const ends: Array<string> = []
  let now = 0
  for (const [index, { isComplete, takes }] of tries.entries()) {
    const end = Math.min(now + takes, now + timeout, total)
    const isOwn = end === now + takes
    ends.push(`${index + 1} ${end} ${isOwn && isComplete ? "COMPLETE" : "FAIL"}`)
    if ((isOwn && isComplete) || end === total || index === retry) break
    now = end + wait
    if (now < total) continue
    ends.push(`${index + 2} 0 FAIL`)
    break
  }
  return {
    fields: {
      retry,
      retryWait: `${wait}ms`,
      ...(Number.isFinite(timeout) ? { timeout: `${timeout}ms` } : {}),
      ...(Number.isFinite(total) ? { totalTimeout: `${total}ms` } : {})
    },
    tries,
    ends
  }
}

describe("a job with random limits", () => {
  for (const maxOps of [undefined, 5, 17]) {
    it.effect.prop(
      `ends when it must, to the millisecond${maxOps === undefined ? "" : `, yielding at every ${maxOps}th operation`}`,
      { seed: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 })) },
      ({ seed }) => {
        const { ends, fields, tries } = randomJob(seed)
        const run: Run = (context) => {
          const { isComplete, takes } = tries[context.try - 1] ?? { takes: 0, isComplete: false }
          return Effect.as(Effect.sleep(takes), JobResult.make({ state: isComplete ? "COMPLETE" : "FAIL" }))
        }
        return Bench.yielding(
          maxOps,
          Effect.map(
            runChain(job(fields), run),
            ({ logs }) => assert.deepStrictEqual(logs.map((log) => log.split(" ").slice(1, 4).join(" ")), ends)
          )
        )
      },
      { arbitrary: { runs: 300, seed: maxOps ?? 1 } }
    )
  }
})
