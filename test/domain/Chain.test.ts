import { assert, describe, it } from "@effect/vitest"
import * as Chain from "../../src/domain/Chain.ts"
import * as DataFlow from "../../src/domain/DataFlow.ts"
import type { JobChain, SuspendedJobChain } from "../../src/domain/JobChain.ts"
import * as JobState from "../../src/domain/JobState.ts"
import * as Progress from "../../src/domain/Progress.ts"
import * as Rewind from "../../src/domain/Rewind.ts"
import * as Validation from "../../src/domain/Validation.ts"
import { chainOf } from "../../src/testing/index.ts"

const diamond = "a -> b c\nb -> d\nc -> d"
const line = "a -> b\nb -> c"
const sequence = { a: { sequenceId: "a", sequenceRetry: 1 }, b: { sequenceId: "a" } }

const complete = (chain: Chain.Chain, ...ids: ReadonlyArray<string>) => {
  for (const id of ids) {
    const job = chain.graph.indexOf.get(id) as number
    Progress.start(chain, job)
    Progress.complete(chain, job)
  }
}

const write = (chain: Chain.Chain, id: string, data: Readonly<Record<string, unknown>>) =>
  DataFlow.write(chain.data, chain.graph.indexOf.get(id) as number, data)

const idsOf = (jobs: ReadonlyArray<{ readonly id?: string | null }>) => jobs.map((job) => job.id)

const overTheWire = (suspended: SuspendedJobChain): SuspendedJobChain => JSON.parse(JSON.stringify(suspended))

const stopped = (chain: JobChain, rest: SuspendedJobChain = {}) =>
  Chain.fromSuspended({ requestId: "r", jobChain: chain, ...rest })

