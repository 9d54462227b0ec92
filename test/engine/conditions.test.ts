/**
 * Jobs and sequences that run on a condition: what is skipped, what that means for the others, and that it stays so over
 * rewinds, suspends and crashes.
 */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Schema, Stream } from "effect"
import type { JobChain, SuspendedJobChain } from "../../src/domain/JobChain.ts"
import * as JobState from "../../src/domain/JobState.ts"
import type { ChainEvent } from "../../src/engine/ChainEvent.ts"
import { TraverserFactory } from "../../src/engine/TraverserFactory.ts"
import { chainOf, ScriptedJobs } from "../../src/testing/index.ts"
import type { Script } from "../../src/testing/ScriptedJobs.ts"
import * as Bench from "./Bench.ts"
import { itYielding } from "./Bench.ts"
import * as CutRun from "./CutRun.ts"
import * as RandomChain from "./RandomChain.ts"
import { RecordingRepo } from "./RecordingRepo.ts"
import { World } from "./World.ts"
import * as WorldRun from "./WorldRun.ts"

/** Job id → how it ended, in words: its state, or that it was skipped. */
const endsOf = ({ jobChain }: SuspendedJobChain): Record<string, string> =>
  Object.fromEntries(
    Object.entries(jobChain?.jobs ?? {}).map(([id, job]) => [id, job.ending ?? JobState.describe(job.state ?? 0)])
  )

/** Runs a chain of scripted jobs to its end. */
const run = Effect.fnUntraced(function*(chain: JobChain, behaviours: Script["behaviours"] = {}) {
  const jobs = new ScriptedJobs({ behaviours })
  const sent = new Bench.Sent()
  const bench = yield* Bench.make({ jobs: jobs.layer, sent })
  const traverser = yield* bench.make(chain)
  const heard: Array<ChainEvent> = []
  yield* bench.fork(Stream.runForEach(traverser.events, (event) => Effect.sync(() => void heard.push(event))))
  const { finishedJobs, state } = yield* bench.rig.run(traverser.run)
  const snapshot = yield* traverser.snapshot
  return { jobs, sent, heard, state, finishedJobs, snapshot, ends: endsOf(snapshot) }
})

const callsOf = ({ jobs }: { readonly jobs: ScriptedJobs }) => jobs.calls.map(({ jobId }) => jobId)

