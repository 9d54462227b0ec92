import { assert, describe, it } from "@effect/vitest"
import type { Job, JobChain } from "../../src/domain/JobChain.ts"
import * as Validation from "../../src/domain/Validation.ts"
import { chainOf } from "../../src/testing/index.ts"

const plain = ({ kind, message, path }: Validation.Fault) => `${kind} ${path.join(".")}: ${message}`

const faultsOf = (job: Job) => Validation.faultsOfNew(chainOf("a", { a: job })).map(plain)

const faultsOfChain = (fields: Partial<JobChain>) => Validation.faultsOfNew({ ...chainOf("a"), ...fields }).map(plain)

describe("PolicyRules", () => {
  describe("faultsOfJob", () => {
    it.each<[string, Job, string]>([
      [
        "a timeout of 0",
        { timeout: "0s" },
        `bad-wait jobs.a.timeout: The timeout of job "a" is "0s", expected a duration > 0 such as "500ms" or "1m30s"`
      ],
      [
        "a total timeout that is no duration",
        { totalTimeout: "soon" },
        `bad-wait jobs.a.totalTimeout: The totalTimeout of job "a" is "soon", expected a duration > 0 such as "500ms" or "1m30s"`
      ],
      [
        "a negative grace time",
        { stopGrace: "-1s" },
        `bad-wait jobs.a.stopGrace: The stopGrace of job "a" is "-1s", expected a duration ≥ 0 such as "500ms" or "1m30s"`
      ],
      [
        "a factor below 1",
        { retryPolicy: { factor: 0.5 } },
        `bad-policy jobs.a.retryPolicy.factor: The factor in the retryPolicy of job "a" is 0.5, expected a number ≥ 1`
      ],
      [
        "a jitter above 1",
        { sequenceRetryPolicy: { jitter: 2 } },
        `bad-policy jobs.a.sequenceRetryPolicy.jitter: The jitter in the sequenceRetryPolicy of job "a" is 2, expected a number from 0 to 1`
      ],
      [
        "a longest wait that is no duration",
        { retryPolicy: { maxWait: "5" } },
        `bad-wait jobs.a.retryPolicy.maxWait: The maxWait in the retryPolicy of job "a" is "5", expected a duration ≥ 0 such as "500ms" or "1m30s"`
      ],
      [
        "a priority that is not whole",
        { priority: 1.5 },
        `bad-count jobs.a.priority: The priority of job "a" is 1.5, expected a whole number`
      ],
      [
        "siblings that do what is not known",
        { sequenceSiblings: "wait" },
        `bad-policy jobs.a.sequenceSiblings: The sequenceSiblings of job "a" is "wait", expected "interrupt" or "finish"`
      ],
      [
        "an ending that is not known",
        { ending: "badly" },
        `bad-policy jobs.a.ending: The ending of job "a" is "badly", expected "skipped" or "sequence skipped" or "timed out" or "abandoned"`
      ]
    ])("refuses %s", (_, job, expected) => {
      assert.deepStrictEqual(faultsOf(job), [expected])
    })

    it("finds every fault of a policy", () => {
      assert.lengthOf(faultsOf({ retryPolicy: { factor: 0, jitter: -1, maxWait: "x", maxElapsed: "0s" } }), 4)
    })

    it("takes what is absent, null, zero or fits", () => {
      assert.deepStrictEqual(faultsOf({ timeout: null, retryPolicy: null, sequenceSiblings: "", priority: 0 }), [])
      assert.deepStrictEqual(
        faultsOf({
          timeout: "1s",
          totalTimeout: "1m",
          stopGrace: "0s",
          stopTimeout: "20s",
          priority: -3,
          retryPolicy: { factor: 1, jitter: 1, maxWait: "0s", maxElapsed: "1h", exits: [1], errors: ["Busy"] },
          sequenceTimeout: "1h",
          sequenceSiblings: "finish",
          ending: "timed out"
        }),
        []
      )
    })
  })

  describe("faultsOfChain", () => {
    it("refuses limits that are no numbers of jobs, and a timeout of 0", () => {
      assert.deepStrictEqual(
        faultsOfChain({ timeout: "0s", limits: { jobs: 0, types: { shell: 1.5, noop: 1 }, keys: { db: -1 } } }),
        [
          `bad-wait timeout: The chain's timeout is "0s", expected a duration > 0 such as "500ms" or "1m30s"`,
          "bad-count limits.jobs: The chain's limits.jobs is 0, expected a number of jobs from 1",
          "bad-count limits.types.shell: The chain's limits.types.shell is 1.5, expected a number of jobs from 1",
          "bad-count limits.keys.db: The chain's limits.keys.db is -1, expected a number of jobs from 1"
        ]
      )
    })
  })

  describe("faultsOfElapsed", () => {
    it("refuses times below 0", () => {
      const suspended = { jobChain: chainOf("a"), elapsed: { chain: -1, jobs: { a: -2 }, sequences: { a: 3 } } }
      assert.deepStrictEqual(Validation.faultsOfSuspended(suspended).map(plain), [
        "bad-count elapsed.chain: The elapsed.chain is -1, expected milliseconds ≥ 0",
        "bad-count elapsed.jobs.a: The elapsed.jobs.a is -2, expected milliseconds ≥ 0"
      ])
    })
  })
})
