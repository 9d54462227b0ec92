/**
 * What traversers promise beyond what the conformance vectors and the properties check.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Context, Deferred, Duration, Effect, Exit, Fiber, Layer, Option, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import type { JobLog } from "../../src/domain/JobLog.ts"
import type { ChainEvent } from "../../src/engine/ChainEvent.ts"
import { ChainRepo } from "../../src/engine/ChainRepo.ts"
import type { Checkpoint } from "../../src/engine/Checkpoint.ts"
import * as Interruption from "../../src/engine/Interruption.ts"
import { JobFactory } from "../../src/engine/JobFactory.ts"
import { JobOutput } from "../../src/engine/JobOutput.ts"
import * as JobType from "../../src/engine/JobType.ts"
import { ReportFailed, Reports } from "../../src/engine/Reports.ts"
import { RequestManager } from "../../src/engine/RequestManager.ts"
import * as TraverserConfig from "../../src/engine/TraverserConfig.ts"
import { TraverserFactory } from "../../src/engine/TraverserFactory.ts"
import { chainOf, Rig, ScriptedJobs } from "../../src/testing/index.ts"

/** Takes every report and remembers it. */
class Sent {
  readonly logs: Array<JobLog> = []
  readonly finals: Array<string> = []
  readonly progress: Array<number> = []
  readonly suspended: Array<string> = []
  refusedLogs = 0

  get layer() {
    return Layer.succeed(Reports, {
      jobLog: (log) =>
        Effect.suspend(() => {
          if (this.refusedLogs-- > 0) {
            return Effect.fail(new ReportFailed({ requestId: "", report: "job log", reason: "no" }))
          }
          this.logs.push(log)
          return Effect.void
        }),
      finish: ({ state }) => Effect.sync(() => void this.finals.push(state)),
      progress: ({ finishedJobs }) => Effect.sync(() => void this.progress.push(finishedJobs)),
      suspended: ({ requestId }) => Effect.sync(() => void this.suspended.push(requestId ?? ""))
    })
  }
}

const layerOf = (
  jobs: Layer.Layer<JobFactory>,
  sent: Sent,
  settings: Partial<TraverserConfig.Settings> = {},
  repo: Layer.Layer<ChainRepo> = ChainRepo.layerMemory
) =>
  TraverserFactory.layer.pipe(
    Layer.provide([repo, JobOutput.layerMemory, jobs, sent.layer]),
    Layer.provide(TraverserConfig.layer(settings))
  )

const factoryOf = (layer: Layer.Layer<TraverserFactory>) =>
  Effect.map(Layer.build(layer), (context) => Context.get(context, TraverserFactory))

describe("TraverserFactory", () => {
  describe("make", () => {
    it.effect("refuses a chain that breaks rules, with every fault", () =>
      Effect.gen(function*() {
        const factory = yield* TraverserFactory
        const chain = { ...chainOf("a -> b", { b: { retry: -1, state: 3 } }), requestId: "" }
        const error = yield* Effect.flip(factory.make(chain))
        assert.strictEqual(error._tag, "InvalidChain")
        assert.deepStrictEqual(
          error._tag === "InvalidChain" && error.faults.map((fault) => fault.kind),
          ["no-request-id", "bad-count", "job-state"]
        )
      }).pipe(Effect.provide(layerOf(new ScriptedJobs().layer, new Sent()))))

    it.effect("refuses a request whose chain is running, until that is over", () =>
      Effect.gen(function*() {
        const factory = yield* TraverserFactory
        const chain = chainOf("a")
        const traverser = yield* factory.make(chain)
        assert.strictEqual((yield* Effect.flip(factory.make(chain)))._tag, "ChainConflict")
        yield* traverser.run
        yield* factory.make(chain)
      }).pipe(Effect.provide(layerOf(new ScriptedJobs().layer, new Sent()))))
  })

  describe("layer", () => {
    it.effect("suspends every chain when its scope closes, reports each, and makes no more", () =>
      Effect.gen(function*() {
        const jobs = new ScriptedJobs({ behaviours: { a: [{ block: true }], c: [{ block: true }] } })
        const sent = new Sent()
        const scope = yield* Scope.make()
        const context = yield* Layer.buildWithScope(layerOf(jobs.layer, sent), scope)
        const factory = Context.get(context, TraverserFactory)
        const chains = [chainOf("a -> b"), chainOf("c -> d")]
        const traversers = yield* Effect.forEach(chains, factory.make)
        for (const traverser of traversers) yield* Effect.forkChild(traverser.run, { startImmediately: true })
        yield* Scope.close(scope, Exit.void)
        assert.sameMembers(sent.suspended, chains.map((chain) => chain.requestId ?? ""))
        assert.strictEqual((yield* Effect.flip(factory.make(chainOf("a"))))._tag, "ShuttingDown")
      }))
  })
})

