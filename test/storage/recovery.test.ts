/**
 * What is in the database is enough to bring a chain back, at every write, and a chain whose process died at any of them
 * ends as if it had not, and has it told so, once.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Schema } from "effect"
import { randomUUID } from "node:crypto"
import * as Chain from "../../src/domain/Chain.ts"
import type { SuspendedJobChain } from "../../src/domain/JobChain.ts"
import * as JobRecord from "../../src/domain/JobRecord.ts"
import type { Checkpoint } from "../../src/engine/Checkpoint.ts"
import type { Claimed } from "../../src/storage/Claim.ts"
import * as StoredChain from "../../src/storage/StoredChain.ts"
import { chainOf } from "../../src/testing/index.ts"
import * as CutRun from "../engine/CutRun.ts"
import * as RandomChain from "../engine/RandomChain.ts"
import { World } from "../engine/World.ts"
import { CutRepo } from "./CutRepo.ts"
import { ScriptedManager } from "./ScriptedManager.ts"
import * as TestStore from "./TestStore.ts"

const run = (world: World, repo: CutRepo, from: RandomChain.RandomChain | Claimed) =>
  CutRun.run(
    world,
    repo,
    (factory) => "resumption" in from ? factory.makeFromChain(from.chain, from.resumption) : factory.make(from.jobChain)
  )

const requestedAs = (requestId: string, chain: RandomChain.RandomChain): RandomChain.RandomChain => ({
  ...chain,
  jobChain: { ...chain.jobChain, requestId }
})

interface Outcome {
  readonly state: string
  readonly logs: ReadonlyArray<string>
  /** What a remote Request Manager heard, in order. */
  readonly told: ReadonlyArray<string>
  readonly faults: ReadonlyArray<string>
  readonly writes: number
  /** Jobs that ran again although it was known that they had completed. */
  readonly again: ReadonlyArray<string>
}

/** Runs a chain in a store, dying at one of its writes and brought back by another process. */
const runCut = (open: TestStore.Open, same: RandomChain.RandomChain, cut?: CutRun.Cut) =>
  Effect.scoped(Effect.gen(function*() {
    const requestId = randomUUID()
    const chain = requestedAs(requestId, same)
    const manager = new ScriptedManager()
    const connection = manager.connect()
    const first = yield* open(connection)
    const world = new World(chain)
    const repo = new CutRepo(first, cut)
    let state: string | undefined = yield* run(world, repo, chain)
    let store = first
    let again: ReadonlyArray<string> = []
    if (state === undefined) {
      connection.isDead = true
      yield* first.expire
      store = yield* open(manager.connect())
      const status = yield* store.store.status(requestId)
      const claimed = yield* Effect.exit(store.store.claim(requestId))
      if (Exit.isSuccess(claimed)) {
        const complete = status.jobs.filter((job) => job.state === "COMPLETE").map((job) => job.id)
        const going = new CutRepo(store, undefined)
        state = yield* run(world, going, claimed.value)
        again = complete.filter((id) => going.started.includes(id) && chain.sequencesOf.get(id)?.length === 0)
      }
    }
    while ((yield* store.rows("deliveries")) > 0) yield* Effect.yieldNow
    const [info] = yield* store.store.list({ requestId })
    const logs = yield* store.store.logs(requestId)
    const logged = logs.map((log) => `${log.jobId} ${log.try} ${log.state}`)
    const outcome: Outcome = {
      state: info?.state ?? "",
      logs: logged.toSorted(),
      told: manager.heldOf(requestId),
      faults: world.faults,
      writes: repo.writes,
      again
    }
    if (info !== undefined) assert.deepStrictEqual(outcome.told, [...logged, info.state])
    return outcome
  }))

/** Does what happens in every place at which a process can die. */
const atEveryWrite = Effect.fnUntraced(function*(
  chain: RandomChain.RandomChain,
  check: (whole: Outcome, cut: Outcome, where: string) => void
) {
  const open = yield* TestStore.oneAfterAnother
  const whole = yield* runCut(open, chain)
  assert.deepStrictEqual(whole.faults, [])
  for (let write = 1; write <= whole.writes; write++) {
    for (const when of ["before", "after"] as const) {
      const where = `${when} write ${write} of ${whole.writes}`
      const cut = yield* runCut(open, chain, { write, when })
      assert.deepStrictEqual([cut.faults, cut.again, cut.state], [[], [], whole.state], where)
      check(whole, cut, where)
    }
  }
}, Effect.scoped)

