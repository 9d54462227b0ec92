/**
 * At every moment each job that does not run has one explanation, which is true, and each other one runs.
 *
 * Random chains run to their end, are stopped, or are suspended and resumed, while a fiber of its own looks at them at every turn of
 * the scheduler, and at the start of every job.
 */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Schema } from "effect"
import type * as Explanation from "../../src/domain/Explanation.ts"
import type { Job, SuspendedJobChain } from "../../src/domain/JobChain.ts"
import * as JobState from "../../src/domain/JobState.ts"
import type { Traverser } from "../../src/engine/Traverser.ts"
import * as Bench from "./Bench.ts"
import * as RandomChain from "./RandomChain.ts"
import { World } from "./World.ts"
import * as WorldRun from "./WorldRun.ts"

const Seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2_000_000_000 }))
const Moves = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 12 }))

/** What may be said of a job in a state, while its chain is not over. */
const reasons: Readonly<Record<number, ReadonlyArray<Explanation.Explanation["because"]>>> = {
  [JobState.PENDING]: ["jobs", "limit", "retry", "sequenceRetry", "ending", "nothing"],
  [JobState.RUNNING]: ["retry", "sequenceRetry"]
}

class Witness {
  readonly faults: Array<string> = []
  /** What kept jobs from running. */
  readonly seen = new Set<Explanation.Explanation["because"]>()
  /** Jobs that wait for nothing, since when. Time does not pass while anything is left to do. */
  private idle = new Map<string, number>()
  private readonly parentsOf: RandomChain.RandomChain["parentsOf"]

  constructor({ parentsOf }: RandomChain.RandomChain) {
    this.parentsOf = parentsOf
  }

  look(traverser: Traverser, now: number): void {
    const { jobChain } = Effect.runSync(traverser.snapshot)
    const jobs = jobChain?.jobs ?? {}
    const explanations = Effect.runSync(traverser.explain)
    const running = new Set(Effect.runSync(traverser.running).map(({ jobId }) => jobId))
    const isOver = JobState.isOver(jobChain?.state ?? 0)
    const explained = new Set(explanations.map(({ jobId }) => jobId))
    if (explained.size !== explanations.length) this.faults.push(`${now}: a job has two explanations`)
    for (const [id, { state }] of Object.entries(jobs)) {
      if (!explained.has(id) && !(state === JobState.RUNNING && running.has(id))) {
        this.faults.push(`${now}: ${id} does not run, and nothing says why`)
      }
    }
    for (const explanation of explanations) this.judge(explanation, { jobs, now, isOver })
    const idle = isOver ? [] : explanations.filter(({ because }) => because === "nothing")
    this.idle = new Map(idle.map(({ jobId }) => [jobId, this.idle.get(jobId) ?? now]))
    for (const [id, since] of this.idle) if (since < now) this.faults.push(`${now}: ${id} waits for nothing`)
  }

  private judge(
    { because, ending, jobId, jobIds, text, until }: Explanation.Explanation,
    { isOver, jobs, now }: {
      readonly jobs: Readonly<Record<string, Job>>
      readonly now: number
      readonly isOver: boolean
    }
  ): void {
    this.seen.add(because)
    const fault = (what: string) => this.faults.push(`${now}: ${jobId} (${because}): ${text}: ${what}`)
    const state = jobs[jobId]?.state ?? -1
    const expected = reasons[state] ?? ["over"]
    if (isOver ? ending === undefined : !expected.includes(because)) {
      fault(`${JobState.fromCode(state)}, over: ${isOver}`)
    }
    if (state === JobState.COMPLETE && ending !== "complete" && ending !== "skipped") fault("it is COMPLETE")
    if (until !== undefined && until < now) fault("that is over")
    if (because === "ending" && jobIds?.length === 0) fault("of nothing")
    if (because !== "jobs") return
    const parents = this.parentsOf.get(jobId)?.filter((id) => id in jobs) ?? []
    const unmet = parents.filter((id) => jobs[id]?.state !== JobState.COMPLETE)
    if (jobIds?.toSorted().join() !== unmet.toSorted().join()) fault(`not COMPLETE are ${unmet.join()}`)
  }
}

const acts: ReadonlyArray<(traverser: Traverser) => Effect.Effect<unknown, unknown>> = [
  () => Effect.void,
  ({ stop }) => stop,
  ({ suspend }) => suspend
]

const run = Effect.fnUntraced(function*(seed: number, moves: number) {
  const random = RandomChain.make(seed)
  const witness = new Witness(random)
  const chain: RandomChain.RandomChain = {
    ...random,
    ending: (...call) => {
      look()
      return random.ending(...call)
    }
  }
  const world = new World(chain, seed % 4 === 0 ? 1 + seed % 3 : undefined)
  const clock = yield* Clock.clockWith(Effect.succeed)
  const look = () => {
    if (world.traverser !== undefined) witness.look(world.traverser, clock.currentTimeMillisUnsafe())
  }
  const watcher = yield* Effect.forkChild(Effect.forever(Effect.andThen(Effect.sync(look), Effect.yieldNow)))
  const end: SuspendedJobChain = yield* WorldRun.run(world, chain, moves, acts[seed % 3] ?? (() => Effect.void))
  look()
  if (end.jobChain?.state === JobState.SUSPENDED) {
    world.traverser = undefined
    yield* WorldRun.run(world, { suspended: end }, 0, () => Effect.void)
    look()
  }
  watcher.interruptUnsafe()
  return witness
})

describe.each([
  ["plainly", undefined],
  ["yielding at every 5th operation", 5],
  ["yielding at every 17th operation", 17]
])("each job of a random chain, %s", (_, maxOps) => {
  it.effect.prop(
    "runs, or has one explanation, which is true",
    { seed: Seed, moves: Moves },
    ({ moves, seed }) =>
      Bench.yielding(
        maxOps,
        Effect.gen(function*() {
          const { faults } = yield* run(seed, moves)
          assert.deepStrictEqual(faults, [])
        })
      ),
    { arbitrary: { runs: 150, seed: maxOps ?? 1 } }
  )
})

describe("the random chains", () => {
  it.effect("come to every reason but signals", () =>
    Effect.gen(function*() {
      const seen = new Set<string>()
      for (let seed = 0; seed < 40; seed++) {
        const witness = yield* Bench.yielding(5, run(seed, 3))
        for (const because of witness.seen) seen.add(because)
      }
      assert.sameMembers([...seen], ["ending", "jobs", "limit", "nothing", "over", "retry", "sequenceRetry"])
    }))
})
