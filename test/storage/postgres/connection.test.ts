/**
 * A store whose connections to the server are cut, or whose server ends, goes on as if nothing had been.
 */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, References } from "effect"
import { inject } from "vitest"
import * as JobType from "../../../src/engine/JobType.ts"
import { chainOf } from "../../../src/testing/index.ts"
import * as Engine from "./Engine.ts"
import { Proxy } from "./Proxy.ts"
import { Server } from "./Server.ts"
import * as TestSchema from "./TestSchema.ts"

const quietly = Effect.provideService(References.MinimumLogLevel, "Error")

const chain = chainOf("a -> b c\nb -> d\nc -> d", { b: { retry: 1 } })

/** Runs the chain in a new place of the server; returns what came of it, and how many packets it took. */
const runCut = (server: string, cut?: Proxy["cut"]) =>
  Effect.scoped(Effect.gen(function*() {
    const proxy = yield* Proxy.make(yield* TestSchema.make(server))
    const runs: Array<string> = []
    const job = JobType.make("noop", {
      run: (_, { jobId }) =>
        Effect.suspend(() => {
          runs.push(jobId)
          return jobId === "b" && runs.filter((id) => id === "b").length === 1 ? Effect.fail("once") : Effect.void
        })
    })
    const engine = yield* Engine.open(proxy.url, job)
    proxy.cut = cut === undefined ? undefined : { ...cut, packet: proxy.packets + cut.packet }
    const before = proxy.packets
    const { state } = yield* engine.run(chain)
    const packets = proxy.packets - before
    const status = yield* engine.store.status(chain.requestId ?? "")
    const logs = yield* engine.store.logs(chain.requestId ?? "")
    const outcome = {
      state: [state, status.state, status.owner],
      jobs: status.jobs.map((job) => `${job.id} ${job.state} ${job.tries} ${job.crashes}`),
      runs: runs.toSorted(),
      logs: logs.map((log) => `${log.jobId} ${log.try} ${log.state}`).toSorted()
    }
    return { outcome, packets }
  })).pipe(quietly)

describe("a chain in PostgreSQL", () => {
  it.live("ends as if nothing had been, wherever its connection is cut", () =>
    Effect.gen(function*() {
      const server = inject("postgresUrl") ?? ""
      const whole = yield* runCut(server)
      assert.deepStrictEqual(whole.outcome.state, ["COMPLETE", "COMPLETE", undefined])
      assert.deepStrictEqual(whole.outcome.runs, ["a", "b", "b", "c", "d"])
      assert.isAbove(whole.packets, 10)
      const cuts = Array.from({ length: whole.packets }, (_, at) => at + 1).flatMap((packet) =>
        (["before", "after"] as const).map((when) => ({ packet, when }))
      )
      yield* Effect.forEach(cuts, (cut) =>
        Effect.map(runCut(server, cut), ({ outcome }) =>
          assert.deepStrictEqual(outcome, whole.outcome, `cut ${cut.when} packet ${cut.packet}`)), { concurrency: 4 })
    }))

  for (const signal of ["SIGINT", "SIGQUIT"] as const) {
    it.live(`waits while its server is started again, after ${signal}, and goes on`, () =>
      Effect.scoped(Effect.gen(function*() {
        const server = yield* Effect.acquireRelease(
          Effect.promise(() => Server.make()),
          (server) => Effect.promise(() => server.remove())
        )
        const runs: Array<string> = []
        const down = yield* Deferred.make<void>()
        const stop = Effect.andThen(Effect.promise(() => server.stop(signal)), Deferred.succeed(down, undefined))
        const job = JobType.make("noop", {
          run: (_, { jobId }) =>
            Effect.suspend(() => {
              runs.push(jobId)
              return jobId === "b" ? Effect.asVoid(stop) : Effect.void
            })
        })
        const engine = yield* Engine.open(server.url, job)
        const running = yield* Effect.forkChild(engine.run(chainOf("a -> b\nb -> c\nc -> d")))
        yield* Deferred.await(down)
        assert.isUndefined(running.pollUnsafe())
        yield* Effect.promise(() => server.start())
        assert.strictEqual((yield* Fiber.join(running)).state, "COMPLETE")
        assert.deepStrictEqual(runs, ["a", "b", "c", "d"])
      })).pipe(quietly))
  }
})