describe("a job whose condition is not met", () => {
  itYielding(
    "is COMPLETE without having run, hands on what it inherits, and leaves no log",
    () =>
      Effect.gen(function*() {
        const ended = yield* run(
          chainOf("a -> b\nb -> c", { b: { when: "data.deploy", data: { mine: 1 } }, c: { when: "data.mine == 1" } }),
          { a: [{ set: { deploy: false } }] }
        )
        assert.deepStrictEqual([ended.state, ended.finishedJobs], ["COMPLETE", 3])
        assert.deepStrictEqual(ended.ends, { a: "COMPLETE", b: "skipped", c: "COMPLETE" })
        assert.deepStrictEqual(ended.jobs.calls.map(({ data, jobId }) => [jobId, data]), [
          ["a", {}],
          ["c", { deploy: false, mine: 1 }]
        ])
        assert.deepStrictEqual(ended.sent.logs.map((log) => log.jobId), ["a", "c"])
        assert.deepStrictEqual(ended.snapshot.totalJobTries, { a: 1, c: 1 })
        const told = ended.heard.filter((event) => event._tag === "jobSkipped")
        assert.deepStrictEqual(told.map(({ condition, jobId }) => [jobId, condition]), [["b", "data.deploy"]])
      })
  )

  itYielding("may be all there is", () =>
    Effect.gen(function*() {
      const ended = yield* run(chainOf("a", { a: { when: "false" } }))
      assert.deepStrictEqual([ended.state, ended.finishedJobs, callsOf(ended)], ["COMPLETE", 1, []])
    }))

  it.effect("may be one of very many in a row", () =>
    Effect.gen(function*() {
      const line = Array.from({ length: 3000 }, (_, job) => `j${job} -> j${job + 1}`)
      const fields = Object.fromEntries(line.map((_, job) => [`j${job}`, { when: "false" }]))
      const ended = yield* run(chainOf(line.join("\n"), fields))
      assert.deepStrictEqual([ended.state, callsOf(ended)], ["COMPLETE", ["j3000"]])
    }))

  itYielding(
    "counts a try of the sequence it begins, which is so tried no more often than it may be",
    () =>
      Effect.gen(function*() {
        const sequence = { sequenceId: "a", sequenceRetry: 2 }
        const ended = yield* run(chainOf("a -> b", { a: { ...sequence, when: "false" }, b: { sequenceId: "a" } }), {
          b: [{ state: "FAIL" }]
        })
        assert.deepStrictEqual([ended.state, callsOf(ended)], ["FAIL", ["b", "b", "b"]])
      })
  )

  itYielding("begins the time of the sequence it begins", () =>
    Effect.gen(function*() {
      const sequence = { sequenceId: "a", sequenceTimeout: "10ms" }
      const ended = yield* run(chainOf("a -> b", { a: { ...sequence, when: "false" }, b: { sequenceId: "a" } }), {
        b: [{ block: true }]
      })
      assert.deepStrictEqual([ended.state, ended.ends], ["FAIL", { a: "skipped", b: "timed out" }])
    }))

  itYielding("is asked again in the next try of its sequence", () =>
    Effect.gen(function*() {
      const sequenceId = "a"
      const ended = yield* run(
        chainOf("a -> b\nb -> c", {
          a: { sequenceId, sequenceRetry: 1 },
          b: { sequenceId, when: "data.clean" },
          c: { sequenceId }
        }),
        { a: [{ set: { clean: false } }, { set: { clean: true } }], c: [{ state: "FAIL" }, {}] }
      )
      assert.deepStrictEqual(callsOf(ended), ["a", "c", "a", "b", "c"])
      assert.deepStrictEqual(ended.ends, { a: "COMPLETE", b: "COMPLETE", c: "COMPLETE" })
    }))
})

describe("a sequence whose condition is not met", () => {
  const fields = {
    s: { sequenceId: "s", sequenceRetry: 1, sequenceWhen: "data.go" },
    i: { sequenceId: "i", sequenceWhen: "true" },
    j: { sequenceId: "i" },
    z: { sequenceId: "s" }
  }
  const drawing = "a -> s out\ns -> i free\ni -> j\nj -> z\nfree -> z\nz -> end\nout -> end"

  itYielding(
    "is skipped with all of its extent, sequences inside and jobs of none, and nothing else",
    () =>
      Effect.gen(function*() {
        const ended = yield* run(chainOf(drawing, fields), { a: [{ set: { go: false } }] })
        assert.strictEqual(ended.state, "COMPLETE")
        assert.sameMembers(callsOf(ended), ["a", "out", "end"])
        const skipped = "sequence skipped"
        assert.deepInclude(ended.ends, {
          s: skipped,
          i: skipped,
          free: skipped,
          j: skipped,
          z: skipped,
          end: "COMPLETE"
        })
        const told = ended.heard.filter((event) => event._tag === "jobSkipped")
        assert.sameMembers(told.map(({ condition, jobId, sequenceId }) => `${jobId} ${condition} ${sequenceId}`), [
          "s data.go s",
          "i data.go s",
          "free data.go s",
          "j data.go s",
          "z data.go s"
        ])
      })
  )

  itYielding("runs where the condition is met, each job by its own", () =>
    Effect.gen(function*() {
      const ended = yield* run(chainOf(drawing, { ...fields, free: { when: "!data.go" } }), {
        a: [{ set: { go: true } }]
      })
      assert.deepStrictEqual(Object.entries(ended.ends).filter(([, end]) => end !== "COMPLETE"), [["free", "skipped"]])
    }))

  itYielding("is still skipped when the chain was suspended in the middle of it", () =>
    Effect.gen(function*() {
      const jobs = new ScriptedJobs({ behaviours: { a: [{ set: { go: false } }], out: [{ block: true }, {}] } })
      const sent = new Bench.Sent()
      const bench = yield* Bench.make({ jobs: jobs.layer, sent })
      // `out` also runs before the sequence's last job, so that the suspend comes before its turn.
      const traverser = yield* bench.start(chainOf(`${drawing}\nout -> z`, fields))
      yield* bench.rig.run(traverser.suspend)
      const suspended: SuspendedJobChain = JSON.parse(JSON.stringify(sent.suspended[0]))
      assert.deepInclude(endsOf(suspended), { s: "sequence skipped", j: "sequence skipped", z: "PENDING" })
      const resumed = yield* bench.makeFromSuspended(suspended)
      assert.strictEqual((yield* bench.rig.run(resumed.run)).state, "COMPLETE")
      assert.deepInclude(endsOf(yield* resumed.snapshot), { z: "sequence skipped", end: "COMPLETE" })
      assert.deepStrictEqual(callsOf({ jobs }), ["a", "out", "out", "end"])
    }))
})

