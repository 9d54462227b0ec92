import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as Chain from "../../src/domain/Chain.ts"
import * as DataFlow from "../../src/domain/DataFlow.ts"
import type { SuspendedJobChain } from "../../src/domain/JobChain.ts"
import * as JobState from "../../src/domain/JobState.ts"
import * as Progress from "../../src/domain/Progress.ts"
import * as Retry from "../../src/domain/Retry.ts"
import * as Validation from "../../src/domain/Validation.ts"
import { chainOf } from "../../src/testing/index.ts"

type Fields = Parameters<typeof chainOf>[1]

/** A chain that is over: each job with how it ended, in that order; those left out never ran. */
const ended = (
  drawing: string,
  endings: Readonly<
    Record<string, { readonly state: JobState.JobState; readonly set?: object; readonly tries?: number }>
  >,
  fields: Fields = {}
): SuspendedJobChain => {
  const chain = Chain.make({ ...chainOf(drawing, fields), requestId: "r" })
  for (const [id, { set = {}, state, tries = 1 }] of Object.entries(endings)) {
    const job = chain.graph.indexOf.get(id) as number
    Progress.start(chain, job)
    Progress.countTry(chain, job, tries - 1)
    DataFlow.write(chain.data, job, { ...set })
    if (state === "COMPLETE") Progress.complete(chain, job)
    else Progress.setState(chain, job, JobState.toCode(state))
  }
  Chain.setState(chain, "FAIL")
  return JSON.parse(JSON.stringify(Chain.toSuspended(chain)))
}

const retry = (chain: SuspendedJobChain) => Result.getOrThrow(Retry.make(chain))

/** What would run: each job with why, and what it waits for. */
const preview = (chain: SuspendedJobChain) =>
  retry(chain).jobs.map(({ after, id, why }) =>
    `${id}: ${why}${after.length === 0 ? "" : `, after ${after.join(" ")}`}`
  )

const complete = { state: "COMPLETE" } as const
const failed = { state: "FAIL" } as const

