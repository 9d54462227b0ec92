/**
 * What a store is given is enough to bring a chain back, at every write, and a chain that a crash cut off at any of them
 * ends as if it had not been.
 */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Scheduler, Schema } from "effect"
import * as Chain from "../../src/domain/Chain.ts"
import * as JobState from "../../src/domain/JobState.ts"
import * as Progress from "../../src/domain/Progress.ts"
import type { JobContext } from "../../src/engine/JobContext.ts"
import * as JobResult from "../../src/engine/JobResult.ts"
import { chainOf, ScriptedJobs } from "../../src/testing/index.ts"
import * as Bench from "./Bench.ts"
import { itYielding } from "./Bench.ts"
import * as CutRun from "./CutRun.ts"
import type * as RandomChain from "./RandomChain.ts"
import * as RandomPolicies from "./RandomPolicies.ts"
import { RecordingRepo } from "./RecordingRepo.ts"
import { World } from "./World.ts"

/** Runs a chain, cut off at one of its writes and brought back. */
const runCut = Effect.fnUntraced(function*(chain: RandomChain.RandomChain, cut: CutRun.Cut) {
  const world = new World(chain)
  const repo = new RecordingRepo(chain.jobChain, cut)
  let state = yield* CutRun.run(world, repo, (factory) => factory.make(chain.jobChain))
  if (state === undefined) {
    const found = repo.recover(yield* Clock.currentTimeMillis)
    state = yield* CutRun.run(world, repo, (factory) => factory.makeFromChain(found.chain, found.resumption))
  }
  return { world, repo, state }
})

/** What a job inherits that is about to be rewound depends on whether it has looked, and does not matter any more. */
const snapshot = (chain: Chain.Chain) => {
  const { jobChain, ...counts } = Chain.toSuspended(chain)
  // By id: jobs that are not in the chain for now have an index, too.
  const rewinding = new Set(chain.graph.ids.filter((_, index) => chain.rewinding[index] === 1))
  const jobs = Object.values(jobChain?.jobs ?? {}).map((job) =>
    rewinding.has(job.id ?? "") ? { ...job, data: {} } : job
  )
  return { ...counts, jobs, finishedJobs: jobChain?.finishedJobs }
}

const properties = (maxOps: number | undefined, seed: number) => {
  const yielding = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    maxOps === undefined ? effect : Effect.provideService(effect, Scheduler.MaxOpsBeforeYield, maxOps)
  const Seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2_000_000_000 }))

  it.effect.prop(
    "is brought back from its records, after every write",
    { seed: Seed },
    ({ seed }) =>
      yielding(Effect.gen(function*() {
        const random = RandomPolicies.make(seed)
        const repo: RecordingRepo = new RecordingRepo(random.jobChain, undefined, ({ chain }) => {
          const restored = repo.restored()
          restored.state = chain.state
          assert.deepStrictEqual(snapshot(restored), snapshot(chain))
        })
        yield* CutRun.run(new World(random), repo, (factory) => factory.make(random.jobChain))
      })),
    { arbitrary: { runs: 200, seed } }
  )

  it.effect.prop(
    "ends as if it had not been cut off, at whatever write it was",
    { seed: Seed },
    ({ seed }) =>
      yielding(Effect.gen(function*() {
        const chain = RandomPolicies.make(seed)
        const whole = new RecordingRepo(chain.jobChain, undefined)
        const expected = yield* CutRun.run(new World(chain), whole, (factory) => factory.make(chain.jobChain))
        for (let write = 1; write <= whole.writes; write++) {
          for (const when of ["before", "after"] as const) {
            const { repo, state, world } = yield* runCut(chain, { write, when })
            assert.deepStrictEqual(world.faults, [], `${when} write ${write}`)
            // The outcome may have been kept by the very write that was cut off.
            assert.deepStrictEqual([state, repo.finals.at(-1)], [expected, expected], `${when} write ${write}`)
            const tries = repo.logs.map((log) => `${log.jobId} ${log.try}`)
            assert.strictEqual(new Set(tries).size, tries.length, `${when} write ${write}`)
          }
        }
      })),
    { arbitrary: { runs: 12, seed } }
  )
}

describe.each([
  ["plainly", undefined],
  ["yielding at every 5th operation", 5],
  ["yielding at every 17th operation", 17]
])("a random chain, %s", (_, maxOps) => {
  properties(maxOps, maxOps ?? 1)
})

/** A chain in which `a` ran when the process was cut off, on its second try. */
const cutOff = (shape: string, jobs: Parameters<typeof chainOf>[1] = {}) => {
  const chain = Chain.make(chainOf(shape, jobs))
  chain.totalTries[0] = 1
  return chain
}

