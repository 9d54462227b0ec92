/**
 * What a traverser promises of a chain's run: waits, tries, interruption, stop and suspend. The conformance vectors hold
 * outcomes; here it is about what can be seen on the way, to the millisecond.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Layer, Option, Scheduler, Schema } from "effect"
import * as JobState from "../../src/domain/JobState.ts"
import { ChainRepo } from "../../src/engine/ChainRepo.ts"
import type { Checkpoint } from "../../src/engine/Checkpoint.ts"
import * as Interruption from "../../src/engine/Interruption.ts"
import { JobFactory } from "../../src/engine/JobFactory.ts"
import * as JobResult from "../../src/engine/JobResult.ts"
import * as JobType from "../../src/engine/JobType.ts"
import { chainOf, ScriptedJobs } from "../../src/testing/index.ts"
import * as Bench from "./Bench.ts"
import { itYielding } from "./Bench.ts"

/** Three jobs in a sequence of two tries. */
const sequence = {
  a: { sequenceId: "a", sequenceRetry: 1, sequenceRetryWait: "30s" },
  b: { sequenceId: "a" },
  c: { sequenceId: "a" }
}
const line = "a -> b\nb -> c"

/** A repo that does something of its own before it keeps a checkpoint. */
const repoThat = (before: (checkpoint: Checkpoint) => Effect.Effect<void>) =>
  Layer.effect(
    ChainRepo,
    Effect.map(Effect.service(ChainRepo), (repo) => ({
      ...repo,
      set: (checkpoint: Checkpoint) => Effect.andThen(before(checkpoint), repo.set(checkpoint))
    }))
  ).pipe(Layer.provide(ChainRepo.layerMemory))

/** Jobs that wait for ever, and note everything that says why they are interrupted. */
const waiting = () => {
  const seen: Array<unknown> = []
  const jobs = Bench.jobsThat((_, context) =>
    Effect.gen(function*() {
      yield* Effect.forkChild(
        Effect.flatMap(context.stopped, (reason) => Effect.sync(() => seen.push(["stopped", reason])))
      )
      seen.push(["before", context.stopReason])
      return yield* Effect.onExit(Effect.never, (exit) =>
        Effect.gen(function*() {
          yield* Effect.yieldNow
          const reason = Exit.isFailure(exit) ? Interruption.reasonOf(exit.cause) : Option.none()
          seen.push(["cause", Option.getOrUndefined(reason)], ["stopReason", context.stopReason])
          seen.push(["late stopped", yield* context.stopped])
        }))
    })
  )
  return { seen, jobs }
}

const reasonSeen = (reason: string) => [
  ["before", undefined],
  ["cause", reason],
  ["stopReason", reason],
  ["late stopped", reason]
]

/** Jobs that nothing but their type's `stop` ends, once they have begun; some tries fail at once. */
const endedByStop = (fails: (jobTry: number) => boolean) => {
  const begun: Array<number> = []
  let end: Deferred.Deferred<void> | undefined
  const jobs = Bench.jobsThat(
    (_, context) => {
      begun.push(context.try)
      if (fails(context.try)) return Effect.fail("no")
      end = Deferred.makeUnsafe()
      return Effect.as(Deferred.await(end), JobResult.make({ state: "STOPPED" }))
    },
    () => Effect.suspend(() => end === undefined ? Effect.void : Deferred.succeed(end, undefined))
  )
  return { begun, jobs }
}

