/**
 * Chains that are tried again after they ended: random ones, stopped at some moment or failed, are run, retried, suspended in
 * the middle of that and resumed, until all is COMPLETE. Every call is watched (`World`).
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, Schema } from "effect"
import type { SuspendedJobChain } from "../../src/domain/JobChain.ts"
import * as JobState from "../../src/domain/JobState.ts"
import * as Retry from "../../src/domain/Retry.ts"
import type { Traverser } from "../../src/engine/Traverser.ts"
import * as RandomChain from "./RandomChain.ts"
import { World } from "./World.ts"
import * as WorldRun from "./WorldRun.ts"

const Seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2_000_000_000 }))
const Moves = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 12 }))

const stop = (traverser: Traverser) => traverser.stop
const suspend = (traverser: Traverser) => traverser.suspend

const idsIn = (chain: SuspendedJobChain, isComplete: boolean) =>
  Object.entries(chain.jobChain?.jobs ?? {}).filter(([, { state }]) => (state === JobState.COMPLETE) === isComplete)
    .map(([id]) => id)

/** Which jobs a list brings is known only when it is made. */
const isKnown = (id: string) => !id.includes("[")

describe("a random chain that is stopped, or fails, and is tried again", () => {
  it.effect.prop(
    "is COMPLETE in the end, keeps what is COMPLETE, repeats no try, and sees no data of failed tries",
    { seed: Seed, moves: Schema.Array(Moves).check(Schema.isMinLength(3), Schema.isMaxLength(5)) },
    ({ moves, seed }) =>
      Effect.gen(function*() {
        const random = RandomChain.make(seed)
        let hasCalm = false
        const chain: RandomChain.RandomChain = {
          ...random,
          ending: (...call) => hasCalm ? { state: "COMPLETE", milliseconds: 10 } : random.ending(...call)
        }
        const world = new World(chain)
        let end = yield* WorldRun.run(world, chain, moves[0] ?? 0, stop)
        for (const count of moves) {
          const made = Retry.make(WorldRun.overTheWire(end))
          if (Result.isFailure(made)) {
            assert.strictEqual(made.failure._tag, "NothingToRetry")
            break
          }
          const retry = made.success
          hasCalm = count === moves.at(-1)
          const before = world.logs.length
          end = yield* WorldRun.run(world, retry, count, suspend)
          if (end.jobChain?.state === JobState.SUSPENDED) {
            end = yield* WorldRun.run(world, { suspended: end }, Number.POSITIVE_INFINITY, suspend)
          }
          const ran = new Set(world.logs.slice(before).map((log) => log.jobId))
          const planned = retry.jobs.map((job) => job.id)
          assert.sameMembers(planned, idsIn(retry.suspended, false))
          // Where a job fails again, the sequence around it may be tried again, too.
          if (hasCalm) {
            const known = planned.filter(isKnown)
            assert.sameMembers([...ran].filter(isKnown), known, "it did not run what the preview said")
          }
        }
        assert.deepStrictEqual(world.faults, [])
        assert.strictEqual(end.jobChain?.state, JobState.COMPLETE)
        world.checkEnd(end)
        assert.deepStrictEqual(world.faults, [])
      }),
    { arbitrary: { runs: 500, seed: 1 } }
  )
})
