import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { JobChain, SuspendedJobChain } from "../../src/domain/JobChain.ts"
import * as JobState from "../../src/domain/JobState.ts"
import * as Validation from "../../src/domain/Validation.ts"
import { chainOf } from "../../src/testing/index.ts"

/** What a fault is, without its class. */
const plain = ({ jobIds, kind, message, path }: Validation.Fault) => ({ kind, jobIds, path, message })

interface Fixture {
  readonly rule: string
  readonly chain: JobChain
  readonly faults: ReadonlyArray<ReturnType<typeof plain>>
}

const fault = (
  kind: Validation.FaultKind,
  jobIds: ReadonlyArray<string>,
  path: ReadonlyArray<string | number>,
  message: string
) => ({ kind, jobIds, path, message })

const badWait = (field: string, wait: string) =>
  fault(
    "bad-wait",
    ["a"],
    ["jobs", "a", field],
    `The ${field} of job "a" is "${wait}", expected a duration ≥ 0 such as "500ms" or "1m30s"`
  )

const badCount = (field: string, count: number) =>
  fault(
    "bad-count",
    ["a"],
    ["jobs", "a", field],
    `The ${field} of job "a" is ${count}, expected a whole number ≥ 0`
  )

/** One chain for each rule, that breaks this rule and no other. */
const fixtures: ReadonlyArray<Fixture> = [
  { rule: "no jobs", chain: { jobs: {} }, faults: [fault("no-jobs", [], ["jobs"], "The chain has no jobs")] },
  { rule: "no map of jobs", chain: {}, faults: [fault("no-jobs", [], ["jobs"], "The chain has no jobs")] },
  {
    rule: "a key that is not the job's id",
    chain: { jobs: { a: { id: "b", state: 1 } } },
    faults: [fault("job-id-mismatch", ["a"], ["jobs", "a", "id"], `Job "a" says that its id is "b"`)]
  },
  {
    rule: "a job without an id",
    chain: { jobs: { a: { state: 1 } } },
    faults: [fault("job-id-mismatch", ["a"], ["jobs", "a", "id"], `Job "a" says that its id is ""`)]
  },
  {
    rule: "edges of a job that does not exist",
    chain: { ...chainOf("a"), adjacencyList: { x: ["a"] } },
    faults: [
      fault(
        "unknown-job-in-adjacency-list",
        ["x"],
        ["adjacencyList", "x"],
        `The adjacency list names job "x", which does not exist`
      )
    ]
  },
  {
    rule: "an edge to a job that does not exist",
    chain: { ...chainOf("a -> b"), adjacencyList: { a: ["b", "x"] } },
    faults: [
      fault(
        "unknown-job-in-adjacency-list",
        ["x", "a"],
        ["adjacencyList", "a", 1],
        `Job "x", which is to run after "a", does not exist`
      )
    ]
  },
  {
    rule: "two first jobs",
    chain: chainOf("a -> c\nb -> c"),
    faults: [
      fault("several-first-jobs", ["a", "b"], ["adjacencyList"], `Exactly one job may be the first, not "a", "b"`)
    ]
  },
  {
    rule: "two last jobs",
    chain: chainOf("a -> b c"),
    faults: [fault("several-last-jobs", ["b", "c"], ["adjacencyList"], `Exactly one job may be the last, not "b", "c"`)]
  },
  {
    rule: "a cycle in the middle",
    chain: chainOf("a -> b\nb -> c\nc -> b d"),
    faults: [fault("cycle", ["c", "b"], ["adjacencyList", "c"], "The jobs run in a circle: c → b → c")]
  },
  {
    rule: "a cycle of all jobs",
    chain: chainOf("a -> b\nb -> a"),
    faults: [
      fault(
        "no-first-job",
        [],
        ["adjacencyList"],
        "Every job runs after another one: there is no first job"
      ),
      fault("no-last-job", [], ["adjacencyList"], "Every job has another one after it: there is no last job"),
      fault("cycle", ["b", "a"], ["adjacencyList", "b"], "The jobs run in a circle: b → a → b")
    ]
  },
  {
    rule: "an edge that is listed twice",
    chain: chainOf("a -> b b"),
    faults: [
      fault(
        "duplicate-edge",
        ["a", "b"],
        ["adjacencyList", "a", 1],
        `Job "b" is listed more than once as running after "a"`
      )
    ]
  },
  {
    rule: "an edge to itself",
    chain: chainOf("a -> a b"),
    faults: [fault("self-edge", ["a"], ["adjacencyList", "a", 0], `Job "a" is to run after itself`)]
  },
  {
    rule: "a sequence that does not exist",
    chain: chainOf("a -> b", { b: { sequenceId: "x" } }),
    faults: [
      fault(
        "unknown-sequence-id",
        ["b"],
        ["jobs", "b", "sequenceId"],
        `Job "b" belongs to sequence "x", but no job has this id`
      )
    ]
  },
  {
    rule: "a sequence named after what every object has",
    chain: chainOf("a -> b", { b: { sequenceId: "constructor" } }),
    faults: [
      fault(
        "unknown-sequence-id",
        ["b"],
        ["jobs", "b", "sequenceId"],
        `Job "b" belongs to sequence "constructor", but no job has this id`
      )
    ]
  },
  {
    rule: "a sequence whose first job is in none",
    chain: chainOf("a -> b", { b: { sequenceId: "a" } }),
    faults: [
      fault(
        "unknown-sequence-id",
        ["b"],
        ["jobs", "b", "sequenceId"],
        `Job "b" belongs to sequence "a", but that job is not the first of a sequence`
      )
    ]
  },
  {
    rule: "a sequence whose first job does not come before the job",
    chain: chainOf("a -> b c\nb -> d\nc -> d", { b: { sequenceId: "b" }, c: { sequenceId: "b" } }),
    faults: [
      fault(
        "unknown-sequence-id",
        ["c"],
        ["jobs", "c", "sequenceId"],
        `Job "c" belongs to sequence "b", but does not run after that job`
      )
    ]
  },
  { rule: "a wait that is none", chain: chainOf("a", { a: { retryWait: "5" } }), faults: [badWait("retryWait", "5")] },
  {
    rule: "a wait below 0",
    chain: chainOf("a", { a: { sequenceRetryWait: "-1s" } }),
    faults: [badWait("sequenceRetryWait", "-1s")]
  },
  { rule: "a count below 0", chain: chainOf("a", { a: { retry: -1 } }), faults: [badCount("retry", -1)] },
  {
    rule: "a count that is not whole",
    chain: chainOf("a", { a: { sequenceRetry: 1.5 } }),
    faults: [badCount("sequenceRetry", 1.5)]
  },
  {
    rule: "a place in the order of completion that is not whole",
    chain: chainOf("a", { a: { completion: 0.5 } }),
    faults: [badCount("completion", 0.5)]
  },
  {
    rule: "a job that is not PENDING",
    chain: chainOf("a", { a: { state: JobState.COMPLETE } }),
    faults: [fault("job-state", ["a"], ["jobs", "a", "state"], `Job "a" is COMPLETE, expected PENDING`)]
  },
  {
    rule: "a job without a state",
    chain: { jobs: { a: { id: "a" } } },
    faults: [fault("job-state", ["a"], ["jobs", "a", "state"], `Job "a" is UNKNOWN, expected PENDING`)]
  },
  {
    rule: "a job in the reserved state",
    chain: chainOf("a", { a: { state: 5 } }),
    faults: [fault("job-state", ["a"], ["jobs", "a", "state"], `Job "a" is 5, expected PENDING`)]
  },
  {
    rule: "finished jobs",
    chain: { ...chainOf("a"), finishedJobs: 1 },
    faults: [
      fault("finished-jobs", [], ["finishedJobs"], "The chain says that 1 of its jobs are finished, expected 0")
    ]
  }
]