describe("Traverser", () => {
  describe("run", () => {
    itYielding("is RUNNING while it runs", () =>
      Effect.gen(function*() {
        const jobs = new ScriptedJobs({ behaviours: { a: [{ block: true }] } })
        const bench = yield* Bench.make({ jobs: jobs.layer })
        const traverser = yield* bench.make(chainOf("a"))
        const stateNow = Effect.map(traverser.snapshot, ({ jobChain }) => JobState.fromCode(jobChain?.state ?? 0))
        assert.strictEqual(yield* stateNow, "PENDING")
        yield* bench.begin(traverser)
        assert.strictEqual(yield* stateNow, "RUNNING")
        yield* jobs.end("a")
        yield* bench.rig.settle
        assert.strictEqual(yield* stateNow, "COMPLETE")
      }))

    itYielding("returns the same result to everyone, however often it is run", () =>
      Effect.gen(function*() {
        const jobs = new ScriptedJobs({ behaviours: { a: [{ milliseconds: 10 }] } })
        const sent = new Bench.Sent()
        const bench = yield* Bench.make({ jobs: jobs.layer, sent })
        const traverser = yield* bench.make({ ...chainOf("a"), requestId: "r" })
        const first = yield* bench.begin(traverser)
        const second = yield* bench.begin(traverser)
        const waiter = yield* bench.fork(traverser.result)
        yield* bench.pass(10)
        const endings = { complete: 1, skipped: 0, failed: 0, "timed out": 0, abandoned: 0, stopped: 0, "never ran": 0 }
        const expected = { requestId: "r", state: "COMPLETE", finishedJobs: 1, endings }
        for (const fiber of [first, second, waiter]) assert.deepStrictEqual(yield* Fiber.join(fiber), expected as never)
        assert.deepStrictEqual(yield* traverser.run, expected as never)
        assert.lengthOf(jobs.calls, 1)
        assert.deepStrictEqual(sent.ends, ["COMPLETE"])
      }))

    itYielding("waits between two tries of a job, to the millisecond", () =>
      Effect.gen(function*() {
        const jobs = new ScriptedJobs({ behaviours: { a: [{ state: "FAIL" }, { state: "UNKNOWN" }, {}] } })
        const bench = yield* Bench.make({ jobs: jobs.layer })
        const traverser = yield* bench.start(chainOf("a", { a: { retry: 2, retryWait: "1m" } }))
        yield* bench.pass("59 seconds")
        assert.lengthOf(jobs.calls, 1)
        yield* bench.pass("999 millis")
        assert.lengthOf(jobs.calls, 1)
        yield* bench.pass("1 millis")
        assert.lengthOf(jobs.calls, 2)
        yield* bench.pass("59999 millis")
        assert.lengthOf(jobs.calls, 2)
        yield* bench.pass("1 millis")
        assert.strictEqual((yield* traverser.result).state, "COMPLETE")
        assert.deepStrictEqual(jobs.calls.map((call) => call.try), [1, 2, 3])
      }))

    itYielding(
      "says of a job in its retry wait that it is on its next try, with the wait before its own status",
      () =>
        Effect.gen(function*() {
          const calls: Array<number> = []
          const jobs = Bench.jobsThat((_, context) =>
            Effect.gen(function*() {
              calls.push(context.try)
              yield* context.setStatus(`half way in try ${context.try}`)
              yield* Effect.sleep("1 second")
              return JobResult.make({ state: context.try === 1 ? "FAIL" : "COMPLETE" })
            })
          )
          const bench = yield* Bench.make({ jobs })
          const chain = { ...chainOf("a", { a: { name: "build", retry: 1, retryWait: "1m" } }), requestId: "r" }
          const traverser = yield* bench.start(chain)
          const status = { requestId: "r", jobId: "a", type: "noop", name: "build", state: "RUNNING" }
          assert.deepStrictEqual(yield* traverser.running, [
            { ...status, startedAt: 0, status: "half way in try 1", try: 1 } as never
          ])
          yield* bench.pass("1500 millis")
          assert.deepStrictEqual(yield* traverser.running, [
            { ...status, startedAt: 1000, status: "(retry sleep) half way in try 1", try: 2 } as never
          ])
          assert.deepInclude(yield* traverser.snapshot, { totalJobTries: { a: 2 }, latestRunJobTries: { a: 2 } })
          yield* bench.pass("1 minute")
          assert.deepStrictEqual(yield* traverser.running, [
            { ...status, startedAt: 61_000, status: "half way in try 2", try: 2 } as never
          ])
          yield* bench.pass("1 second")
          assert.deepStrictEqual(yield* traverser.running, [])
          assert.deepStrictEqual(calls, [1, 2])
        })
    )

    itYielding(
      "waits before a further try of a sequence, to the millisecond, with its first job still PENDING",
      () =>
        Effect.gen(function*() {
          const jobs = new ScriptedJobs({ behaviours: { b: [{ state: "FAIL" }, {}] } })
          const bench = yield* Bench.make({ jobs: jobs.layer })
          const traverser = yield* bench.start(chainOf(line, sequence))
          yield* bench.pass("29999 millis")
          assert.deepStrictEqual(jobs.calls.map((call) => call.jobId), ["a", "b"])
          assert.deepStrictEqual(yield* traverser.running, [])
          const { jobChain, sequenceTries, totalJobTries } = yield* traverser.snapshot
          assert.strictEqual(jobChain?.jobs?.a?.state, JobState.PENDING)
          assert.deepStrictEqual([sequenceTries, totalJobTries, jobChain?.finishedJobs], [{ a: 1 }, { a: 1, b: 1 }, 0])
          yield* bench.pass("1 millis")
          assert.strictEqual((yield* traverser.result).state, "COMPLETE")
          assert.deepStrictEqual(jobs.calls.map((call) => `${call.jobId} ${call.try}`), [
            "a 1",
            "b 1",
            "a 2",
            "b 2",
            "c 1"
          ])
        })
    )

    itYielding("gives each try an idempotency key of its own, which only grows", () =>
      Effect.gen(function*() {
        const keys: Array<string> = []
        const jobs = Bench.jobsThat((_, context) =>
          Effect.sync(() => {
            keys.push(context.idempotencyKey)
            return JobResult.make({ state: context.jobId === "b" && keys.length < 6 ? "FAIL" : "COMPLETE" })
          })
        )
        const bench = yield* Bench.make({ jobs })
        const chain = chainOf("a -> b", { a: sequence.a, b: { ...sequence.b, retry: 1 } })
        assert.strictEqual((yield* bench.run({ ...chain, requestId: "r" })).state, "COMPLETE")
        assert.deepStrictEqual(keys, ["r/a/1", "r/b/1", "r/b/2", "r/a/2", "r/b/3", "r/b/4"])
      }))

    itYielding(
      "keeps what a failed try wrote for the job's next try, and for no other try of its sequence",
      () =>
        Effect.gen(function*() {
          const seen: Array<unknown> = []
          const jobs = Bench.jobsThat((_, context) =>
            Effect.gen(function*() {
              seen.push(context.data)
              yield* context.setData({ [`try ${context.try}`]: true })
              assert.deepInclude(context.data, { [`try ${context.try}`]: true })
              return yield* Effect.die("no")
            })
          )
          const bench = yield* Bench.make({ jobs })
          yield* bench.run(chainOf("a", { a: { ...sequence.a, retry: 1 } }))
          assert.deepStrictEqual(seen, [{}, { "try 1": true }, {}, { "try 3": true }])
        })
    )

    itYielding("counts one try of a job that cannot be made, and never tries it again", () =>
      Effect.gen(function*() {
        const sent = new Bench.Sent()
        const jobs = new ScriptedJobs({ unknown: ["a"] })
        const bench = yield* Bench.make({ jobs: jobs.layer, sent })
        const suspended = { requestId: "r", jobChain: chainOf("a", { a: { retry: 3 } }), totalJobTries: { a: 4 } }
        const traverser = yield* bench.makeFromSuspended(suspended)
        assert.strictEqual((yield* bench.rig.run(traverser.run)).state, "FAIL")
        assert.deepStrictEqual(sent.logs, [{
          requestId: "r",
          jobId: "a",
          name: "a",
          type: "noop",
          try: 5,
          startedAt: 0,
          finishedAt: 0,
          state: "FAIL",
          exit: 1,
          error: "problem creating job runner: unknown job type",
          stdout: "",
          stderr: ""
        }])
        assert.deepInclude(yield* traverser.snapshot, { totalJobTries: { a: 5 }, latestRunJobTries: { a: 1 } })
      }))

    itYielding(
      "does not run more jobs at once than it may, one between two tries included",
      () =>
        Effect.gen(function*() {
          const jobs = new ScriptedJobs({
            behaviours: { b: [{ state: "FAIL" }, {}], c: [{ block: true }], d: [{ block: true }] }
          })
          const bench = yield* Bench.make({ jobs: jobs.layer, settings: { concurrency: 2 } })
          const chain = chainOf("a -> b c d\nb -> e\nc -> e\nd -> e", { b: { retry: 1, retryWait: "1m" } })
          const traverser = yield* bench.start(chain)
          assert.deepStrictEqual([...jobs.blocked], ["c"])
          assert.sameMembers((yield* traverser.running).map((status) => status.jobId), ["b", "c"])
          yield* bench.pass("1 minute")
          assert.deepStrictEqual([...jobs.blocked], ["c", "d"])
          yield* jobs.end("c")
          yield* jobs.end("d")
          yield* bench.rig.settle
          assert.strictEqual((yield* traverser.result).state, "COMPLETE")
        })
    )

    itYielding("ignores what a fiber that a job left behind still does", () =>
      Effect.gen(function*() {
        const sent = new Bench.Sent()
        const gate = yield* Deferred.make<void>()
        const seen: Array<unknown> = []
        const jobs = Bench.jobsThat((_, context) =>
          Effect.gen(function*() {
            seen.push(context.data)
            if (context.jobId !== "a") return
            const late = Effect.andThen(context.setData({ late: 1 }), context.write("stdout", "late"))
            yield* Effect.forkDetach(
              Effect.andThen(Deferred.await(gate), Effect.andThen(late, context.setStatus("late")))
            )
          })
        )
        // Let go while the very last checkpoint is being kept.
        const repo = repoThat(({ logs }) =>
          logs.some((log) => log.jobId === "b")
            ? Effect.andThen(Deferred.succeed(gate, undefined), Effect.sleep("1 second"))
            : Effect.void
        )
        const bench = yield* Bench.make({ jobs, sent, repo })
        const traverser = yield* bench.start(chainOf("a -> b"))
        yield* bench.pass("1 second")
        assert.strictEqual((yield* bench.rig.run(traverser.result)).state, "COMPLETE")
        assert.deepStrictEqual(seen, [{}, {}])
        assert.notProperty((yield* traverser.snapshot).jobChain?.jobs?.a, "data")
      }))

    itYielding(
      "suspends when its fiber is interrupted, waits for that, and leaves the result",
      () =>
        Effect.gen(function*() {
          const sent = new Bench.Sent()
          const { jobs, seen } = waiting()
          const bench = yield* Bench.make({ jobs, sent })
          const traverser = yield* bench.make(chainOf("a -> b"))
          const running = yield* bench.begin(traverser)
          yield* bench.rig.run(Fiber.interrupt(running))
          assert.deepStrictEqual(sent.ends, ["SUSPENDED"])
          assert.strictEqual((yield* traverser.result).state, "SUSPENDED")
          assert.deepStrictEqual(
            seen.filter((entry) => (entry as Array<string>)[0] !== "stopped"),
            reasonSeen("suspend")
          )
          const exit = yield* Fiber.await(running)
          assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
          assert.strictEqual((yield* traverser.run).state, "SUSPENDED")
        })
    )

    itYielding(
      "dies, for everyone who waits, when the repo breaks its contract, and interrupts what runs",
      () =>
        Effect.gen(function*() {
          const ended: Array<string> = []
          const jobs = Bench.jobsThat((_, context) =>
            context.jobId === "b"
              ? Effect.onExit(Effect.never, () => Effect.sync(() => ended.push(context.stopReason ?? "no reason")))
              : Effect.sleep("1 second")
          )
          const repo = repoThat(({ logs }) =>
            logs.some((log) => log.jobId === "c") ? Effect.die(new Error("disk on fire")) : Effect.void
          )
          const bench = yield* Bench.make({ jobs, repo })
          const traverser = yield* bench.make(chainOf("a -> b c\nb -> d\nc -> d"))
          const running = yield* bench.begin(traverser)
          const waiter = yield* bench.fork(traverser.result)
          yield* bench.pass("2 seconds")
          for (
            const exit of [yield* Fiber.await(running), yield* Fiber.await(waiter), yield* Effect.exit(traverser.stop)]
          ) {
            assert.isTrue(Exit.isFailure(exit) && Cause.pretty(exit.cause).includes("disk on fire"))
          }
          assert.deepStrictEqual(ended, ["stop"])
        })
    )
  })

  describe("a rewound job", () => {
    itYielding(
      "is interrupted with that reason and waited for; its try is logged as stopped and leaves nothing",
      () =>
        Effect.gen(function*() {
          const sent = new Bench.Sent()
          const calls: Array<string> = []
          const seen: Array<unknown> = []
          const jobs = Bench.jobsThat((_, context) =>
            Effect.gen(function*() {
              calls.push(`${context.jobId} ${context.try} ${JSON.stringify(context.data)}`)
              if (context.try > 1 || context.jobId === "a" || context.jobId === "d") return
              yield* context.setData({ leaked: context.jobId })
              if (context.jobId === "b") return yield* Effect.andThen(Effect.sleep("1 second"), Effect.die("no"))
              return yield* Effect.onExit(Effect.never, (exit) =>
                Effect.gen(function*() {
                  const reason = Exit.isFailure(exit) ? Interruption.reasonOf(exit.cause) : Option.none()
                  seen.push(Option.getOrUndefined(reason), context.stopReason, yield* context.stopped)
                  yield* Effect.sleep("3 seconds")
                }))
            })
          )
          const bench = yield* Bench.make({ jobs, sent })
          const drawing = "a -> b c\nb -> d\nc -> d"
          const fields = { a: { sequenceId: "a", sequenceRetry: 1 }, b: sequence.b, d: sequence.b }
          const traverser = yield* bench.start(chainOf(drawing, fields))
          yield* bench.pass("3999 millis")
          assert.sameMembers(calls, ["a 1 {}", "b 1 {}", "c 1 {}"])
          assert.deepStrictEqual(seen, ["rewind", "rewind", "rewind"])
          yield* bench.pass("1 millis")
          assert.deepInclude(yield* traverser.result, { state: "COMPLETE", finishedJobs: 4 })
          assert.sameMembers(calls.slice(3), ["a 2 {}", "b 2 {}", "c 2 {}", "d 1 {}"])
          const [log] = sent.logs.filter((log) => log.jobId === "c" && log.try === 1)
          assert.deepInclude(log, { state: "STOPPED", exit: 1, error: "interrupted: rewind", finishedAt: 4000 })
          assert.deepInclude(yield* traverser.snapshot, { sequenceTries: { a: 2 } })
        })
    )

    itYielding("is given up by a stop when it does not end", () =>
      Effect.gen(function*() {
        const sent = new Bench.Sent()
        const jobs = new ScriptedJobs({
          behaviours: { b: [{ milliseconds: 1000, state: "FAIL" }], c: [{ ignoreStop: true }] }
        })
        const bench = yield* Bench.make({ jobs: jobs.layer, sent })
        const fields = { a: { sequenceId: "a", sequenceRetry: 1 }, b: sequence.b, d: sequence.b }
        const traverser = yield* bench.start(chainOf("a -> b c\nb -> d\nc -> d", fields))
        // There is no limit to this wait.
        yield* bench.pass("1 hour")
        assert.deepStrictEqual(jobs.calls.map((call) => call.jobId), ["a", "b", "c"])
        const stopping = yield* bench.fork(traverser.stop)
        yield* bench.pass("10 seconds")
        assert.deepInclude(yield* Fiber.join(stopping), { state: "FAIL", finishedJobs: 0 })
        assert.deepStrictEqual(sent.logs.map((log) => `${log.jobId} ${log.state}`), ["a COMPLETE", "b FAIL", "c FAIL"])
      }))
  })

  describe("stop", () => {
    itYielding("gives its reason to the job, its cause and who waits in it", () =>
      Effect.gen(function*() {
        const sent = new Bench.Sent()
        const { jobs, seen } = waiting()
        const bench = yield* Bench.make({ jobs, sent })
        const traverser = yield* bench.start(chainOf("a -> b"))
        assert.strictEqual((yield* bench.rig.run(traverser.stop)).state, "STOPPED")
        assert.deepStrictEqual(seen.filter((entry) => (entry as Array<string>)[0] !== "stopped"), reasonSeen("stop"))
        assert.deepInclude(sent.logs[0], { state: "STOPPED", exit: 1, error: "interrupted: stop" })
        assert.deepStrictEqual(sent.ends, ["STOPPED"])
      }))

    itYielding(
      "ends a retry wait at once: the job is STOPPED on its next try, which has no log",
      () =>
        Effect.gen(function*() {
          const sent = new Bench.Sent()
          const jobs = new ScriptedJobs({ behaviours: { a: [{ state: "FAIL" }] } })
          const bench = yield* Bench.make({ jobs: jobs.layer, sent })
          const traverser = yield* bench.start(chainOf("a", { a: { retry: 1, retryWait: "1h" } }))
          yield* bench.pass("1 minute")
          const stopping = yield* bench.fork(traverser.stop)
          assert.strictEqual((yield* Fiber.join(stopping)).state, "STOPPED")
          assert.deepStrictEqual(sent.logs.map((log) => `${log.try} ${log.state}`), ["1 FAIL"])
          assert.deepInclude(yield* traverser.snapshot, { totalJobTries: { a: 2 } })
        })
    )

    itYielding(
      "ends a sequence's retry wait at once: its first job stays PENDING, and no try counts",
      () =>
        Effect.gen(function*() {
          const jobs = new ScriptedJobs({ behaviours: { b: [{ state: "FAIL" }] } })
          const bench = yield* Bench.make({ jobs: jobs.layer })
          const traverser = yield* bench.start(chainOf(line, sequence))
          yield* bench.pass("10 seconds")
          const stopping = yield* bench.fork(traverser.stop)
          assert.strictEqual((yield* Fiber.join(stopping)).state, "STOPPED")
          const { jobChain, latestRunJobTries, sequenceTries } = yield* traverser.snapshot
          assert.strictEqual(jobChain?.jobs?.a?.state, JobState.PENDING)
          assert.deepStrictEqual([sequenceTries, latestRunJobTries], [{ a: 1 }, {}])
          assert.lengthOf(jobs.calls, 2)
        })
    )

    itYielding(
      "leaves a job COMPLETE that says so when it is asked to stop, and starts nothing after it",
      () =>
        Effect.gen(function*() {
          const sent = new Bench.Sent()
          const jobs = new ScriptedJobs({ behaviours: { a: [{ block: true, onStop: "COMPLETE" }] } })
          const bench = yield* Bench.make({ jobs: jobs.layer, sent })
          const traverser = yield* bench.start(chainOf("a -> b"))
          const stopping = yield* bench.fork(traverser.stop)
          assert.deepInclude(yield* Fiber.join(stopping), { state: "STOPPED", finishedJobs: 1 })
          assert.deepStrictEqual(sent.logs.map((log) => `${log.jobId} ${log.state}`), ["a COMPLETE"])
        })
    )

    itYielding(
      "answers StopFailed when a type's stop fails, once all is over, and the outcome is the same",
      () =>
        Effect.gen(function*() {
          const sent = new Bench.Sent()
          const jobs = new ScriptedJobs({
            behaviours: { b: [{ block: true, stopError: "no such process" }], c: [{ block: true, onStop: "COMPLETE" }] }
          })
          const bench = yield* Bench.make({ jobs: jobs.layer, sent })
          const traverser = yield* bench.start({ ...chainOf("a -> b c\nb -> d\nc -> d"), requestId: "r" })
          const error = yield* Effect.flip(Fiber.join(yield* bench.fork(traverser.stop)))
          assert.deepStrictEqual(sent.ends, ["STOPPED"])
          assert.isTrue(error._tag === "StopFailed" && error.state === "STOPPED")
          assert.strictEqual(
            error.message,
            `The chain of request "r" is STOPPED, but not every job could be stopped cleanly:\n  b: no such process`
          )
          assert.strictEqual((yield* traverser.stop).state, "STOPPED")
        })
    )

    itYielding(
      "does not answer for a clean-up that failed before, when a sequence was rewound",
      () =>
        Effect.gen(function*() {
          const jobs = new ScriptedJobs({
            behaviours: {
              b: [{ state: "FAIL" }, {}],
              c: [{ block: true, stopError: "no such process" }, { block: true }]
            }
          })
          const bench = yield* Bench.make({ jobs: jobs.layer, sent: new Bench.Sent() })
          const sequence = { a: { sequenceId: "a", sequenceRetry: 1 }, b: { sequenceId: "a" }, d: { sequenceId: "a" } }
          const traverser = yield* bench.start(chainOf("a -> b c\nb -> d\nc -> d", sequence))
          assert.lengthOf(jobs.calls.filter((call) => call.jobId === "c"), 2)
          assert.strictEqual((yield* Fiber.join(yield* bench.fork(traverser.stop))).state, "STOPPED")
        })
    )

    itYielding("answers StopFailed when a job's own clean-up fails", () =>
      Effect.gen(function*() {
        const sent = new Bench.Sent()
        const jobs = Bench.jobsThat(() => Effect.onExit(Effect.never, () => Effect.die(new Error("still locked"))))
        const bench = yield* Bench.make({ jobs, sent })
        const traverser = yield* bench.start(chainOf("a"))
        const error = yield* Effect.flip(Fiber.join(yield* bench.fork(traverser.stop)))
        assert.include(error.message, "a: panic from job.Run: still locked")
        assert.deepStrictEqual(sent.logs.map((log) => log.state), ["STOPPED"])
        assert.strictEqual((yield* traverser.result).state, "STOPPED")
      }))

    for (const op of ["stop", "suspend"] as const) {
      itYielding(
        `gives up on a job that ignores a ${op} after exactly the stop timeout, and on what it does later`,
        () =>
          Effect.gen(function*() {
            const sent = new Bench.Sent()
            const end = yield* Deferred.make<void>()
            const jobs = Bench.jobsThat(
              (_, context) =>
                Effect.gen(function*() {
                  yield* context.write("stdout", "before")
                  yield* context.setData({ before: true })
                  yield* Deferred.await(end)
                  yield* context.setData({ late: true })
                  yield* context.write("stdout", "late")
                  return JobResult.make({ data: { result: true } })
                }),
              () => Effect.void
            )
            const bench = yield* Bench.make({ jobs, sent, settings: { stopTimeout: "7 seconds" as never } })
            const traverser = yield* bench.start(chainOf("a -> b"))
            const ending = yield* bench.fork(traverser[op])
            yield* bench.pass("6999 millis")
            assert.isUndefined(ending.pollUnsafe())
            yield* bench.pass("1 millis")
            assert.strictEqual((yield* Fiber.join(ending)).state, "FAIL")
            assert.deepInclude(sent.logs[0], {
              state: "FAIL",
              exit: 1,
              error: "job did not stop in time",
              startedAt: 0,
              finishedAt: 7000,
              try: 1,
              stdout: "before"
            })
            const before = yield* traverser.snapshot
            assert.deepStrictEqual(before.jobChain?.jobs?.a?.data, { before: true })
            yield* Deferred.succeed(end, undefined)
            yield* bench.rig.settle
            assert.deepStrictEqual(yield* traverser.snapshot, before)
            assert.lengthOf(sent.logs, 1)
            assert.deepStrictEqual(sent.ends, ["FAIL"])
          })
      )
    }

    itYielding("retries no sequence of a job that did not stop in time", () =>
      Effect.gen(function*() {
        const jobs = new ScriptedJobs({ behaviours: { b: [{ ignoreStop: true }] } })
        const sent = new Bench.Sent()
        const bench = yield* Bench.make({ jobs: jobs.layer, sent })
        const traverser = yield* bench.start(chainOf(line, sequence))
        const suspending = yield* bench.fork(traverser.suspend)
        yield* bench.pass("10 seconds")
        assert.deepInclude(yield* Fiber.join(suspending), { state: "FAIL", finishedJobs: 1 })
        yield* jobs.end("b")
      }))

    itYielding(
      "does not start a job that was about to start while a checkpoint was kept, and counts no try",
      () =>
        Effect.gen(function*() {
          const sent = new Bench.Sent()
          const kept: Array<ReadonlyArray<number>> = []
          const repo = repoThat((checkpoint) => {
            kept.push(checkpoint.starting)
            return checkpoint.starting.includes(1) ? Effect.sleep("1 second") : Effect.void
          })
          const jobs = new ScriptedJobs()
          const bench = yield* Bench.make({ jobs: jobs.layer, sent, repo })
          const traverser = yield* bench.start(chainOf("a -> b", { b: { sequenceId: "b", sequenceRetry: 1 } }))
          assert.deepStrictEqual(kept, [[0], [], [1]])
          const stopping = yield* bench.fork(traverser.stop)
          yield* bench.pass("1 second")
          assert.deepInclude(yield* Fiber.join(stopping), { state: "STOPPED", finishedJobs: 1 })
          assert.deepStrictEqual(jobs.calls.map((call) => call.jobId), ["a"])
          const { jobChain, sequenceTries, totalJobTries } = yield* traverser.snapshot
          assert.strictEqual(jobChain?.jobs?.b?.state, JobState.PENDING)
          assert.deepStrictEqual([totalJobTries, sequenceTries], [{ a: 1 }, {}])
          assert.deepStrictEqual(sent.ends, ["STOPPED"])
        })
    )

    itYielding("does nothing a second time, nor after the end", () =>
      Effect.gen(function*() {
        const sent = new Bench.Sent()
        const jobs = Bench.jobsThat(() => Effect.onExit(Effect.never, () => Effect.sleep("1 second")))
        const bench = yield* Bench.make({ jobs, sent })
        const traverser = yield* bench.start(chainOf("a"))
        const first = yield* bench.fork(traverser.stop)
        const second = yield* bench.fork(traverser.stop)
        yield* bench.pass("1 second")
        assert.strictEqual((yield* Fiber.join(first)).state, "STOPPED")
        assert.strictEqual((yield* Fiber.join(second)).state, "STOPPED")
        assert.strictEqual((yield* traverser.stop).state, "STOPPED")
        assert.strictEqual((yield* traverser.suspend).state, "STOPPED")
        assert.deepStrictEqual(sent.ends, ["STOPPED"])
      }))

    itYielding("ends a chain that was never run, and running it then does nothing", () =>
      Effect.gen(function*() {
        const sent = new Bench.Sent()
        const jobs = new ScriptedJobs()
        const bench = yield* Bench.make({ jobs: jobs.layer, sent })
        const traverser = yield* bench.make(chainOf("a"))
        assert.strictEqual((yield* bench.rig.run(traverser.stop)).state, "STOPPED")
        assert.strictEqual((yield* bench.rig.run(traverser.run)).state, "STOPPED")
        assert.deepStrictEqual([jobs.calls, sent.ends], [[], ["STOPPED"]])
      }))
  })

  describe("suspend", () => {
    itYielding("hands over a chain that goes on as if nothing had happened", () =>
      Effect.gen(function*() {
        const sent = new Bench.Sent()
        const jobs = new ScriptedJobs({ behaviours: { b: [{ block: true, set: { half: true } }, {}] } })
        const bench = yield* Bench.make({ jobs: jobs.layer, sent })
        const traverser = yield* bench.start({ ...chainOf(line, sequence), requestId: "r" })
        const suspending = yield* bench.fork(traverser.suspend)
        assert.strictEqual((yield* Fiber.join(suspending)).state, "SUSPENDED")
        assert.deepStrictEqual([sent.finishes, sent.suspended.length], [[], 1])
        const [suspended] = sent.suspended
        assert.strictEqual(suspended?.jobChain?.state, JobState.SUSPENDED)
        assert.strictEqual(suspended?.jobChain?.jobs?.b?.state, JobState.STOPPED)
        const resumed = yield* bench.makeFromSuspended(suspended ?? {})
        assert.strictEqual((yield* bench.rig.run(resumed.run)).state, "COMPLETE")
        assert.deepStrictEqual(jobs.calls.map((call) => `${call.jobId} ${call.try}`), ["a 1", "b 1", "b 2", "c 1"])
        assert.deepStrictEqual(jobs.calls[2]?.data, { half: true })
        assert.deepStrictEqual(sent.ends, ["COMPLETE", "SUSPENDED"])
      }))

    itYielding("lets nobody stop the chain meanwhile, nor afterwards", () =>
      Effect.gen(function*() {
        const sent = new Bench.Sent()
        const jobs = Bench.jobsThat(() => Effect.onExit(Effect.never, () => Effect.sleep("1 second")))
        const bench = yield* Bench.make({ jobs, sent })
        const traverser = yield* bench.start({ ...chainOf("a"), requestId: "r" })
        const suspending = yield* bench.fork(traverser.suspend)
        const error = yield* Effect.flip(traverser.stop)
        assert.isTrue(error._tag === "ShuttingDown" && error.requestId === "r")
        yield* bench.pass("1 second")
        assert.strictEqual((yield* Fiber.join(suspending)).state, "SUSPENDED")
        assert.strictEqual((yield* Effect.flip(traverser.stop))._tag, "ShuttingDown")
        assert.strictEqual((yield* traverser.suspend).state, "SUSPENDED")
        assert.deepStrictEqual(sent.ends, ["SUSPENDED"])
      }))

    itYielding(
      "does nothing while the chain is being stopped, and returns how that ends",
      () =>
        Effect.gen(function*() {
          const sent = new Bench.Sent()
          const jobs = Bench.jobsThat(() => Effect.onExit(Effect.never, () => Effect.sleep("1 second")))
          const bench = yield* Bench.make({ jobs, sent })
          const traverser = yield* bench.start(chainOf("a"))
          yield* bench.fork(traverser.stop)
          const suspending = yield* bench.fork(traverser.suspend)
          yield* bench.pass("1 second")
          assert.strictEqual((yield* Fiber.join(suspending)).state, "STOPPED")
          assert.deepInclude(sent.logs[0], { error: "interrupted: stop" })
          assert.deepStrictEqual(sent.ends, ["STOPPED"])
        })
    )

    itYielding(
      "does not carry the rest of a retry wait over: the job starts at once on resume",
      () =>
        Effect.gen(function*() {
          const sent = new Bench.Sent()
          const jobs = new ScriptedJobs({ behaviours: { a: [{ state: "FAIL" }, {}] } })
          const bench = yield* Bench.make({ jobs: jobs.layer, sent })
          const traverser = yield* bench.start(chainOf("a", { a: { retry: 1, retryWait: "1h" } }))
          yield* bench.fork(traverser.suspend)
          const resumed = yield* bench.makeFromSuspended(sent.suspended[0] ?? {})
          yield* bench.begin(resumed)
          assert.strictEqual((yield* resumed.result).state, "COMPLETE")
          // The gap is the try that was suspended before it began.
          assert.deepStrictEqual(jobs.calls.map((call) => call.try), [1, 3])
        })
    )

    itYielding("copies the data of a job that ends COMPLETE meanwhile", () =>
      Effect.gen(function*() {
        const sent = new Bench.Sent()
        const jobs = new ScriptedJobs({
          behaviours: { a: [{ block: true, set: { from: "a" }, onStop: "COMPLETE" }] }
        })
        const bench = yield* Bench.make({ jobs: jobs.layer, sent })
        const traverser = yield* bench.start(chainOf("a -> b"))
        yield* bench.fork(traverser.suspend)
        assert.deepInclude(yield* traverser.result, { state: "SUSPENDED", finishedJobs: 1 })
        assert.deepStrictEqual(sent.suspended[0]?.jobChain?.jobs?.b?.data, { from: "a" })
      }))

    itYielding("says FAIL when nobody takes the suspended chain", () =>
      Effect.gen(function*() {
        const sent = new Bench.Sent()
        sent.answer = ({ report }) => report === "suspended chain" ? Bench.refused : Effect.void
        const jobs = new ScriptedJobs({ behaviours: { a: [{ block: true }] } })
        const kept: Array<string> = []
        const repo = repoThat(({ outcome }) => Effect.sync(() => outcome && kept.push(outcome.state)))
        const bench = yield* Bench.make({ jobs: jobs.layer, sent, repo })
        const traverser = yield* bench.start(chainOf("a"))
        const suspending = yield* bench.fork(traverser.suspend)
        yield* bench.pass("1999 millis")
        assert.isUndefined(suspending.pollUnsafe())
        yield* bench.pass("1 millis")
        assert.strictEqual((yield* Fiber.join(suspending)).state, "FAIL")
        assert.deepStrictEqual(sent.times("suspended chain"), [0, 500, 1000, 1500, 2000])
        assert.deepStrictEqual(sent.ends, ["FAIL"])
        assert.deepStrictEqual(kept, ["SUSPENDED", "FAIL"])
        assert.strictEqual((yield* traverser.snapshot).jobChain?.state, JobState.FAIL)
      }))
  })

  describe("a job type with a stop", () => {
    // Goal: a stop or suspend is heard at whatever step of a job's start, or of the end of its retry wait, it comes.
    // Method: a job that only its type's `stop` can end, and a stop that comes one turn of the scheduler later each time.
    for (const maxOps of [2048, 3, 4, 5, 7, 17]) {
      const yielding = Effect.provideService(Scheduler.MaxOpsBeforeYield, maxOps)
      for (const [op, state] of [["stop", "STOPPED"], ["suspend", "SUSPENDED"]] as const) {
        const title = (when: string) => `hears a ${op} that comes ${when} (yielding at every ${maxOps}th operation)`

        it.effect(title("while it starts"), () =>
          Effect.gen(function*() {
            for (let turns = 0; turns < 40; turns++) {
              const { begun, jobs } = endedByStop(() => false)
              const sent = new Bench.Sent()
              const bench = yield* Bench.make({ jobs, sent })
              const traverser = yield* bench.make(chainOf("a"))
              yield* Effect.forkDetach(bench.rig.provide(traverser.run), { startImmediately: true })
              for (let turn = 0; turn < turns; turn++) yield* Effect.yieldNow
              const exit = (yield* bench.fork(traverser[op])).pollUnsafe()
              assert.isTrue(exit !== undefined && Exit.isSuccess(exit) && exit.value.state === state, `${turns} turns`)
              assert.includeMembers(sent.logs.map((log) => log.try), begun, `${turns} turns`)
            }
          }).pipe(yielding))

        it.effect(title("while its retry wait ends"), () =>
          Effect.gen(function*() {
            for (let turns = 0; turns < 40; turns++) {
              const { begun, jobs } = endedByStop((jobTry) => jobTry === 1)
              const sent = new Bench.Sent()
              const bench = yield* Bench.make({ jobs, sent })
              const traverser = yield* bench.start(chainOf("a", { a: { retry: 1, retryWait: "1s" } }))
              const ending = yield* bench.fork(Effect.gen(function*() {
                yield* Effect.sleep("1 second")
                for (let turn = 0; turn < turns; turn++) yield* Effect.yieldNow
                return yield* traverser[op]
              }))
              yield* bench.pass("1 second")
              const exit = ending.pollUnsafe()
              assert.isTrue(exit !== undefined && Exit.isSuccess(exit) && exit.value.state === state, `${turns} turns`)
              assert.deepStrictEqual(sent.logs.map((log) => log.try), begun, `${turns} turns`)
            }
          }).pipe(yielding))
      }
    }

    itYielding(
      "is asked once, is not cut off, and is skipped when it only waits for its next try",
      () =>
        Effect.gen(function*() {
          let asked = 0
          const sent = new Bench.Sent()
          const polite = JobType.make("polite", {
            args: Schema.Struct({ fails: Schema.Boolean }),
            run: ({ fails }, context) =>
              fails
                ? Effect.fail("no")
                : Effect.andThen(
                  context.stopped,
                  Effect.andThen(Effect.sleep("2 seconds"), Effect.succeed({ done: 1 }))
                ),
            stop: () => Effect.sync(() => void asked++)
          })
          const bench = yield* Bench.make({ jobs: JobFactory.layer([polite]), sent })
          const chain = chainOf("a -> b c\nb -> d\nc -> d", {
            a: { type: "polite", state: JobState.COMPLETE },
            b: { type: "polite", args: { fails: true }, retry: 1, retryWait: "1h" },
            c: { type: "polite", args: { fails: false } },
            d: { type: "polite" }
          })
          const traverser = yield* bench.makeFromSuspended({ requestId: "r", jobChain: { ...chain, finishedJobs: 1 } })
          yield* bench.begin(traverser)
          const stopping = yield* bench.fork(traverser.stop)
          yield* bench.pass("1999 millis")
          assert.isUndefined(stopping.pollUnsafe())
          yield* bench.pass("1 millis")
          assert.deepInclude(yield* Fiber.join(stopping), { state: "STOPPED", finishedJobs: 2 })
          assert.strictEqual(asked, 1)
          assert.sameMembers(sent.logs.map((log) => `${log.jobId} ${log.state}`), ["b FAIL", "c COMPLETE"])
          assert.deepStrictEqual((yield* traverser.snapshot).jobChain?.jobs?.c?.data, { done: 1 })
        })
    )
  })
})