describe("a condition that cannot be told", () => {
  itYielding("fails the job without running it, and its sequence may be tried again", () =>
    Effect.gen(function*() {
      const sequenceId = "a"
      const ended = yield* run(
        chainOf("a -> b", { a: { sequenceId, sequenceRetry: 1 }, b: { sequenceId, when: "data.ok", retry: 3 } }),
        { a: [{}, { set: { ok: true } }] }
      )
      assert.deepStrictEqual([ended.state, callsOf(ended)], ["COMPLETE", ["a", "a", "b"]])
      assert.deepInclude(ended.sent.logs[1], {
        jobId: "b",
        try: 1,
        state: "FAIL",
        startedAt: 0,
        exit: 1,
        error: "problem evaluating its condition, data.ok: No such key: ok, at character 6"
      })
    }))

  it.effect("is told as why its job is not tried again", () =>
    Effect.gen(function*() {
      const bench = yield* Bench.make({ jobs: new ScriptedJobs().layer })
      const traverser = yield* bench.factory.make(chainOf("a", { a: { when: "data.ok" } }))
      yield* bench.rig.run(traverser.run)
      assert.deepStrictEqual((yield* traverser.explain).map(({ why }) => why), ["its condition could not be told"])
    }))

  it.effect("is refused with the chain where the text is no condition", () =>
    Effect.gen(function*() {
      const bench = yield* Bench.make({ jobs: new ScriptedJobs().layer })
      const chain = chainOf("a -> b", { a: { sequenceId: "a", sequenceWhen: "data.x =" }, b: { when: "dat.x" } })
      const error = yield* Effect.flip(bench.factory.make(chain))
      assert.strictEqual(error._tag, "InvalidChain")
      assert.deepStrictEqual("faults" in error && error.faults.map(({ message, path }) => [path.join("."), message]), [
        ["jobs.a.sequenceWhen", `The condition of the sequence of job "a": Unexpected character: =, at character 8`],
        ["jobs.b.when", `The condition of job "b": Unknown variable: dat, at character 1`]
      ])
    }))

  it.effect("is refused with the chain where nothing reads conditions", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip((yield* TraverserFactory).make(chainOf("a", { a: { when: "true" } })))
      assert.include(error.message, `The condition of job "a": nothing that reads conditions is provided`)
    }).pipe(Effect.provide(TraverserFactory.layerMemory([]))))
})