/** A chain whose jobs end as listed, try by try, and COMPLETE from then on. */
const scripted = (
  drawing: string,
  fields: Parameters<typeof chainOf>[1],
  endings: Readonly<Record<string, ReadonlyArray<RandomChain.Ending["state"]>>> = {}
): RandomChain.RandomChain => {
  const jobChain = chainOf(drawing, fields)
  const ids = Object.keys(jobChain.jobs ?? {})
  return {
    jobChain,
    sequencesOf: new Map(ids.map((id) => {
      const sequence = jobChain.jobs?.[id]?.sequenceId ?? ""
      return [id, sequence === "" ? [] : [sequence]]
    })),
    parentsOf: new Map(ids.map((id) => [id, ids.filter((from) => jobChain.adjacencyList?.[from]?.includes(id))])),
    ending: (id, jobTry, [sequenceTry = 1]) => ({
      state: endings[id]?.[jobTry - 1 + (sequenceTry - 1) * 10] ?? "COMPLETE",
      milliseconds: 10
    })
  }
}

/** A list that a job makes, in a sequence that is tried again with another list. */
const fannedOut = (): RandomChain.RandomChain => {
  const template = { jobs: { "": { id: "", type: "random", state: 1, sequenceId: "b" } } }
  const chain = scripted("a -> b\nb -> c\nc -> d", {
    b: { ...sequence, parallel: 1, each: { from: "b_list", as: "b_item", template } },
    c: { sequenceId: "b" }
  }, { c: ["FAIL"] })
  const instances = ["x", "y", "z"].map((key) => `b[${key}]`)
  return {
    ...chain,
    sequencesOf: new Map([...chain.sequencesOf, ...instances.map((id) => [id, ["b"]] as const)]),
    parentsOf: new Map([...chain.parentsOf, ...instances.map((id) => [id, ["b"]] as const), ["c", [
      "b",
      ...instances
    ]]]),
    parallel: new Map([["b", 1]]),
    listOf: (jobId, [tries]) =>
      jobId === "b" ? { key: "b_list", items: tries === 1 ? ["x", "y"] : ["y", "z"] } : undefined
  }
}

/** The same chain with so many jobs at once. */
const limitedTo = (jobs: number, chain: RandomChain.RandomChain): RandomChain.RandomChain => ({
  ...chain,
  jobChain: { ...chain.jobChain, limits: { jobs } }
})

const sequence = { sequenceId: "b", sequenceRetry: 2, sequenceRetryWait: "50ms" }
const corpus: Readonly<Record<string, RandomChain.RandomChain>> = {
  "a fan-out over a list that a job makes": fannedOut(),
  "a line": scripted("a -> b\nb -> c\nc -> d", {}),
  "a fan": scripted("a -> b c d e\nb -> f\nc -> f\nd -> f\ne -> f", {}),
  "a job that is retried": scripted("a -> b\nb -> c", { b: { retry: 3 } }, { b: ["FAIL", "panic", "UNKNOWN"] }),
  "a job that waits between its tries": scripted("a -> b c\nb -> d\nc -> d", { b: { retry: 2, retryWait: "100ms" } }, {
    b: ["FAIL", "FAIL"]
  }),
  "a job that fails for good": scripted("a -> b c\nb -> d\nc -> d", { b: { retry: 1 } }, { b: ["FAIL", "FAIL"] }),
  "a job with a retry policy": scripted("a -> b\nb -> c", {
    b: { retry: 3, retryWait: "20ms", retryPolicy: { factor: 2, maxElapsed: "1h" } }
  }, { b: ["FAIL", "FAIL", "FAIL"] }),
  "a try, and then a job, that takes too long": scripted("a -> b c\nb -> d\nc -> d", {
    b: { retry: 1, timeout: "5ms" },
    c: { retry: 9, retryWait: "1h", totalTimeout: "30ms" }
  }, { c: ["FAIL"] }),
  "jobs by their priority, one at a time": limitedTo(
    1,
    scripted("a -> b c d\nb -> e\nc -> e\nd -> e", { c: { priority: 1 } })
  ),
  "a sequence that is retried, with a wait": scripted("a -> b\nb -> c\nc -> d\nd -> e", {
    b: sequence,
    c: { sequenceId: "b", retry: 1 },
    d: { sequenceId: "b" }
  }, { c: ["FAIL", "FAIL"] }),
  "jobs and a sequence that are skipped": scripted("a -> b x\nb -> c\nc -> d\nx -> d\nd -> e", {
    a: { when: "false" },
    b: { ...sequence, sequenceWhen: "has(data.x)" },
    c: { sequenceId: "b" },
    d: { sequenceId: "b" },
    e: { when: "has(data.x)" }
  })
}

