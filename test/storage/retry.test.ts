/**
 * Chains in the store that have ended and are tried again, also where the process that does so dies at one of its writes.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, Schema } from "effect"
import { randomUUID } from "node:crypto"
import { inject } from "vitest"
import * as Progress from "../../src/domain/Progress.ts"
import * as Retry from "../../src/domain/Retry.ts"
import { chainOf, checkpointOf } from "../../src/testing/index.ts"
import * as CutRun from "../engine/CutRun.ts"
import * as RandomChain from "../engine/RandomChain.ts"
import { World } from "../engine/World.ts"
import { CutRepo } from "./CutRepo.ts"
import { add, end, logOf, start } from "./Steps.ts"
import * as TestStore from "./TestStore.ts"

/** Claims a chain and runs it until it is over, or dies at one of its writes; returns its final state, or nothing. */
const goOn = Effect.fnUntraced(function*(
  world: World,
  store: TestStore.TestStore,
  requestId: string,
  cut?: CutRun.Cut
) {
  const { chain, isStopRequested, resumption } = yield* Effect.orDie(store.store.claim(requestId))
  assert.isFalse(isStopRequested)
  const repo = new CutRepo(store, cut)
  const state = yield* CutRun.run(world, repo, (factory) => factory.makeFromChain(chain, resumption))
  return { state, writes: repo.writes }
})

/** Runs a random chain to its end, tries it again with jobs that all end well, and dies at one write of that. */
const retryCut = (open: TestStore.Open, seed: number, cut?: CutRun.Cut) =>
  Effect.scoped(Effect.gen(function*() {
    const random = RandomChain.make(seed)
    const requestId = randomUUID()
    let isCalm = false
    const chain: RandomChain.RandomChain = {
      ...random,
      jobChain: { ...random.jobChain, requestId },
      ending: (...call) => isCalm ? { state: "COMPLETE", milliseconds: 10 } : random.ending(...call)
    }
    const world = new World(chain)
    const first = yield* open()
    const ended = yield* CutRun.run(world, new CutRepo(first, undefined), (factory) => factory.make(chain.jobChain))
    if (ended === "COMPLETE") return { writes: 0, state: ended, faults: world.faults }
    const snapshot = yield* world.traverser?.snapshot ?? Effect.die("it has run")
    const preview = yield* first.store.previewRetry(requestId)
    // The store knows the order of completion with gaps, a snapshot without.
    const ofSnapshot = Result.getOrThrow(Retry.make(overTheWire(snapshot)))
    assert.deepStrictEqual(overTheWire(preview.jobs), overTheWire(ofSnapshot.jobs))
    assert.deepStrictEqual(yield* first.store.retry(requestId), preview)
    assert.deepStrictEqual(yield* first.store.exportChain(requestId), preview.suspended)
    isCalm = true
    const run = yield* goOn(world, first, requestId, cut)
    let { state } = run
    if (state === undefined) {
      yield* first.expire
      const second = yield* open()
      const [info] = yield* second.store.list({ requestId })
      state = info?.state === "COMPLETE" ? info.state : (yield* goOn(world, second, requestId)).state
    }
    const logs = yield* first.store.logs(requestId)
    const keys = logs.map((log) => `${log.jobId} ${log.try}`)
    assert.strictEqual(new Set(keys).size, keys.length)
    return { writes: run.writes, state, faults: world.faults }
  }))

const overTheWire = <A>(value: A): A => JSON.parse(JSON.stringify(value)) as A

/** Each chain is run some twenty times; a server takes its time. */
const runs = inject("postgresUrl") === undefined ? 16 : 3

describe("a retry in the store", () => {
  it.effect.prop(
    "ends as if its process had not died, at whatever write it was",
    { seed: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2_000_000_000 })) },
    ({ seed }) =>
      Effect.scoped(Effect.gen(function*() {
        const open = yield* TestStore.oneAfterAnother
        const whole = yield* retryCut(open, seed)
        assert.deepStrictEqual([whole.state, whole.faults], ["COMPLETE", []])
        for (let write = 1; write <= whole.writes; write += 2) {
          for (const when of ["before", "after"] as const) {
            const cut = yield* retryCut(open, seed, { write, when })
            assert.deepStrictEqual([cut.state, cut.faults], ["COMPLETE", []], `${when} write ${write}`)
          }
        }
      })),
    { arbitrary: { runs, seed: 3 } }
  )

  it.effect("is refused for what is not there, runs, is suspended or COMPLETE", () =>
    Effect.scoped(Effect.gen(function*() {
      const database = yield* TestStore.database
      const { repo, store } = yield* TestStore.open(database)
      const refusal = (requestId: string) => Effect.map(Effect.flip(store.retry(requestId)), (error) => error.message)
      assert.strictEqual(yield* refusal("none"), `The store has no chain of request "none"`)
      const running = yield* add(repo, { ...chainOf("a"), requestId: "running" })
      assert.match(yield* refusal("running"), /^The chain of request "running" is run by process /)
      yield* end(repo, running)
      assert.strictEqual(
        yield* refusal("running"),
        `The chain of request "running" is COMPLETE: there is nothing to try again`
      )
      yield* store.importChain({ requestId: "suspended", jobChain: chainOf("a") })
      assert.strictEqual(yield* refusal("suspended"), `The chain of request "suspended" has not ended: it is SUSPENDED`)
    })))

  it.effect("forgets the stop, and the crashes of a job that was given up", () =>
    Effect.scoped(Effect.gen(function*() {
      const database = yield* TestStore.database
      const { requestId } = chainOf("a -> b")
      for (let crash = 1; crash <= 3; crash++) {
        yield* Effect.scoped(Effect.gen(function*() {
          const process = yield* TestStore.open(database)
          const chain = crash === 1
            ? yield* add(process.repo, { ...chainOf("a -> b"), requestId: requestId ?? "" })
            : (yield* process.store.claim(requestId ?? "")).chain
          yield* start(process.repo, chain, 0)
          yield* process.expire
        }))
      }
      const process = yield* TestStore.open(database)
      yield* process.store.requestStop(requestId ?? "")
      const { chain, isStopRequested, resumption } = yield* process.store.claim(requestId ?? "")
      assert.deepStrictEqual([isStopRequested, resumption.givenUp?.size], [true, 1])
      Progress.start(chain, 0)
      Progress.setState(chain, 0, 4)
      yield* process.repo.set(checkpointOf(chain, {
        changed: [0],
        logs: [{ ...logOf(requestId ?? "", "a", 1), state: "FAIL" }],
        outcome: { state: "FAIL", finishedJobs: 0, suspended: undefined }
      }))
      yield* process.repo.remove(requestId ?? "")
      const { jobs } = yield* process.store.retry(requestId ?? "")
      assert.deepStrictEqual(jobs.map(({ id, tries, why }) => [id, why, tries]), [["a", "failed", 1], [
        "b",
        "never ran",
        0
      ]])
      const again = yield* process.store.claim(requestId ?? "")
      assert.deepStrictEqual([again.isStopRequested, again.resumption.givenUp?.size], [false, 0])
    })))
})
