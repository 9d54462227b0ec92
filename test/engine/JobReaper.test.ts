import { assert, describe, it } from "@effect/vitest"
import * as Chain from "../../src/domain/Chain.ts"
import type { JobState } from "../../src/domain/JobState.ts"
import * as Progress from "../../src/domain/Progress.ts"
import * as Rewind from "../../src/domain/Rewind.ts"
import * as JobReaper from "../../src/engine/JobReaper.ts"
import { chainOf } from "../../src/testing/index.ts"

const sequence = { a: { sequenceId: "a", sequenceRetry: 1 }, b: { sequenceId: "a" } }

/** A chain whose jobs are started and reaped by hand. */
class Reaping {
  readonly chain: Chain.Chain
  readonly reaper: JobReaper.JobReaper

  constructor(reaper: JobReaper.JobReaper, drawing: string, fields: Parameters<typeof chainOf>[1] = {}) {
    this.reaper = reaper
    this.chain = Chain.make(chainOf(drawing, fields))
  }

  start(...ids: ReadonlyArray<string>): this {
    for (const id of ids) Progress.start(this.chain, this.index(id))
    return this
  }

  reap(id: string, state: JobState, isTooLate = false) {
    return this.reaper.reap(this.chain, { job: this.index(id), state, isTooLate })
  }

  get states(): ReadonlyArray<string> {
    return this.chain.graph.ids.map((id) => `${id} ${Chain.jobState(this.chain, id)}`)
  }

  get outcome(): string {
    return this.reaper.finalize(this.chain).state
  }

  private index(id: string): number {
    return this.chain.graph.indexOf.get(id) as number
  }
}

const all = { running: JobReaper.running, stopped: JobReaper.stopped, suspended: JobReaper.suspended }

describe.each(["running", "stopped", "suspended"] as const)("JobReaper.%s", (name) => {
  const reaper = all[name]

  it("counts a COMPLETE job as finished", () => {
    const reaping = new Reaping(reaper, "a -> b").start("a")
    assert.isUndefined(reaping.reap("a", "COMPLETE"))
    assert.deepStrictEqual(reaping.states, ["a COMPLETE", "b PENDING"])
    assert.strictEqual(Chain.finishedJobs(reaping.chain), 1)
    assert.isTrue(Chain.isRunnable(reaping.chain, "b"))
  })

  it.each(["FAIL", "UNKNOWN", "STOPPED"] as const)("keeps a job as %s that is in no sequence", (state) => {
    const reaping = new Reaping(reaper, "a -> b").start("a")
    assert.isUndefined(reaping.reap("a", state))
    assert.deepStrictEqual(reaping.states, [`a ${state}`, "b PENDING"])
    assert.strictEqual(Chain.finishedJobs(reaping.chain), 0)
  })

  it.each(["FAIL", "UNKNOWN"] as const)("minds the sequence of a job that is %s", (state) => {
    const reaping = new Reaping(reaper, "a -> b", sequence).start("a")
    reaping.reap("a", "COMPLETE")
    const rewound = reaping.start("b").reap("b", state)
    if (name === "stopped") {
      assert.isUndefined(rewound)
      assert.deepStrictEqual(reaping.states, ["a COMPLETE", `b ${state}`])
      return
    }
    assert.deepStrictEqual(rewound, { first: 0, running: [] })
    assert.deepStrictEqual(reaping.states, ["a PENDING", "b PENDING"])
    assert.strictEqual(Chain.finishedJobs(reaping.chain), 0)
    assert.isUndefined(reaping.start("a").reap("a", state))
    assert.deepStrictEqual(reaping.states, [`a ${state}`, "b PENDING"])
  })

  it("retries no sequence of a STOPPED job, nor of one that did not stop in time", () => {
    for (const [state, isTooLate] of [["STOPPED", false], ["FAIL", true]] as const) {
      const reaping = new Reaping(reaper, "a -> b", sequence).start("a")
      assert.isUndefined(reaping.reap("a", state, isTooLate))
      assert.deepStrictEqual(reaping.states, [`a ${state}`, "b PENDING"])
    }
  })

  it.each(["COMPLETE", "FAIL", "STOPPED"] as const)("takes a rewound job back to PENDING that ends %s", (state) => {
    const reaping = new Reaping(reaper, "a -> b c\nb -> d\nc -> d", {
      ...sequence,
      d: { sequenceId: "a" }
    }).start("a")
    reaping.reap("a", "COMPLETE")
    reaping.start("b", "c")
    assert.deepStrictEqual(Rewind.rewind(reaping.chain, 0), [1, 2])
    assert.isUndefined(reaping.reap("c", state))
    assert.deepStrictEqual(reaping.states, ["a PENDING", "b RUNNING", "c PENDING", "d PENDING"])
    assert.deepStrictEqual(Chain.jobTries(reaping.chain, "c"), { latest: 0, total: 1 })
    assert.strictEqual(Chain.finishedJobs(reaping.chain), 0)
  })

  it("lets a rewound job fail for good that did not stop in time", () => {
    const reaping = new Reaping(reaper, "a -> b", sequence).start("a")
    Rewind.rewind(reaping.chain, 0)
    reaping.reap("a", "FAIL", true)
    assert.deepStrictEqual(reaping.states, ["a FAIL", "b PENDING"])
  })
})