const suspended = (chain: JobChain, rest: SuspendedJobChain = {}): SuspendedJobChain => ({ jobChain: chain, ...rest })

describe("Validation", () => {
  describe("faultsOfNew", () => {
    it("finds nothing wrong with a sound chain", () => {
      const chain = chainOf("a -> b c\nb -> d\nc -> d", {
        a: { sequenceId: "a", sequenceRetry: 2, sequenceRetryWait: "1m30s", retry: 3, retryWait: "" },
        c: { sequenceId: "a", retryWait: "0" },
        d: { sequenceId: "" }
      })
      assert.deepStrictEqual(Validation.faultsOfNew(chain), [])
    })

    it("takes null for a field's zero value, and does not look at the chain's own state or request id", () => {
      const a = { id: "a", state: 1, retry: null, retryWait: null, sequenceId: null, sequenceRetry: null }
      const chain = { requestId: null, jobs: { a }, adjacencyList: { a: null }, state: 4, finishedJobs: null }
      assert.deepStrictEqual(Validation.faultsOfNew(chain), [])
    })

    it("knows jobs whose ids are also names that every object answers to", () => {
      const jobs = { constructor: { id: "constructor", state: 1 }, toString: { id: "toString", state: 1 } }
      assert.deepStrictEqual(Validation.faultsOfNew({ jobs, adjacencyList: { constructor: ["toString"] } }), [])
    })

    it.each(fixtures)("refuses $rule", ({ chain, faults }) => {
      assert.deepStrictEqual(Validation.faultsOfNew(chain).map(plain), faults)
    })

    it("finds every fault, not only the first", () => {
      const chain = chainOf("a -> a b\nc -> d", {
        a: { retry: -1, retryWait: "soon" },
        b: { state: 2 },
        d: { sequenceId: "x" }
      })
      assert.deepStrictEqual(
        Validation.faultsOfNew({ ...chain, finishedJobs: 7 }).map((fault) => [fault.kind, ...fault.jobIds]),
        [
          ["self-edge", "a"],
          ["several-first-jobs", "a", "c"],
          ["several-last-jobs", "b", "d"],
          ["unknown-sequence-id", "d"],
          ["bad-wait", "a"],
          ["bad-count", "a"],
          ["job-state", "b"],
          ["finished-jobs"]
        ]
      )
    })

    it("finds each wrong place of an adjacency list", () => {
      const chain = { ...chainOf("a -> b"), adjacencyList: { a: ["x", "b", "b", "a"], y: ["z"] } }
      assert.deepStrictEqual(Validation.faultsOfNew(chain).map((fault) => fault.path), [
        ["adjacencyList", "a", 0],
        ["adjacencyList", "a", 2],
        ["adjacencyList", "a", 3],
        ["adjacencyList", "y"],
        ["adjacencyList", "y", 0]
      ])
    })

    it("names one cycle by its own jobs, whatever leads there and away", () => {
      const chain = chainOf("a -> b\nb -> c\nc -> d\nd -> b e\ne -> f")
      const [found] = Validation.faultsOfNew(chain)
      assert.strictEqual(found?.kind, "cycle")
      assert.sameMembers([...found?.jobIds ?? []], ["b", "c", "d"])
    })

    it("does not look for sequences upstream in a graph that is broken otherwise", () => {
      const chain = chainOf("a -> c\nb -> c", { a: { sequenceId: "a" }, b: { sequenceId: "a" } })
      assert.deepStrictEqual(Validation.faultsOfNew(chain).map((fault) => fault.kind), ["several-first-jobs"])
    })

    it("names ten of many jobs, and says how many more there are", () => {
      const many = Array.from({ length: 12 }, (_, index) => `m${index}`)
      const [found] = Validation.faultsOfNew(chainOf(`a -> ${many.join(" ")}`))
      assert.deepStrictEqual(found?.jobIds, many)
      assert.match(found?.message ?? "", /"m9" and 2 more$/)
    })

    it("shortens a long circle in its message only", () => {
      const size = 50
      const circle = Array.from({ length: size }, (_, index) => `j${index} -> j${(index + 1) % size}`)
      const found = Validation.faultsOfNew(chainOf(["a -> j0", ...circle, "j7 -> z"].join("\n")))
      assert.lengthOf(found, 1)
      assert.lengthOf(found[0]?.jobIds ?? [], size)
      assert.include(found[0]?.message, " → … → ")
    })

    it("takes a chain of 100,000 jobs, in one line and side by side, and one that is a single circle", () => {
      const size = 100_000
      const ids = Array.from({ length: size }, (_, index) => `j${index}`)
      const jobs = Object.fromEntries(ids.map((id) => [id, { id, state: 1, sequenceId: "j0" }]))
      const line = Object.fromEntries(ids.slice(1).map((id, index) => [`j${index}`, [id]]))
      assert.deepStrictEqual(Validation.faultsOfNew({ jobs, adjacencyList: line }), [])
      const last = `j${size - 1}`
      const middle = ids.slice(1, -1)
      const fan = { j0: middle, ...Object.fromEntries(middle.map((id) => [id, [last]])) }
      assert.deepStrictEqual(Validation.faultsOfNew({ jobs, adjacencyList: fan }), [])
      const kinds = Validation.faultsOfNew({ jobs, adjacencyList: { ...line, [last]: ["j0"] } }).map((fault) =>
        fault.kind
      )
      assert.deepStrictEqual(kinds, ["no-first-job", "no-last-job", "cycle"])
    })
  })

  describe("faultsOfSuspended", () => {
    const done = { state: JobState.COMPLETE }

    it("finds nothing wrong with jobs that are PENDING, COMPLETE or STOPPED", () => {
      const chain = chainOf("a -> b\nb -> c", { a: { ...done, completion: 1 }, b: { state: JobState.STOPPED } })
      const counts = { totalJobTries: { a: 1, b: 2 }, latestRunJobTries: null, sequenceTries: {} }
      assert.deepStrictEqual(Validation.faultsOfSuspended(suspended({ ...chain, finishedJobs: 1 }, counts)), [])
    })

    it.each([JobState.UNKNOWN, JobState.RUNNING, JobState.FAIL, 5, JobState.SUSPENDED, 99])(
      "refuses a job in state %i",
      (state) => {
        assert.deepStrictEqual(Validation.faultsOfSuspended(suspended(chainOf("a", { a: { state } }))).map(plain), [
          fault(
            "job-state",
            ["a"],
            ["jobs", "a", "state"],
            `Job "a" is ${JobState.describe(state)}, expected PENDING or COMPLETE or STOPPED`
          )
        ])
      }
    )

    it("refuses a number of finished jobs other than that of the COMPLETE ones", () => {
      assert.deepStrictEqual(Validation.faultsOfSuspended(suspended(chainOf("a -> b", { a: done }))).map(plain), [
        fault("finished-jobs", [], ["finishedJobs"], "The chain says that 0 of its jobs are finished, expected 1")
      ])
    })

    it.each(["totalJobTries", "latestRunJobTries", "sequenceTries"] as const)(
      "refuses %s that are no counts",
      (field) => {
        const counts = { [field]: { a: -1, b: 2 } }
        assert.deepStrictEqual(Validation.faultsOfSuspended(suspended(chainOf("a -> b"), counts)).map(plain), [
          fault("bad-count", ["a"], [field, "a"], `The ${field} of job "a" is -1, expected a whole number ≥ 0`)
        ])
      }
    )

    it("refuses one without a chain", () => {
      assert.deepStrictEqual(Validation.faultsOfSuspended({ requestId: "r" }).map((fault) => fault.kind), ["no-jobs"])
    })

    it("applies the rules of every chain", () => {
      for (const { chain, faults } of fixtures) {
        if (faults.some(({ kind }) => kind === "job-state" || kind === "finished-jobs")) continue
        assert.deepStrictEqual(Validation.faultsOfSuspended(suspended(chain)).map(plain), faults)
      }
    })
  })

  describe("InvalidChain", () => {
    it("lists every fault in its message", () => {
      const faults = Validation.faultsOfNew(chainOf("a -> b", { a: { retry: -1 }, b: { retryWait: "soon" } }))
      assert.strictEqual(
        new Validation.InvalidChain({ requestId: "r", faults }).message,
        [
          `The chain of request "r" is not valid, 2 faults:`,
          `  The retryWait of job "b" is "soon", expected a duration ≥ 0 such as "500ms" or "1m30s"`,
          `  The retry of job "a" is -1, expected a whole number ≥ 0`
        ].join("\n")
      )
      assert.include(
        new Validation.InvalidChain({ requestId: "r", faults: faults.slice(1) }).message,
        "is not valid, 1 fault:\n"
      )
    })

    it("survives the wire", () => {
      const faults = Validation.faultsOfNew(chainOf("a -> a"))
      const error = new Validation.InvalidChain({ requestId: "r", faults })
      const json = JSON.stringify(Schema.encodeSync(Validation.InvalidChain)(error))
      assert.strictEqual(Schema.decodeUnknownSync(Validation.InvalidChain)(JSON.parse(json)).message, error.message)
    })
  })
})