describe("a chain whose process dies", () => {
  for (const [name, chain] of Object.entries(corpus)) {
    it.effect(`ends as if it had not, at whatever write it was: ${name}`, () =>
      atEveryWrite(chain, (whole, cut, where) => assert.deepStrictEqual(cut.logs, whole.logs, where)))
  }

  it.effect("ends as if it had not, at whatever write it was: a sequence whose other jobs finish before it is retried", () =>
    // A try of a rewound job that the crash has cut off does not run again, and so has no log.
    atEveryWrite(
      scripted("a -> b\nb -> c d\nc -> e\nd -> e", {
        b: { ...sequence, sequenceSiblings: "finish" },
        c: { sequenceId: "b" },
        d: { sequenceId: "b", retry: 1, retryWait: "30ms" },
        e: { sequenceId: "b" }
      }, { c: ["FAIL"], d: ["FAIL"] }),
      () => {}
    ))

  it.effect.prop(
    "ends as if it had not, at whatever write it was: random chains",
    { seed: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2_000_000_000 })) },
    ({ seed }) => atEveryWrite(RandomChain.make(seed), () => {}),
    { arbitrary: { runs: 4, seed: 1 } }
  )
})

/** What a job inherits that is about to be rewound depends on whether it has looked, and does not matter any more. */
const comparable = (chain: Chain.Chain) => {
  const { jobChain, ...counts } = JSON.parse(JSON.stringify(Chain.toSuspended(chain))) as SuspendedJobChain
  return {
    ...counts,
    ...jobChain,
    jobs: Object.values(jobChain?.jobs ?? {}).map((job, index) =>
      chain.rewinding[index] === 1 ? { ...job, data: {} } : job
    ),
    records: chain.graph.ids.map((_, job) => JobRecord.make(chain, job))
  }
}

/** Looks after every write whether the database has the chain as the engine has it. */
const compareWrites = (store: TestStore.TestStore, same: RandomChain.RandomChain) =>
  Effect.gen(function*() {
    const chain = requestedAs(randomUUID(), same)
    const compare = ({ chain }: Checkpoint) => {
      const number = store.numberOf(chain.requestId)
      // As it is now: jobs may run on while it is written.
      const now = comparable(chain)
      const stored = Effect.orDie(StoredChain.load(store.tables, { requestId: chain.requestId, number }))
      return Effect.map(stored, (stored) => assert.deepStrictEqual(stored && comparable(stored.chain), now))
    }
    const compared: Array<Exit.Exit<void>> = []
    const repo = new CutRepo(store, undefined, (checkpoint) =>
      Effect.map(Effect.exit(compare(checkpoint)), (exit) => {
        compared.push(exit)
      }))
    yield* run(new World(chain), repo, chain)
    assert.isAbove(compared.length, 0)
    yield* Effect.all(compared)
  })

const overlapping = scripted("a -> b\nb -> c d\nc -> e\nd -> e", {
  a: { data: { given: 1 } },
  b: { ...sequence, data: { mine: 2 } },
  c: { sequenceId: "b", data: { other: 3 } },
  d: { data: { last: 4 } }
}, { c: ["FAIL", "FAIL"] })

describe("a chain in the database", () => {
  const store = TestStore.shared(TestStore.make())

  for (const [name, chain] of Object.entries({ ...corpus, "a job right after one that is rewound": overlapping })) {
    it.effect(`is, after every write, as the engine has it: ${name}`, () => compareWrites(store(), chain))
  }

  it.effect.prop(
    "is, after every write, as the engine has it: random chains",
    { seed: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2_000_000_000 })) },
    ({ seed }) => compareWrites(store(), RandomChain.make(seed)),
    { arbitrary: { runs: 60, seed: 1 } }
  )
})
