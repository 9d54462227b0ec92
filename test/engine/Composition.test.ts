/**
 * An application that brings everything of its own: job types that need a service, and a Request Manager, which is then
 * swapped for another. Swapping one layer changes nothing else.
 */
import { assert, describe } from "@effect/vitest"
import { Context, Effect, Layer, Schema } from "effect"
import { ChainRepo } from "../../src/engine/ChainRepo.ts"
import { JobFactory } from "../../src/engine/JobFactory.ts"
import { JobOutput } from "../../src/engine/JobOutput.ts"
import * as JobType from "../../src/engine/JobType.ts"
import { Reports } from "../../src/engine/Reports.ts"
import { RequestManager, RequestManagerUnavailable } from "../../src/engine/RequestManager.ts"
import { TraverserFactory } from "../../src/engine/TraverserFactory.ts"
import { chainOf, Rig } from "../../src/testing/index.ts"
import { itYielding } from "./Bench.ts"

/** What the jobs of this application work on. */
class Shelf extends Context.Service<Shelf, {
  readonly put: (book: string) => Effect.Effect<number>
}>()("test/Shelf") {
  static readonly layer = Layer.sync(Shelf, () => {
    const books: Array<string> = []
    return { put: (book) => Effect.sync(() => books.push(book)) }
  })
}

const write = JobType.make("write", {
  args: Schema.Struct({ book: Schema.String, seconds: Schema.NumberFromString }),
  run: ({ book, seconds }) => Effect.as(Effect.sleep(`${seconds} seconds`), { book })
})

const put = JobType.make("put", {
  data: Schema.Struct({ place: Schema.NumberFromString }),
  run: (_, context) =>
    Effect.gen(function*() {
      const shelf = yield* Shelf
      return { place: yield* shelf.put(String(context.data.book)) }
    })
})

const chain = (book: string, seconds: string) =>
  chainOf("write -> put", { write: { type: "write", args: { book, seconds } }, put: { type: "put" } })

const application = (manager: Layer.Layer<RequestManager>) =>
  TraverserFactory.layer.pipe(
    Layer.provide([
      ChainRepo.layerMemory,
      JobFactory.layer([write, put]),
      JobOutput.layerMemory,
      Reports.layerRequestManager
    ]),
    Layer.provideMerge([manager, Shelf.layer])
  )

/** What a user does: orders two books at once, and looks at what has become of that. */
const orderTwo = Effect.gen(function*() {
  const manager = yield* RequestManager
  const factory = yield* TraverserFactory
  const order = Effect.fnUntraced(function*(book: string, seconds: string) {
    const { id } = yield* manager.createRequest({ jobChain: chain(book, seconds), type: "order", user: "ann" })
    yield* manager.startRequest(id)
    const traverser = yield* factory.make(yield* manager.getJobChain(id))
    yield* traverser.run
    const { data } = (yield* traverser.snapshot).jobChain?.jobs?.put ?? {}
    const logs = yield* manager.getJobLogs(id)
    const { finishedAt, finishedJobs, state, user } = yield* manager.getRequest(id)
    return { state, user, finishedJobs, finishedAt, data, logs: logs.map((log) => `${log.jobId} ${log.state}`) }
  })
  return yield* Effect.all([order("Ulysses", "7"), order("Dubliners", "1")], { concurrency: 2 })
})

const ordered = (book: string, seconds: number, place: string) => ({
  state: "COMPLETE",
  user: "ann",
  finishedJobs: 2,
  finishedAt: seconds * 1000,
  data: { book, place },
  logs: ["write COMPLETE", "put COMPLETE"]
})

describe("an application", () => {
  itYielding(
    "runs two chains of its own job types at once, which share what it provides",
    () =>
      Effect.gen(function*() {
        const rig = yield* Rig.make
        const orders = yield* rig.run(Effect.provide(orderTwo, application(RequestManager.layerMemory)))
        assert.deepStrictEqual(orders as ReadonlyArray<unknown>, [
          ordered("Ulysses", 7, "2"),
          ordered("Dubliners", 1, "1")
        ])
      })
  )

  itYielding("swaps its Request Manager for another, and nothing else changes", () =>
    Effect.gen(function*() {
      const told: Array<string> = []
      // Refuses every job log the first time.
      const forgetful = Layer.effect(
        RequestManager,
        Effect.map(Effect.service(RequestManager), (manager) => {
          const refused = new Set<string>()
          return {
            ...manager,
            createJobLog: (log: Parameters<typeof manager.createJobLog>[0]) =>
              Effect.suspend(() => {
                const key = `${log.requestId} ${log.jobId}`
                if (!refused.has(key)) {
                  refused.add(key)
                  return Effect.fail(new RequestManagerUnavailable({ reason: "not listening" }))
                }
                told.push(log.jobId)
                return manager.createJobLog(log)
              })
          }
        })
      ).pipe(Layer.provide(RequestManager.layerMemory))
      const rig = yield* Rig.make
      const orders = yield* rig.run(Effect.provide(orderTwo, application(forgetful)))
      assert.deepStrictEqual(told, ["write", "put", "write", "put"])
      // Two logs of each order had to be sent again, half a second later.
      assert.deepStrictEqual(
        orders as ReadonlyArray<unknown>,
        [ordered("Ulysses", 7, "2"), ordered("Dubliners", 1, "1")].map((order) => ({
          ...order,
          finishedAt: order.finishedAt + 1000
        }))
      )
    }))
})