describe("Traverser", () => {
  describe("run", () => {
    it.effect("suspends the chain when it is interrupted, waits for that, and leaves the result", () =>
      Effect.gen(function*() {
        const factory = yield* TraverserFactory
        const traverser = yield* factory.make(chainOf("a -> b"))
        const running = yield* Effect.forkChild(traverser.run, { startImmediately: true })
        yield* Fiber.interrupt(running)
        assert.strictEqual((yield* traverser.result).state, "SUSPENDED")
      }).pipe(Effect.provide(layerOf(new ScriptedJobs({ behaviours: { a: [{ block: true }] } }).layer, new Sent()))))

    it.effect("waits between the tries of a job, to the second", () =>
      Effect.gen(function*() {
        const jobs = new ScriptedJobs({ behaviours: { a: [{ state: "FAIL" }, {}] } })
        const factory = yield* factoryOf(layerOf(jobs.layer, new Sent()))
        const traverser = yield* factory.make(chainOf("a", { a: { retry: 1, retryWait: "1m" } }))
        const running = yield* Effect.forkChild(traverser.run, { startImmediately: true })
        yield* TestClock.adjust("59 seconds")
        assert.lengthOf(jobs.calls, 1)
        const [status] = yield* traverser.running
        assert.deepInclude(status, { jobId: "a", state: "RUNNING", try: 2, status: "(retry sleep) " })
        yield* TestClock.adjust("1 second")
        assert.strictEqual((yield* Fiber.join(running)).state, "COMPLETE")
      }))

    it.effect("holds back only the successors of a job whose log has to be sent again", () =>
      Effect.gen(function*() {
        const jobs = new ScriptedJobs()
        const sent = new Sent()
        const rig = yield* Rig.make
        const factory = yield* rig.provide(factoryOf(layerOf(jobs.layer, sent)))
        const traverser = yield* rig.provide(factory.make(chainOf("a -> b c\nb -> d\nc -> e\nd -> f\ne -> f")))
        sent.refusedLogs = 0
        const running = yield* Effect.forkChild(rig.provide(traverser.run))
        yield* rig.runUntil(() => running.pollUnsafe() !== undefined)
        assert.sameMembers(sent.logs.map((log) => log.jobId), ["a", "b", "c", "d", "e", "f"])

        const again = yield* rig.provide(factory.make(chainOf("a -> b\nb -> c")))
        sent.refusedLogs = 2
        const second = yield* Effect.forkChild(rig.provide(again.run))
        yield* rig.settle
        assert.strictEqual(jobs.calls.at(-1)?.jobId, "a")
        yield* TestClock.adjust("999 millis")
        assert.strictEqual(jobs.calls.at(-1)?.jobId, "a")
        yield* TestClock.adjust("1 millis")
        yield* rig.runUntil(() => second.pollUnsafe() !== undefined)
        assert.strictEqual(jobs.calls.at(-1)?.jobId, "c")
      }))

    it.effect("runs no more jobs at once than it may", () =>
      Effect.gen(function*() {
        const jobs = new ScriptedJobs({
          behaviours: { b: [{ block: true }], c: [{ block: true }], d: [{ block: true }] }
        })
        const factory = yield* factoryOf(layerOf(jobs.layer, new Sent(), { concurrency: 2 }))
        const traverser = yield* factory.make(chainOf("a -> b c d\nb -> e\nc -> e\nd -> e"))
        const running = yield* Effect.forkChild(traverser.run, { startImmediately: true })
        yield* Effect.yieldNow
        assert.deepStrictEqual([...jobs.blocked], ["b", "c"])
        yield* jobs.end("b")
        yield* Effect.yieldNow
        yield* Effect.yieldNow
        assert.deepStrictEqual([...jobs.blocked], ["c", "d"])
        yield* Effect.forEach(["c", "d"], (id) => jobs.end(id))
        assert.strictEqual((yield* Fiber.join(running)).state, "COMPLETE")
      }))

    it.effect("sends progress once a second while it changes", () =>
      Effect.gen(function*() {
        const jobs = new ScriptedJobs({ behaviours: { a: [{ milliseconds: 1500 }], b: [{ milliseconds: 3000 }] } })
        const sent = new Sent()
        const scope = yield* Scope.make()
        const context = yield* Layer.buildWithScope(layerOf(jobs.layer, sent), scope)
        const traverser = yield* Context.get(context, TraverserFactory).make(chainOf("a -> b"))
        const running = yield* Effect.forkChild(traverser.run, { startImmediately: true })
        yield* TestClock.adjust("4 seconds")
        assert.deepStrictEqual(sent.progress, [1])
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(running)
        yield* Scope.close(scope, Exit.void)
      }))

    it.effect("fails, rather than hangs, when the repo breaks its contract", () =>
      Effect.gen(function*() {
        const broken = Layer.effect(
          ChainRepo,
          Effect.map(
            Effect.service(ChainRepo),
            (repo) => ({ ...repo, set: () => Effect.die(new Error("disk on fire")) })
          )
        ).pipe(Layer.provide(ChainRepo.layerMemory))
        const factory = yield* factoryOf(layerOf(new ScriptedJobs().layer, new Sent(), {}, broken))
        const traverser = yield* factory.make(chainOf("a"))
        const exit = yield* Effect.exit(traverser.run)
        assert.isTrue(Exit.isFailure(exit) && Cause.pretty(exit.cause).includes("disk on fire"))
      }))

    it.effect("leaves reports to a repo that keeps them, with the states they report", () =>
      Effect.gen(function*() {
        const kept: Array<string> = []
        const keeping = Layer.effect(
          ChainRepo,
          Effect.map(Effect.service(ChainRepo), (repo) => ({
            ...repo,
            keepsReports: true,
            set: ({ chain, logs, outcome, starting }: Checkpoint) =>
              Effect.sync(() => {
                kept.push([
                  ...logs.map((log) => `${log.jobId} ${log.state}`),
                  ...starting.map((job) => `start ${chain.graph.ids[job]}`),
                  ...(outcome === undefined ? [] : [outcome.state])
                ].join(", "))
              })
          }))
        ).pipe(Layer.provide(ChainRepo.layerMemory))
        const sent = new Sent()
        const factory = yield* factoryOf(layerOf(new ScriptedJobs().layer, sent, {}, keeping))
        yield* (yield* factory.make(chainOf("a -> b"))).run
        assert.deepStrictEqual(kept, ["start a", "a COMPLETE, start b", "b COMPLETE", "COMPLETE"])
        assert.deepStrictEqual([sent.logs, sent.finals], [[], []])
      }))
  })

  describe("stop", () => {
    it.effect("gives a reason that the job and its cause can tell", () =>
      Effect.gen(function*() {
        const seen: Array<unknown> = []
        const waiter = JobType.make("noop", {
          run: (_, context) =>
            Effect.onExit(Effect.never, (exit) =>
              Effect.sync(() => {
                const reason = Exit.isFailure(exit) ? Interruption.reasonOf(exit.cause) : Option.none()
                seen.push(context.stopReason, Option.getOrUndefined(reason), context.idempotencyKey)
              }))
        })
        const sent = new Sent()
        const factory = yield* factoryOf(layerOf(JobFactory.layer([waiter]), sent))
        const chain = chainOf("a")
        const traverser = yield* factory.make(chain)
        yield* Effect.forkChild(traverser.run, { startImmediately: true })
        assert.strictEqual((yield* traverser.stop).state, "STOPPED")
        assert.deepStrictEqual(seen, ["stop", "stop", `${chain.requestId}/a/1`])
        assert.deepInclude(sent.logs[0], { state: "STOPPED", exit: 1, error: "interrupted: stop" })
        assert.strictEqual((yield* traverser.stop).state, "STOPPED")
        assert.deepStrictEqual(sent.finals, ["STOPPED"])
      }))

    it.effect("answers with the clean-up that failed, when all is over", () =>
      Effect.gen(function*() {
        const jobs = new ScriptedJobs({ behaviours: { a: [{ block: true, stopError: "no such process" }] } })
        const factory = yield* factoryOf(layerOf(jobs.layer, new Sent()))
        const traverser = yield* factory.make(chainOf("a"))
        yield* Effect.forkChild(traverser.run, { startImmediately: true })
        const error = yield* Effect.flip(traverser.stop)
        assert.strictEqual(error._tag, "StopFailed")
        assert.include(error.message, "a: no such process")
        assert.strictEqual((yield* traverser.result).state, "STOPPED")
      }))

    it.effect("gives up on a job that does not stop in time, and ignores what it does later", () =>
      Effect.gen(function*() {
        const jobs = new ScriptedJobs({ behaviours: { a: [{ ignoreStop: true, set: { before: 1 } }] } })
        const sent = new Sent()
        const factory = yield* factoryOf(layerOf(jobs.layer, sent, { stopTimeout: Duration.seconds(7) }))
        const traverser = yield* factory.make(chainOf("a -> b"))
        yield* Effect.forkChild(traverser.run, { startImmediately: true })
        const stopping = yield* Effect.forkChild(traverser.stop, { startImmediately: true })
        yield* TestClock.adjust("6999 millis")
        assert.isUndefined(stopping.pollUnsafe())
        yield* TestClock.adjust("1 millis")
        assert.strictEqual((yield* Fiber.join(stopping)).state, "FAIL")
        assert.deepInclude(sent.logs[0], { jobId: "a", state: "FAIL", exit: 1, error: "job did not stop in time" })
        yield* jobs.end("a")
        yield* Effect.yieldNow
        assert.lengthOf(sent.logs, 1)
      }))

    it.effect("starts nothing that was about to start while a checkpoint was kept", () =>
      Effect.gen(function*() {
        const gate = yield* Deferred.make<void>()
        const slow = Layer.effect(
          ChainRepo,
          Effect.map(Effect.service(ChainRepo), (repo) => ({
            ...repo,
            set: (checkpoint: Checkpoint) => checkpoint.starting.length > 0 ? Deferred.await(gate) : Effect.void
          }))
        ).pipe(Layer.provide(ChainRepo.layerMemory))
        const jobs = new ScriptedJobs()
        const factory = yield* factoryOf(layerOf(jobs.layer, new Sent(), {}, slow))
        const traverser = yield* factory.make(chainOf("a -> b"))
        yield* Effect.forkChild(traverser.run, { startImmediately: true })
        const stopping = yield* Effect.forkChild(traverser.stop, { startImmediately: true })
        yield* Deferred.succeed(gate, undefined)
        assert.strictEqual((yield* Fiber.join(stopping)).state, "STOPPED")
        assert.deepStrictEqual(jobs.calls, [])
        assert.deepStrictEqual((yield* traverser.snapshot).totalJobTries, {})
      }))

    it.effect("says that the chain is being suspended, while it is", () =>
      Effect.gen(function*() {
        const jobs = new ScriptedJobs({ behaviours: { a: [{ ignoreStop: true }] } })
        const factory = yield* factoryOf(layerOf(jobs.layer, new Sent()))
        const traverser = yield* factory.make(chainOf("a"))
        yield* Effect.forkChild(traverser.run, { startImmediately: true })
        const suspending = yield* Effect.forkChild(traverser.suspend, { startImmediately: true })
        assert.strictEqual((yield* Effect.flip(traverser.stop))._tag, "ShuttingDown")
        yield* TestClock.adjust("10 seconds")
        assert.strictEqual((yield* Fiber.join(suspending)).state, "FAIL")
      }))
  })

  describe("events", () => {
    it.effect("tells what happens, from a snapshot to the end, in numbers that grow by one", () =>
      Effect.gen(function*() {
        const factory = yield* TraverserFactory
        const traverser = yield* factory.make(chainOf("a -> b", { b: { retry: 1 } }))
        const events: Array<ChainEvent> = []
        const listening = yield* Effect.forkChild(
          Stream.runForEach(traverser.events, (event) => Effect.sync(() => void events.push(event))),
          { startImmediately: true }
        )
        yield* traverser.run
        yield* Fiber.join(listening)
        assert.deepStrictEqual(events.map((event) => event.number), events.map((_, index) => index + 1))
        assert.deepStrictEqual(
          events.map((event) => "jobId" in event ? `${event._tag} ${event.jobId}` : event._tag).filter((tag) =>
            tag !== "progress"
          ),
          [
            "snapshot",
            "chainStarted",
            "jobStarted a",
            "tryEnded a",
            "jobEnded a",
            "jobStarted b",
            "tryEnded b",
            "jobWaiting b",
            "tryEnded b",
            "jobEnded b",
            "chainEnded"
          ]
        )
      }).pipe(
        Effect.provide(layerOf(new ScriptedJobs({ behaviours: { b: [{ state: "FAIL" }, {}] } }).layer, new Sent()))
      ))
  })
})