describe("JobReaper", () => {
  describe("reap", () => {
    it("names the jobs of the rewound extent that still run", () => {
      const reaping = new Reaping(JobReaper.running, "a -> b c\nb -> d\nc -> d", {
        ...sequence,
        d: { sequenceId: "a" }
      }).start("a")
      reaping.reap("a", "COMPLETE")
      reaping.start("b", "c")
      assert.deepStrictEqual(reaping.reap("b", "FAIL"), { first: 0, running: [2] })
      assert.deepStrictEqual(reaping.states, ["a PENDING", "b PENDING", "c RUNNING", "d PENDING"])
      assert.strictEqual(Chain.sequenceTries(reaping.chain, "a"), 1)
    })

    it("retries the enclosing sequence when the inner one is used up, and gives that a fresh set of tries", () => {
      const reaping = new Reaping(JobReaper.running, "o -> i\ni -> p", {
        o: { sequenceId: "o", sequenceRetry: 1 },
        i: { sequenceId: "i", sequenceRetry: 1 },
        p: { sequenceId: "o" }
      })
      const firsts: Array<number | undefined> = []
      for (let turn = 0; turn < 4; turn++) {
        if (Chain.isRunnable(reaping.chain, "o")) reaping.start("o").reap("o", "COMPLETE")
        firsts.push(reaping.start("i").reap("i", "FAIL")?.first)
      }
      assert.deepStrictEqual(firsts, [1, 0, 1, undefined])
      assert.deepStrictEqual(Chain.jobTries(reaping.chain, "i"), { latest: 1, total: 4 })
    })
  })

  describe("isDone", () => {
    it("waits, while running, for what can still be started; after a stop or suspend for nothing", () => {
      const chain = Chain.make(chainOf("a"))
      const done = [JobReaper.running, JobReaper.stopped, JobReaper.suspended].map((reaper) => reaper.isDone(chain))
      assert.deepStrictEqual(done, [false, true, true])
    })
  })

  describe("finalize", () => {
    it.each(
      [
        [["COMPLETE", "COMPLETE"], "COMPLETE", "COMPLETE", "COMPLETE"],
        [["COMPLETE", "FAIL"], "FAIL", "FAIL", "FAIL"],
        [["COMPLETE", "UNKNOWN"], "FAIL", "FAIL", "FAIL"],
        [["COMPLETE", "STOPPED"], "FAIL", "STOPPED", "SUSPENDED"],
        [["STOPPED", "PENDING"], "FAIL", "STOPPED", "SUSPENDED"],
        [["PENDING", "PENDING"], "FAIL", "STOPPED", "SUSPENDED"]
      ] as const
    )("says of jobs that are %j: %s running, %s stopped, %s suspended", (states, running, stopped, suspended) => {
      const outcomes = [JobReaper.running, JobReaper.stopped, JobReaper.suspended].map((reaper) => {
        const reaping = new Reaping(reaper, "a -> b")
        for (const [index, state] of states.entries()) Chain.setJobState(reaping.chain, "ab"[index] as string, state)
        const { outcome } = reaping
        assert.strictEqual(Chain.state(reaping.chain), outcome)
        return outcome
      })
      assert.deepStrictEqual<ReadonlyArray<string>>(outcomes, [running, stopped, suspended])
    })

    it("hands over the chain to be resumed where it is SUSPENDED, and only there", () => {
      const { chain, reaper } = new Reaping(JobReaper.suspended, "a -> b").start("a")
      reaper.reap(chain, { job: 0, state: "COMPLETE", isTooLate: false })
      const outcome = reaper.finalize(chain)
      assert.deepStrictEqual(outcome, { state: "SUSPENDED", finishedJobs: 1, suspended: Chain.toSuspended(chain) })
      assert.isUndefined(JobReaper.stopped.finalize(chain).suspended)
    })
  })
})
