/** Jobs and data keys may have any names, also those that mean something else to JavaScript. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import type { JobChain, SuspendedJobChain } from "../../src/domain/JobChain.ts"
import * as ChainFile from "../../src/spec/ChainFile.ts"
import { type Behaviour, ScriptedJobs } from "../../src/testing/ScriptedJobs.ts"
import { CutRepo } from "../storage/CutRepo.ts"
import * as TestStore from "../storage/TestStore.ts"
import * as Bench from "./Bench.ts"
import { itYielding } from "./Bench.ts"

/** As literals, keys named so would be no keys. */
const overTheWire = <A>(value: unknown): A => JSON.parse(JSON.stringify(value).replaceAll("PROTO", "__proto__")) as A

const chain: JobChain = overTheWire({
  requestId: "r",
  jobs: {
    constructor: { id: "constructor", type: "noop", state: 1, data: { PROTO: "given" } },
    PROTO: { id: "PROTO", type: "noop", state: 1, sequenceId: "PROTO", sequenceRetry: 1 },
    toString: { id: "toString", type: "noop", state: 1, sequenceId: "PROTO" },
    valueOf: { id: "valueOf", type: "noop", state: 1, item: { PROTO: "item" } }
  },
  adjacencyList: { constructor: ["PROTO"], PROTO: ["toString"], toString: ["valueOf"] },
  state: 1
})

const behaviours: Readonly<Record<string, ReadonlyArray<Behaviour>>> = overTheWire({
  PROTO: [{}, { set: { PROTO: { set: true }, own: 1 } }],
  toString: [{ state: "FAIL" }, { block: true }, {}]
})

const seen = ({ calls }: ScriptedJobs) => calls.map(({ data, jobId, try: jobTry }) => [jobId, jobTry, data])

const expected = overTheWire([
  ["constructor", 1, { PROTO: "given" }],
  ["PROTO", 1, { PROTO: "given" }],
  ["toString", 1, { PROTO: "given" }],
  ["PROTO", 2, { PROTO: "given" }],
  ["toString", 2, { PROTO: { set: true }, own: 1 }],
  ["toString", 3, { PROTO: { set: true }, own: 1 }],
  ["valueOf", 1, { PROTO: "item", own: 1 }]
])

describe("names such as __proto__", () => {
  itYielding("are those of jobs and data keys, over a rewind and a suspend", () =>
    Effect.gen(function*() {
      const jobs = new ScriptedJobs({ behaviours })
      const bench = yield* Bench.make({ jobs: jobs.layer })
      const traverser = yield* bench.start(chain)
      assert.deepStrictEqual((yield* bench.rig.run(traverser.suspend)).state, "SUSPENDED")
      const suspended = overTheWire<SuspendedJobChain>(yield* traverser.snapshot)
      assert.deepStrictEqual(suspended.totalJobTries, overTheWire({ constructor: 1, PROTO: 2, toString: 2 }))
      const resumed = yield* bench.makeFromSuspended(suspended)
      assert.strictEqual((yield* bench.rig.run(resumed.run)).state, "COMPLETE")
      assert.deepStrictEqual(overTheWire(seen(jobs)), expected)
    }))

  it.effect("are those of jobs and data keys in a store, where a crash cut the chain off", () =>
    Effect.scoped(Effect.gen(function*() {
      const database = yield* TestStore.database
      const jobs = new ScriptedJobs({ behaviours })
      const first = yield* TestStore.open(database)
      const dying = new CutRepo(first, undefined)
      const died = yield* Bench.make({ jobs: jobs.layer, riggedRepo: (rig) => dying.layer(rig) })
      yield* died.start(chain)
      dying.isCut = true
      yield* died.die
      yield* first.expire
      const second = yield* TestStore.open(database)
      const going = new CutRepo(second, undefined)
      const bench = yield* Bench.make({ jobs: jobs.layer, riggedRepo: (rig) => going.layer(rig) })
      const resumed = yield* bench.goOn(yield* second.store.claim("r"))
      assert.strictEqual((yield* bench.rig.run(resumed.result)).state, "COMPLETE")
      const numbered = (expected as ReadonlyArray<readonly [string, number, unknown]>).map(([id, jobTry, data]) => // What the crash cut off runs again under its number.
      [id, id === "toString" && jobTry === 3 ? 2 : jobTry, data])
      assert.deepStrictEqual(overTheWire(seen(jobs)), numbered)
    })))

  it("are those of jobs and data keys in a file", () => {
    const parsed = Result.getOrThrow(ChainFile.parse(JSON.stringify(chain), { file: "chain.json" }))
    assert.deepStrictEqual(parsed.jobChain, chain)
  })

  it("are no names of jobs where people write them", () => {
    const parsed = ChainFile.parse("jobs:\n  __proto__: { run: x }\n", { file: "chain.yaml" })
    assert.include(Result.isFailure(parsed) ? parsed.failure.message : "", "chain.yaml:2:3")
  })
})