const chain = () => chainOf("a -> b", { a: { type: "greet", data: { who: "Ann" } }, b: { type: "greet" } })

describe("an application", () => {
  class Greeter extends Context.Service<Greeter, { readonly greet: (who: string) => string }>()("test/Greeter") {}

  const greet = JobType.make("greet", {
    run: (_, context) => Effect.map(Greeter, (greeter) => ({ greeting: greeter.greet(String(context.data.who)) }))
  })

  const application = (manager: Layer.Layer<RequestManager>) =>
    TraverserFactory.layer.pipe(
      Layer.provide([
        ChainRepo.layerMemory,
        JobOutput.layerMemory,
        JobFactory.layer([greet]),
        Reports.layerRequestManager
      ]),
      Layer.provide(Layer.succeed(Greeter, { greet: (who) => `Hello ${who}` })),
      Layer.provideMerge(manager)
    )

  const runTwo = Effect.gen(function*() {
    const manager = yield* RequestManager
    const factory = yield* TraverserFactory
    return yield* Effect.forEach([chain(), chain()], (jobChain) =>
      Effect.gen(function*() {
        const { id } = yield* manager.createRequest({ jobChain })
        yield* manager.startRequest(id)
        const traverser = yield* factory.make(jobChain)
        yield* traverser.run
        const { jobChain: ended } = yield* traverser.snapshot
        const logs = yield* manager.getJobLogs(id)
        return [(yield* manager.getRequest(id)).state, logs.length, ended?.jobs?.b?.data?.greeting]
      }), { concurrency: 2 })
  })

  it.effect("runs chains of its own job types, services and layers, two at once", () =>
    Effect.gen(function*() {
      const ended = yield* Effect.provide(runTwo, application(RequestManager.layerMemory))
      assert.deepStrictEqual(ended, [["COMPLETE", 2, "Hello Ann"], ["COMPLETE", 2, "Hello Ann"]])
    }))

  it.effect("swaps its Request Manager for another", () =>
    Effect.gen(function*() {
      const told: Array<string> = []
      const telling = Layer.effect(
        RequestManager,
        Effect.map(Effect.service(RequestManager), (manager) => ({
          ...manager,
          createJobLog: (log: JobLog) =>
            Effect.andThen(Effect.sync(() => void told.push(log.jobId)), manager.createJobLog(log))
        }))
      ).pipe(Layer.provide(RequestManager.layerMemory))
      yield* Effect.provide(runTwo, application(telling))
      assert.sameMembers(told, ["a", "b", "a", "b"])
    }))
})