describe("Chain", () => {
  describe("make", () => {
    it("begins where the wire chain stands, with no tries", () => {
      const jobChain = { ...chainOf(line), requestId: "r" }
      const chain = Chain.make(jobChain)
      assert.strictEqual(Chain.requestId(chain), "r")
      assert.strictEqual(Chain.state(chain), "PENDING")
      assert.strictEqual(Chain.finishedJobs(chain), 0)
      for (const id of ["a", "b", "c"]) {
        assert.strictEqual(Chain.jobState(chain, id), "PENDING")
        assert.deepStrictEqual(Chain.jobTries(chain, id), { latest: 0, total: 0 })
      }
    })

    it("never changes the wire chain", () => {
      const jobChain = chainOf(line, sequence)
      const before = structuredClone(jobChain)
      const chain = Chain.make(jobChain)
      write(chain, "a", { key: 1 })
      complete(chain, "a", "b", "c")
      Chain.setState(chain, "COMPLETE")
      assert.deepStrictEqual(jobChain, before)
    })

    it("takes ids that every object answers to", () => {
      const jobs = { toString: { id: "toString", state: 1 }, constructor: { id: "constructor", state: 1 } }
      const chain = Chain.make({ requestId: "r", jobs, adjacencyList: { toString: ["constructor"] } })
      assert.deepStrictEqual(idsOf(Chain.nextJobs(chain, "toString")), ["constructor"])
      assert.deepStrictEqual(idsOf(Chain.nextJobs(chain, "constructor")), [])
    })
  })

  describe("state", () => {
    it("is what was set", () => {
      const chain = Chain.make(chainOf("a"))
      for (const state of JobState.JobState.literals) {
        Chain.setState(chain, state)
        assert.strictEqual(Chain.state(chain), state)
      }
    })
  })

  describe("setJobState", () => {
    it("makes next jobs runnable and takes that back, with the totals", () => {
      const chain = Chain.make(chainOf(diamond))
      Chain.setJobState(chain, "a", "COMPLETE")
      assert.deepStrictEqual(idsOf(Chain.runnableJobs(chain)), ["b", "c"])
      Chain.setJobState(chain, "b", "COMPLETE")
      Chain.setJobState(chain, "c", "COMPLETE")
      assert.deepStrictEqual(idsOf(Chain.runnableJobs(chain)), ["d"])
      Chain.setJobState(chain, "b", "PENDING")
      assert.deepStrictEqual(idsOf(Chain.runnableJobs(chain)), ["b"])
      Chain.setJobState(chain, "a", "RUNNING")
      assert.deepStrictEqual(idsOf(Chain.runnableJobs(chain)), [])
      assert.deepStrictEqual(Chain.isDoneRunning(chain), { done: false, complete: false })
    })

    it("changes no totals when the job is in that state already", () => {
      const chain = Chain.make(chainOf(diamond))
      Chain.setJobState(chain, "a", "COMPLETE")
      Chain.setJobState(chain, "a", "COMPLETE")
      Chain.setJobState(chain, "d", "PENDING")
      assert.isFalse(Chain.isRunnable(chain, "d"))
      assert.deepStrictEqual(idsOf(Chain.runnableJobs(chain)), ["b", "c"])
    })

    it("keeps the same totals as a chain made in the states it comes to", () => {
      const words = ["PENDING", "RUNNING", "COMPLETE", "FAIL", "STOPPED", "UNKNOWN"] as const
      const chain = Chain.make(chainOf(diamond))
      const states: Record<string, JobState.JobState> = { a: "PENDING", b: "PENDING", c: "PENDING", d: "PENDING" }
      for (let turn = 0; turn < 500; turn++) {
        const id = "abcd"[(turn * 7) % 4] as string
        const state = words[(turn * turn + 3 * turn) % words.length] as JobState.JobState
        states[id] = state
        Chain.setJobState(chain, id, state)
        const fields = Object.entries(states).map(([id, state]) => [id, { state: JobState.toCode(state) }])
        const fresh = Chain.make(chainOf(diamond, Object.fromEntries(fields)))
        assert.deepStrictEqual(idsOf(Chain.runnableJobs(chain)), idsOf(Chain.runnableJobs(fresh)))
        assert.deepStrictEqual(Chain.isDoneRunning(chain), Chain.isDoneRunning(fresh))
        assert.strictEqual(Chain.failedJobs(chain), Chain.failedJobs(fresh))
      }
    })
  })

  describe("isRunnable", () => {
    it.each(["RUNNING", "COMPLETE", "FAIL", "STOPPED", "UNKNOWN"] as const)(
      "is false for a job that is %s",
      (state) => {
        const chain = Chain.make(chainOf("a"))
        assert.isTrue(Chain.isRunnable(chain, "a"))
        Chain.setJobState(chain, "a", state)
        assert.isFalse(Chain.isRunnable(chain, "a"))
      }
    )

    it.each(["PENDING", "RUNNING", "FAIL", "STOPPED", "UNKNOWN"] as const)(
      "is false while one job immediately before is %s",
      (state) => {
        const chain = Chain.make(chainOf(diamond))
        complete(chain, "a", "b")
        Chain.setJobState(chain, "c", state)
        assert.isFalse(Chain.isRunnable(chain, "d"))
        complete(chain, "c")
        assert.isTrue(Chain.isRunnable(chain, "d"))
      }
    )
  })

  describe("nextJobs", () => {
    it("gives the jobs immediately after a job, in the order of the adjacency list", () => {
      const chain = Chain.make(chainOf("a -> c b\nb -> d\nc -> d"))
      assert.deepStrictEqual(idsOf(Chain.nextJobs(chain, "a")), ["c", "b"])
      assert.deepStrictEqual(Chain.nextJobs(chain, "d"), [])
    })
  })

  describe("isDoneRunning", () => {
    it("goes on while a job runs or is runnable", () => {
      const chain = Chain.make(chainOf("a -> b"))
      assert.isFalse(Chain.isDoneRunning(chain).done)
      Chain.setJobState(chain, "a", "RUNNING")
      assert.isFalse(Chain.isDoneRunning(chain).done)
      complete(chain, "a", "b")
      assert.deepStrictEqual(Chain.isDoneRunning(chain), { done: true, complete: true })
    })

    it.each(["FAIL", "STOPPED", "UNKNOWN"] as const)("is done, not complete, behind a job that is %s", (state) => {
      const chain = Chain.make(chainOf("a -> b"))
      Chain.setJobState(chain, "a", state)
      assert.deepStrictEqual(Chain.isDoneRunning(chain), { done: true, complete: false })
    })

    it("goes on while a branch beside a failed job may", () => {
      const chain = Chain.make(chainOf(diamond))
      complete(chain, "a")
      Chain.setJobState(chain, "b", "FAIL")
      assert.isFalse(Chain.isDoneRunning(chain).done)
      complete(chain, "c")
      assert.isTrue(Chain.isDoneRunning(chain).done)
    })

    it.each(["FAIL", "UNKNOWN"] as const)(
      "goes on while the sequence of a job that is %s may be retried",
      (state) => {
        const chain = Chain.make(chainOf(line, sequence))
        complete(chain, "a")
        Chain.setJobState(chain, "b", state)
        assert.isFalse(Chain.isDoneRunning(chain).done)
        Chain.incrementSequenceTries(chain, "a", 1)
        assert.isTrue(Chain.isDoneRunning(chain).done)
      }
    )

    it("is done when a job of a retriable sequence is STOPPED", () => {
      const chain = Chain.make(chainOf(line, sequence))
      complete(chain, "a")
      Chain.setJobState(chain, "b", "STOPPED")
      assert.isTrue(Chain.isDoneRunning(chain).done)
    })
  })

  describe("failedJobs", () => {
    it("counts FAIL and UNKNOWN, not STOPPED", () => {
      const chain = Chain.make(chainOf(diamond))
      Chain.setJobState(chain, "a", "FAIL")
      Chain.setJobState(chain, "b", "UNKNOWN")
      Chain.setJobState(chain, "c", "STOPPED")
      assert.strictEqual(Chain.failedJobs(chain), 2)
    })
  })

  describe("incrementFinishedJobs", () => {
    it("adds, a negative number too", () => {
      const chain = Chain.make(chainOf(line))
      Chain.incrementFinishedJobs(chain, 3)
      Chain.incrementFinishedJobs(chain, -2)
      assert.strictEqual(Chain.finishedJobs(chain), 1)
    })
  })

  describe("incrementJobTries", () => {
    it("adds to the latest and all tries of one job, and neither falls below 0", () => {
      const chain = Chain.make(chainOf(line))
      Chain.incrementJobTries(chain, "b", 2)
      assert.deepStrictEqual(Chain.jobTries(chain, "b"), { latest: 2, total: 2 })
      assert.deepStrictEqual(Chain.jobTries(chain, "a"), { latest: 0, total: 0 })
      Chain.incrementJobTries(chain, "b", -3)
      assert.deepStrictEqual(Chain.jobTries(chain, "b"), { latest: 0, total: 0 })
    })
  })

  describe("sequenceStartJob", () => {
    it("gives the first job of a job's sequence, none for a job in none", () => {
      const chain = Chain.make(chainOf(line, sequence))
      assert.deepStrictEqual(["a", "b", "c"].map((id) => Chain.sequenceStartJob(chain, id)?.id), ["a", "a", undefined])
      assert.deepStrictEqual(["a", "b", "c"].map((id) => Chain.isSequenceStartJob(chain, id)), [true, false, false])
    })
  })

  describe("incrementSequenceTries", () => {
    it("adds to the one count of all jobs of the sequence, never below 0", () => {
      const chain = Chain.make(chainOf(line, sequence))
      Chain.incrementSequenceTries(chain, "b", 2)
      assert.deepStrictEqual(["a", "b", "c"].map((id) => Chain.sequenceTries(chain, id)), [2, 2, 0])
      Chain.incrementSequenceTries(chain, "a", -5)
      assert.strictEqual(Chain.sequenceTries(chain, "b"), 0)
    })

    it("does nothing for a job in no sequence", () => {
      const chain = Chain.make(chainOf(line, sequence))
      Chain.incrementSequenceTries(chain, "c", 1)
      assert.deepStrictEqual(Chain.toSuspended(chain).sequenceTries, {})
    })
  })

  describe("canRetrySequence", () => {
    it("allows as many retries as the sequence has, after its first try", () => {
      const chain = Chain.make(chainOf(line, sequence))
      const answers = [1, 2].map((tries) => {
        Chain.incrementSequenceTries(chain, "a", 1)
        assert.strictEqual(Chain.sequenceTries(chain, "a"), tries)
        return Chain.canRetrySequence(chain, "b")
      })
      assert.deepStrictEqual(answers, [true, false])
    })

    it("is false for a job in no sequence, also one that lies inside a sequence's extent", () => {
      const chain = Chain.make(chainOf(line, { a: sequence.a, c: sequence.b }))
      assert.isTrue(Chain.canRetrySequence(chain, "c"))
      assert.isFalse(Chain.canRetrySequence(chain, "b"))
    })

    it("looks outward when the job's own sequence is used up", () => {
      const chain = Chain.make(chainOf("o -> i\ni -> x\nx -> p", {
        o: { sequenceId: "o", sequenceRetry: 1 },
        i: { sequenceId: "i", sequenceRetry: 1 },
        x: { sequenceId: "i" },
        p: { sequenceId: "o" }
      }))
      Chain.incrementSequenceTries(chain, "i", 2)
      assert.isTrue(Chain.canRetrySequence(chain, "x"))
      Chain.incrementSequenceTries(chain, "o", 2)
      assert.isFalse(Chain.canRetrySequence(chain, "x"))
    })
  })

  describe("jobData", () => {
    it("is what the job came with, what its parents hand on, and what it wrote", () => {
      const chain = Chain.make(chainOf("a -> b", { b: { data: { own: 1, both: "own" } } }))
      assert.deepStrictEqual(Chain.jobData(chain, "b"), { own: 1, both: "own" })
      write(chain, "a", { both: "parent" })
      complete(chain, "a")
      assert.deepStrictEqual(Chain.jobData(chain, "b"), { own: 1, both: "parent" })
      write(chain, "b", { both: "written" })
      assert.deepStrictEqual(Chain.jobData(chain, "b"), { own: 1, both: "written" })
    })
  })

  describe("toSuspended", () => {
    it("is a snapshot with all counts, which later changes do not reach", () => {
      const chain = Chain.make({ ...chainOf(line, sequence), requestId: "r" })
      complete(chain, "a")
      Progress.start(chain, 1)
      Chain.setState(chain, "SUSPENDED")
      const suspended = Chain.toSuspended(chain)
      const before = structuredClone(suspended)
      Progress.complete(chain, 1)
      Chain.setState(chain, "FAIL")
      assert.deepStrictEqual(suspended, before)
      assert.deepInclude(suspended, {
        requestId: "r",
        totalJobTries: { a: 1, b: 1 },
        latestRunJobTries: { a: 1, b: 1 },
        sequenceTries: { a: 1 }
      })
      assert.deepInclude(suspended.jobChain, { requestId: "r", state: JobState.SUSPENDED, finishedJobs: 1 })
      assert.deepStrictEqual(
        Object.values(suspended.jobChain?.jobs ?? {}).map((job) => job.state),
        [JobState.COMPLETE, JobState.RUNNING, JobState.PENDING]
      )
    })

    it("has no completion where jobs completed in the order of their ids", () => {
      const chain = Chain.make(chainOf(diamond))
      complete(chain, "a", "b", "c")
      for (const job of Object.values(Chain.toSuspended(chain).jobChain?.jobs ?? {})) {
        assert.notProperty(job, "completion")
      }
    })

    it("has the completion of every COMPLETE job, of no other, where the order is not that of the ids", () => {
      const chain = Chain.make(chainOf(diamond))
      complete(chain, "a", "c", "b")
      const { a, b, c, d } = Chain.toSuspended(chain).jobChain?.jobs ?? {}
      assert.deepStrictEqual([a?.completion, c?.completion, b?.completion], [1, 2, 3])
      assert.notProperty(d, "completion")
    })

    it("forgets the completion of a job that has been rewound", () => {
      const chain = Chain.make(
        chainOf("b -> a\na -> c", { b: { sequenceId: "b", sequenceRetry: 1 }, a: { sequenceId: "b" } })
      )
      complete(chain, "b", "a")
      Rewind.rewind(chain, 0)
      assert.notProperty(Chain.toSuspended(chain).jobChain?.jobs?.a, "completion")
      assert.notProperty(Chain.toSuspended(chain).jobChain?.jobs?.b, "completion")
    })

    it("has data only where there is any, and initialData only where it differs from it", () => {
      const chain = Chain.make(chainOf(line, { a: { data: { given: 1 } } }))
      write(chain, "b", { written: 1 })
      const { a, b, c } = Chain.toSuspended(chain).jobChain?.jobs ?? {}
      assert.deepInclude(a, { data: { given: 1 } })
      assert.notProperty(a, "initialData")
      assert.deepInclude(b, { data: { written: 1 }, initialData: {} })
      assert.notProperty(c, "data")
      assert.notProperty(c, "initialData")
    })

    it("is a chain that can go on, once it is not RUNNING", () => {
      const chain = Chain.make(chainOf(diamond, { a: sequence.a, d: sequence.b }))
      complete(chain, "a", "c")
      Progress.start(chain, 1)
      Chain.setJobState(chain, "b", "STOPPED")
      assert.deepStrictEqual(Validation.faultsOfSuspended(overTheWire(Chain.toSuspended(chain))), [])
    })
  })

  describe("fromSuspended", () => {
    it("gives back what was suspended, over the wire too", () => {
      const chain = Chain.make(chainOf(diamond, { a: { ...sequence.a, data: { given: 1 } }, d: sequence.b }))
      write(chain, "a", { from: "a" })
      write(chain, "b", { last: "b" })
      write(chain, "c", { last: "c" })
      complete(chain, "a", "c", "b")
      const suspended = Chain.toSuspended(chain)
      const resumed = Chain.fromSuspended(overTheWire(suspended))
      assert.deepStrictEqual(Chain.toSuspended(resumed), suspended)
      assert.deepStrictEqual(Chain.jobData(resumed, "d"), { given: 1, from: "a", last: "b" })
      assert.isTrue(Chain.isRunnable(resumed, "d"))
    })

    it("makes a STOPPED job PENDING, with its latest tries one less, and its sequence's where it is the first", () => {
      const resumed = stopped(chainOf(line, { a: { ...sequence.a, state: JobState.STOPPED }, b: sequence.b }), {
        totalJobTries: { a: 5 },
        latestRunJobTries: { a: 3 },
        sequenceTries: { a: 2 }
      })
      assert.strictEqual(Chain.jobState(resumed, "a"), "PENDING")
      assert.isTrue(Chain.isRunnable(resumed, "a"))
      assert.deepStrictEqual(Chain.jobTries(resumed, "a"), { latest: 2, total: 5 })
      assert.strictEqual(Chain.sequenceTries(resumed, "a"), 1)
    })

    it("takes no try from the sequence of a STOPPED job further in", () => {
      const done = { ...sequence.a, state: JobState.COMPLETE }
      const chain = { ...chainOf(line, { a: done, b: { ...sequence.b, state: JobState.STOPPED } }), finishedJobs: 1 }
      const resumed = stopped(chain, { latestRunJobTries: { a: 1, b: 1 }, sequenceTries: { a: 1 } })
      assert.deepStrictEqual(Chain.jobTries(resumed, "a"), { latest: 1, total: 0 })
      assert.deepStrictEqual(Chain.jobTries(resumed, "b"), { latest: 0, total: 0 })
      assert.strictEqual(Chain.sequenceTries(resumed, "a"), 1)
    })

    it("never falls below 0, where counts are missing", () => {
      const resumed = stopped(chainOf("a", { a: { ...sequence.a, state: JobState.STOPPED } }), {
        totalJobTries: null,
        sequenceTries: { nobody: 3 }
      })
      assert.deepStrictEqual(Chain.jobTries(resumed, "a"), { latest: 0, total: 0 })
      assert.strictEqual(Chain.sequenceTries(resumed, "a"), 0)
    })

    it("takes the request id of the suspended chain, not that of the chain in it", () => {
      assert.strictEqual(Chain.requestId(stopped({ ...chainOf("a"), requestId: "other" })), "r")
    })

    it("goes on in the order of completion, which decides whose data wins", () => {
      const chain = Chain.make(chainOf("a -> b c\nb -> d\nc -> d"))
      write(chain, "b", { key: "b" })
      write(chain, "c", { key: "c" })
      complete(chain, "a", "c")
      const resumed = Chain.fromSuspended(overTheWire(Chain.toSuspended(chain)))
      complete(resumed, "b")
      assert.deepStrictEqual(Chain.jobData(resumed, "d"), { key: "b" })
      const { a, b, c } = Chain.toSuspended(resumed).jobChain?.jobs ?? {}
      assert.deepStrictEqual([a?.completion, c?.completion, b?.completion], [1, 2, 3])
    })
  })

  it.each(
    [
      ["jobState", (chain) => Chain.jobState(chain, "x")],
      ["setJobState", (chain) => Chain.setJobState(chain, "x", "FAIL")],
      ["jobData", (chain) => Chain.jobData(chain, "x")],
      ["isRunnable", (chain) => Chain.isRunnable(chain, "x")],
      ["nextJobs", (chain) => Chain.nextJobs(chain, "x")],
      ["jobTries", (chain) => Chain.jobTries(chain, "x")],
      ["incrementJobTries", (chain) => Chain.incrementJobTries(chain, "x", 1)],
      ["isSequenceStartJob", (chain) => Chain.isSequenceStartJob(chain, "x")],
      ["sequenceStartJob", (chain) => Chain.sequenceStartJob(chain, "x")],
      ["sequenceTries", (chain) => Chain.sequenceTries(chain, "x")],
      ["incrementSequenceTries", (chain) => Chain.incrementSequenceTries(chain, "x", 1)],
      ["canRetrySequence", (chain) => Chain.canRetrySequence(chain, "x")]
    ] satisfies ReadonlyArray<readonly [string, (chain: Chain.Chain) => unknown]>
  )("%s throws for a job that the chain does not have", (_, call) => {
    const chain = Chain.make({ ...chainOf("a"), requestId: "r" })
    assert.throws(() => call(chain), `The chain of request "r" has no job "x"`)
  })
})