/** A random chain some of whose jobs and sequences run on conditions: of what was given, and of what ran before. */
const conditional = (seed: number): RandomChain.RandomChain => {
  const chain = RandomChain.make(seed)
  const next = RandomChain.random(seed + 1)
  const ids = Object.keys(chain.jobChain.jobs ?? {})
  const condition = () => {
    const kind = next()
    return kind < 0.3 ? `has(data.${ids[Math.floor(next() * ids.length)]})` : String(kind < 0.6)
  }
  const jobs = Object.entries(chain.jobChain.jobs ?? {}).map(([id, job]) => [id, {
    ...job,
    ...(next() < 0.4 ? { when: condition() } : {}),
    ...(job.sequenceId === id && next() < 0.6 ? { sequenceWhen: condition() } : {})
  }])
  return { ...chain, jobChain: { ...chain.jobChain, jobs: Object.fromEntries(jobs) } }
}

const Seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2_000_000_000 }))

describe.each([
  ["plainly", undefined],
  ["yielding at every 5th operation", 5],
  ["yielding at every 17th operation", 17]
])("a random chain with conditions, %s", (_, maxOps) => {
  /** Runs a chain, suspended and resumed after so many moves of the clock each; returns how its jobs ended. */
  const endsAfter = Effect.fnUntraced(function*(chain: RandomChain.RandomChain, moves: ReadonlyArray<number>) {
    const world = new World(chain)
    let end: SuspendedJobChain | undefined
    for (const count of [...moves, Number.POSITIVE_INFINITY]) {
      const start = end === undefined ? chain : { suspended: end }
      end = yield* WorldRun.run(world, start, count, (traverser) => traverser.suspend)
      const state = end.jobChain?.state
      if (state !== JobState.SUSPENDED) return { state, ends: endsOf(end), faults: world.faults }
    }
    return yield* Effect.die("it never ended")
  })

  it.effect.prop(
    "skips the same jobs, however often it is suspended",
    { seed: Seed, moves: Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 6 }))) },
    ({ moves, seed }) =>
      Bench.yielding(
        maxOps,
        Effect.gen(function*() {
          const chain = conditional(seed)
          const whole = yield* endsAfter(chain, [])
          const cut = yield* endsAfter(chain, moves.slice(0, 4))
          assert.deepStrictEqual([whole.faults, cut.faults, cut.state], [[], [], whole.state])
          // Where a job has failed for good, its other branches do not run on after a suspend.
          if (whole.state === JobState.COMPLETE) assert.deepStrictEqual(cut.ends, whole.ends)
        })
      ),
    { arbitrary: { runs: 200, seed: maxOps ?? 1 } }
  )

  it.effect.prop(
    "skips the same jobs, at whatever write its process dies",
    { seed: Seed },
    ({ seed }) =>
      Bench.yielding(
        maxOps,
        Effect.gen(function*() {
          const chain = conditional(seed)
          const whole = new RecordingRepo(chain.jobChain, undefined)
          const calm = new World(chain)
          const state = yield* CutRun.run(calm, whole, (factory) => factory.make(chain.jobChain))
          const ends = endsOf(yield* snapshotOf(calm))
          for (let write = 1; write <= whole.writes; write++) {
            for (const when of ["before", "after"] as const) {
              const world = new World(chain)
              const repo = new RecordingRepo(chain.jobChain, { write, when })
              if ((yield* CutRun.run(world, repo, (factory) => factory.make(chain.jobChain))) === undefined) {
                const found = repo.recover(yield* Clock.currentTimeMillis)
                yield* CutRun.run(world, repo, (factory) => factory.makeFromChain(found.chain, found.resumption))
              }
              assert.deepStrictEqual(world.faults, [], `${when} write ${write}`)
              assert.deepStrictEqual(
                [repo.finals.at(-1), endsOf(yield* snapshotOf(world))],
                [state, ends],
                `${when} ${write}`
              )
            }
          }
        })
      ),
    { arbitrary: { runs: 10, seed: maxOps ?? 1 } }
  )
})

const snapshotOf = (world: World) => Effect.suspend(() => world.traverser?.snapshot ?? Effect.die("it never ran"))