describe("Retry", () => {
  describe("make", () => {
    it("keeps what is COMPLETE, and runs the rest: what failed, what was stopped, what never ran", () => {
      const chain = ended("a -> b c d\nb -> e\nc -> e\nd -> e", {
        a: complete,
        b: failed,
        c: { state: "STOPPED" },
        d: { state: "UNKNOWN" }
      })
      assert.deepStrictEqual(preview(chain), ["b: failed", "c: stopped", "d: failed", "e: never ran, after b c d"])
      const { suspended } = retry(chain)
      assert.deepStrictEqual(Validation.faultsOfSuspended(suspended), [])
      assert.deepStrictEqual([suspended.jobChain?.state, suspended.jobChain?.finishedJobs], [JobState.SUSPENDED, 1])
    })

    it("counts all tries on, and gives fresh ones to what runs", () => {
      const { jobs, suspended } = retry(
        ended("a -> b\nb -> c", { a: { ...complete, tries: 2 }, b: { ...failed, tries: 3 } })
      )
      assert.deepStrictEqual(jobs.map(({ id, tries }) => [id, tries]), [["b", 3], ["c", 0]])
      assert.deepStrictEqual(suspended.totalJobTries, { a: 2, b: 3 })
      assert.deepStrictEqual(suspended.latestRunJobTries, { a: 2 })
    })

    it("shows the data that each job will see", () => {
      const chain = ended("a -> b c\nb -> d\nc -> d", {
        a: { ...complete, set: { a: 1 } },
        b: { ...failed, set: { b: 2 } },
        c: { ...complete, set: { a: 3 } }
      }, { d: { data: { mine: true } } })
      // What a try set stays for the next one; what comes of `b` is not settled yet.
      assert.deepStrictEqual(retry(chain).jobs.map(({ data, id }) => [id, data]), [
        ["b", { a: 1, b: 2 }],
        ["d", { mine: true, a: 3 }]
      ])
    })

    it("gives what never ran the data of a job that completed after a stop", () => {
      const chain = Chain.make({ ...chainOf("a -> b"), requestId: "r" })
      Progress.start(chain, 0)
      chain.data.closedAt = chain.completed
      DataFlow.write(chain.data, 0, { late: 1 })
      Progress.complete(chain, 0)
      assert.deepStrictEqual(retry(Chain.toSuspended(chain)).jobs[0]?.data, { late: 1 })
    })

    const sequence: Fields = {
      b: { sequenceId: "b", sequenceRetry: 2, data: { given: 1 } },
      c: { sequenceId: "b" },
      d: { sequenceId: "b" }
    }

    it("runs all of a sequence in which a job failed, with none of the data that its last try set", () => {
      const chain = ended("a -> b\nb -> c d\nc -> e\nd -> e", {
        a: { ...complete, set: { a: 1 } },
        b: { ...complete, set: { b: 1 } },
        c: { ...complete, set: { c: 1 } },
        d: failed
      }, sequence)
      assert.deepStrictEqual(preview(chain), [
        "b: sequence",
        "c: sequence, after b",
        "d: failed, after b",
        "e: never ran, after c d"
      ])
      const { jobs, suspended } = retry({ ...chain, sequenceTries: { b: 3 } })
      assert.deepStrictEqual(jobs.map(({ data }) => data), [{ given: 1, a: 1 }, {}, {}, {}])
      assert.deepStrictEqual([suspended.sequenceTries, suspended.jobChain?.finishedJobs], [{}, 1])
      assert.deepStrictEqual(suspended.totalJobTries, { a: 1, b: 1, c: 1, d: 1 })
    })

    it("runs a stopped job of a sequence alone: the sequence goes on in the first of a fresh set of tries", () => {
      const chain = ended("a -> b\nb -> c d\nc -> e\nd -> e", {
        a: complete,
        b: complete,
        c: complete,
        d: { state: "STOPPED" }
      }, sequence)
      assert.deepStrictEqual(preview(chain), ["d: stopped", "e: never ran, after d"])
      assert.deepStrictEqual(retry({ ...chain, sequenceTries: { b: 3 } }).suspended.sequenceTries, { b: 1 })
    })

    it("runs a failed job alone where its sequence is never tried again", () => {
      const chain = ended("a -> b\nb -> c\nc -> d", { a: complete, b: complete, c: failed }, {
        a: { sequenceId: "a" },
        b: { sequenceId: "a" },
        c: { sequenceId: "a" }
      })
      assert.deepStrictEqual(preview(chain), ["c: failed", "d: never ran, after c"])
    })

    it("runs the nearest sequence that may be tried again, and leaves the ones around it in their first try", () => {
      const nested: Fields = {
        o: { sequenceId: "o", sequenceRetry: 1 },
        i: { sequenceId: "i", sequenceRetry: 1 },
        n: { sequenceId: "n" },
        z: { sequenceId: "o" },
        j: { sequenceId: "i" }
      }
      const chain = ended("o -> i\ni -> n\nn -> j\nj -> z", { o: complete, i: complete, n: failed }, nested)
      assert.deepStrictEqual(preview(chain), [
        "i: sequence",
        "n: failed, after i",
        "j: never ran, after n",
        "z: never ran, after j"
      ])
      assert.deepStrictEqual(retry({ ...chain, sequenceTries: { o: 2, i: 2 } }).suspended.sequenceTries, { o: 1 })
    })

    it("starts every limit afresh", () => {
      const chain = ended("a -> b", { a: complete, b: failed }, {
        a: { sequenceId: "a", sequenceRetry: 1, sequenceTimeout: "1m" },
        b: { sequenceId: "a", totalTimeout: "1m", ending: "timed out", reason: "no retries left" }
      })
      const elapsed = { chain: 5, jobs: { b: 5 }, sequences: { a: 5 } }
      const { suspended } = retry({ ...chain, elapsed })
      assert.strictEqual(suspended.elapsed, undefined)
      const { ending, reason } = suspended.jobChain?.jobs?.["b"] ?? {}
      assert.deepStrictEqual([ending, reason], [undefined, undefined])
    })

    it("forgets why a job that runs alone was not tried again", () => {
      const { suspended } = retry(ended("a", { a: failed }, { a: { reason: "no retries left" } }))
      assert.isUndefined(suspended.jobChain?.jobs?.["a"]?.reason)
    })

    it("refuses a chain that is COMPLETE", () => {
      const error = Result.getOrThrow(Result.flip(Retry.make(ended("a -> b", { a: complete, b: complete }))))
      assert.strictEqual(error.message, `The chain of request "r" is COMPLETE: there is nothing to try again`)
    })

    it("refuses a chain that still runs, with every fault", () => {
      const error = Result.getOrThrow(Result.flip(Retry.make(ended("a -> b", { a: { state: "RUNNING" } }))))
      assert.include(error.message, `Job "a" is RUNNING, expected PENDING or COMPLETE or FAIL or UNKNOWN or STOPPED`)
    })
  })
})
