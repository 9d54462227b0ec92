/**
 * The tests that every `RequestManager` layer must pass, as far as it runs no chains itself.
 *
 * Each makes requests of its own, so that one layer can be shared by all. They belong to no test framework:
 *
 * ```ts skip
 * layer(MyManager)("my request manager", (it) => {
 *   for (const [name, test] of Object.entries(RequestManagerSuite.tests)) it.effect(name, () => test)
 * })
 * ```
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import assert from "node:assert/strict"
import type { JobLog } from "../domain/JobLog.ts"
import type { Request } from "../domain/Request.ts"
import { RequestManager } from "../engine/RequestManager.ts"
import { chainOf } from "./ChainDrawing.ts"

/** What a test does and whether it holds, by its name. */
export const tests: Readonly<Record<string, Effect.Effect<void, unknown, RequestManager>>> = {
  "creates a PENDING request, once": Effect.gen(function*() {
    const manager = yield* RequestManager
    const jobChain = chainOf("a -> b")
    const created = yield* manager.createRequest({ jobChain, type: "release", user: "ann", args: { version: 2 } })
    includes(created, { state: "PENDING", totalJobs: 2, finishedJobs: 0, type: "release", user: "ann" })
    assert.deepStrictEqual(yield* manager.getRequest(created.id), created)
    assert.deepStrictEqual(yield* manager.getJobChain(created.id), jobChain)
    assert.strictEqual((yield* Effect.flip(manager.createRequest({ jobChain })))._tag, "RequestExists")
  }),

  "goes from PENDING over RUNNING to the final state, and takes the same final state twice": Effect.gen(function*() {
    const manager = yield* RequestManager
    const { id } = yield* manager.createRequest({ jobChain: chainOf("a") })
    const finish = { requestId: id, state: "COMPLETE", finishedAt: 1000, finishedJobs: 1 } as const
    assert.strictEqual((yield* Effect.flip(manager.finishRequest(finish)))._tag, "RequestStateConflict")
    yield* manager.startRequest(id)
    yield* manager.updateProgress({ requestId: id, finishedJobs: 1 })
    includes(yield* manager.getRequest(id), { state: "RUNNING", finishedJobs: 1 })
    yield* manager.finishRequest(finish)
    yield* manager.finishRequest(finish)
    includes(yield* manager.getRequest(id), { state: "COMPLETE", finishedAt: 1000 })
    yield* manager.updateProgress({ requestId: id, finishedJobs: 0 })
    includes(yield* manager.getRequest(id), { finishedJobs: 1 })
    const failure = yield* Effect.flip(manager.finishRequest({ ...finish, state: "FAIL" }))
    assert.strictEqual(failure.message, `request ${id} is in state COMPLETE, expected state RUNNING or FAIL`)
  }),

  "takes how many jobs a running chain has by now, and knows those of a suspended one itself": Effect.gen(function*() {
    const manager = yield* RequestManager
    const jobChain = chainOf("a -> b")
    const { id } = yield* manager.createRequest({ jobChain })
    yield* manager.startRequest(id)
    yield* manager.updateProgress({ requestId: id, finishedJobs: 1, totalJobs: 5 })
    includes(yield* manager.getRequest(id), { finishedJobs: 1, totalJobs: 5 })
    assert.deepStrictEqual(yield* manager.getJobChain(id), jobChain)
    yield* manager.updateProgress({ requestId: id, finishedJobs: 2 })
    includes(yield* manager.getRequest(id), { finishedJobs: 2, totalJobs: 5 })
    yield* manager.suspendRequest({ requestId: id, jobChain: { ...jobChain, state: 7 }, totalJobTries: {} })
    includes(yield* manager.getRequest(id), { state: "SUSPENDED", totalJobs: 2 })
    yield* manager.startRequest(id)
    const finish = { requestId: id, state: "COMPLETE", finishedAt: 1000, finishedJobs: 6, totalJobs: 6 } as const
    yield* manager.finishRequest(finish)
    includes(yield* manager.getRequest(id), { state: "COMPLETE", finishedJobs: 6, totalJobs: 6 })
    yield* manager.updateProgress({ requestId: id, finishedJobs: 0, totalJobs: 9 })
    includes(yield* manager.getRequest(id), { totalJobs: 6 })
  }),

  "keeps a suspended chain, and gives it back as the request's chain": Effect.gen(function*() {
    const manager = yield* RequestManager
    const jobChain = chainOf("a")
    const { id } = yield* manager.createRequest({ jobChain })
    yield* manager.startRequest(id)
    const suspended = { requestId: id, jobChain: { ...jobChain, state: 7 }, totalJobTries: { a: 1 } }
    yield* manager.suspendRequest(suspended)
    assert.strictEqual((yield* manager.getRequest(id)).state, "SUSPENDED")
    assert.strictEqual((yield* manager.getJobChain(id)).state, 7)
    yield* manager.startRequest(id)
    assert.strictEqual((yield* manager.getRequest(id)).state, "RUNNING")
  }),

  "keeps one job log for each try, and finds the latest": Effect.gen(function*() {
    const manager = yield* RequestManager
    const { id } = yield* manager.createRequest({ jobChain: chainOf("a") })
    yield* manager.createJobLog(logOf(id, 1, "first"))
    yield* manager.createJobLog(logOf(id, 2, "second"))
    yield* manager.createJobLog(logOf(id, 1, "first, told again"))
    assert.deepStrictEqual((yield* manager.getJobLogs(id)).map((log) => log.error), ["first", "second"])
    assert.strictEqual((yield* manager.getJobLog(id, "a")).error, "second")
    assert.strictEqual((yield* manager.getJobLog(id, "a", 1)).error, "first")
    assert.strictEqual((yield* Effect.flip(manager.getJobLog(id, "b")))._tag, "JobLogNotFound")
  }),

  "finds requests by what is asked, the newest first": Effect.gen(function*() {
    const manager = yield* RequestManager
    const user = `finder of ${chainOf("a").requestId}`
    const first = yield* manager.createRequest({ jobChain: chainOf("a"), user })
    const second = yield* manager.createRequest({ jobChain: chainOf("a"), user })
    yield* manager.startRequest(second.id)
    const idsOf = (filter: Parameters<typeof manager.findRequests>[0]) =>
      Effect.map(manager.findRequests({ user, ...filter }), (found) => found.map((request) => request.id))
    assert.deepStrictEqual(yield* idsOf({}), [second.id, first.id])
    assert.deepStrictEqual(yield* idsOf({ states: ["PENDING"] }), [first.id])
    assert.deepStrictEqual(yield* idsOf({ offset: 1, limit: 1 }), [first.id])
  }),

  "does not know what was never created, and takes its progress all the same": Effect.gen(function*() {
    const manager = yield* RequestManager
    assert.strictEqual((yield* Effect.flip(manager.getRequest("none")))._tag, "RequestNotFound")
    assert.strictEqual((yield* Effect.flip(manager.startRequest("none")))._tag, "RequestNotFound")
    yield* manager.updateProgress({ requestId: "none", finishedJobs: 1 })
  })
}

const includes = (request: Request, expected: Partial<Request>): void =>
  assert.deepEqual({ ...request, ...expected }, request)

const logOf = (requestId: string, jobTry: number, error: string): JobLog => ({
  requestId,
  jobId: "a",
  try: jobTry,
  name: "a",
  type: "noop",
  startedAt: 1,
  finishedAt: 2,
  state: "FAIL",
  exit: 1,
  error,
  stdout: "",
  stderr: ""
})