describe("a job outside of a rewound sequence", () => {
  itYielding("that had begun is brought back with what it had inherited", () =>
    Effect.gen(function*() {
      const sequenceId = "a"
      const jobs = new ScriptedJobs({
        behaviours: {
          a: [{ set: { from: "a's first try" } }, { set: { from: "a's second try" } }],
          b: [{ state: "FAIL", milliseconds: 10 }, {}],
          outside: [{ milliseconds: 20 }]
        }
      })
      const chain = {
        ...chainOf("a -> b outside\nb -> last\noutside -> last", {
          a: { sequenceId, sequenceRetry: 1 },
          b: { sequenceId }
        }),
        requestId: "r"
      }
      const seen: Array<unknown> = []
      const repo: RecordingRepo = new RecordingRepo(chain, undefined, ({ chain: live }) => {
        const restored = repo.restored()
        assert.deepStrictEqual(Chain.jobData(restored, "outside"), Chain.jobData(live, "outside"))
        seen.push(Chain.jobData(restored, "outside").from)
      })
      const bench = yield* Bench.make({ jobs: jobs.layer, repo: repo.layer() })
      assert.strictEqual((yield* bench.run(chain)).state, "COMPLETE")
      // Also after the rewind, when its parent is no longer COMPLETE.
      assert.deepStrictEqual(seen.slice(-3), ["a's first try", "a's first try", "a's first try"])
    }))
})

describe("a resumption", () => {
  itYielding(
    "runs a try that was cut off again under its number, marked as recovered, and only that one",
    () =>
      Effect.gen(function*() {
        const seen: Array<unknown> = []
        const jobs = Bench.jobsThat((_, context: JobContext) =>
          Effect.sync(() => {
            seen.push([context.idempotencyKey, context.recovered])
            return JobResult.make({ state: seen.length < 2 ? "FAIL" : "COMPLETE" })
          })
        )
        const bench = yield* Bench.make({ jobs })
        const chain = cutOff("a -> b", { a: { retry: 2 } })
        const traverser = yield* bench.rig.provide(bench.factory.makeFromChain(chain, { recovered: new Set(["a"]) }))
        yield* bench.rig.run(traverser.run)
        const { requestId } = traverser
        assert.deepStrictEqual(seen, [[`${requestId}/a/2`, true], [`${requestId}/a/3`, false], [
          `${requestId}/b/1`,
          false
        ]])
      })
  )

  for (
    const [until, expected] of [[700, 700], [0, 0]] as const
  ) {
    itYielding(`keeps a wait until ${until} ms, in place of a wait for the sequence`, () =>
      Effect.gen(function*() {
        const started: Array<number> = []
        const jobs = Bench.jobsThat(() =>
          Effect.map(Clock.currentTimeMillis, (now) => {
            started.push(now)
          })
        )
        const bench = yield* Bench.make({ jobs })
        const chain = cutOff("a", { a: { sequenceId: "a", sequenceRetry: 3, sequenceRetryWait: "5s" } })
        chain.sequenceTries[0] = 1
        const made = bench.factory.makeFromChain(chain, { waits: new Map([["a", until]]) })
        yield* bench.rig.run((yield* bench.rig.provide(made)).run)
        assert.deepStrictEqual(started, [expected])
      }))
  }

  itYielding(
    "lets a job that is given up fail for good when its turn comes, with its reason, and retries nothing",
    () =>
      Effect.gen(function*() {
        const sent = new Bench.Sent()
        const called: Array<string> = []
        const jobs = Bench.jobsThat((_, { jobId }) => Effect.sync(() => void called.push(jobId)))
        const bench = yield* Bench.make({ jobs, sent })
        const sequenceId = "a"
        const chain = Chain.make(chainOf("a -> b\nb -> c", {
          a: { sequenceId, sequenceRetry: 5 },
          b: { sequenceId, retry: 5 }
        }))
        const made = bench.factory.makeFromChain(chain, { givenUp: new Map([["b", "it crashed too often"]]) })
        const result = yield* bench.rig.run((yield* bench.rig.provide(made)).run)
        assert.deepStrictEqual([result.state, called], ["FAIL", ["a"]])
        assert.deepInclude(sent.logs[1], { jobId: "b", try: 1, state: "FAIL", exit: 1, error: "it crashed too often" })
      })
  )
})

describe("Progress.recount", () => {
  it("makes every total what the states say", () => {
    const chain = Chain.make(chainOf("a -> b\nb -> c"))
    chain.states[0] = JobState.COMPLETE
    chain.completions[0] = 1
    chain.states[2] = JobState.FAIL
    Progress.recount(chain)
    assert.deepStrictEqual([chain.runnable, chain.completed, chain.finishedJobs, Progress.failed(chain)], [1, 1, 1, 1])
  })
})
