import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Chain from "../../src/domain/Chain.ts"
import * as DataFlow from "../../src/domain/DataFlow.ts"
import { JobLog } from "../../src/domain/JobLog.ts"
import * as Progress from "../../src/domain/Progress.ts"
import { FinishRequest, JobStatus } from "../../src/domain/Request.ts"
import * as Sequences from "../../src/domain/Sequences.ts"
import { chainOf } from "../../src/testing/index.ts"

const complete = (chain: Chain.Chain, ...ids: ReadonlyArray<string>) => {
  for (const id of ids) {
    const job = chain.graph.indexOf.get(id) as number
    Progress.start(chain, job)
    Progress.complete(chain, job)
  }
}

const write = (chain: Chain.Chain, id: string, data: Readonly<Record<string, unknown>>) =>
  DataFlow.write(chain.data, chain.graph.indexOf.get(id) as number, data)

const sequence = { a: { sequenceId: "a", sequenceRetry: 1 }, b: { sequenceId: "a" }, c: { sequenceId: "a" } }

describe("Chain", () => {
  it("says which jobs are runnable, next, done", () => {
    const chain = Chain.make(chainOf("a -> b c\nb -> d\nc -> d"))
    assert.deepStrictEqual(Chain.runnableJobs(chain).map((job) => job.id), ["a"])
    assert.deepStrictEqual(Chain.nextJobs(chain, "a").map((job) => job.id), ["b", "c"])
    complete(chain, "a", "b")
    assert.isTrue(Chain.isRunnable(chain, "c"))
    assert.isFalse(Chain.isRunnable(chain, "d"))
    assert.deepStrictEqual(Chain.isDoneRunning(chain), { done: false, complete: false })
    complete(chain, "c", "d")
    assert.deepStrictEqual(Chain.isDoneRunning(chain), { done: true, complete: true })
    assert.strictEqual(Chain.finishedJobs(chain), 4)
  })

  it("follows states that are set by hand", () => {
    const chain = Chain.make(chainOf("a -> b"))
    Chain.setJobState(chain, "a", "COMPLETE")
    assert.isTrue(Chain.isRunnable(chain, "b"))
    Chain.setJobState(chain, "a", "PENDING")
    assert.isFalse(Chain.isRunnable(chain, "b"))
    Chain.setJobState(chain, "a", "UNKNOWN")
    assert.strictEqual(Chain.failedJobs(chain), 1)
    assert.isTrue(Chain.isDoneRunning(chain).done)
    assert.strictEqual(Chain.jobState(chain, "a"), "UNKNOWN")
  })

  it("counts tries of jobs and sequences, never below 0", () => {
    const chain = Chain.make(chainOf("a -> b\nb -> c", sequence))
    Chain.incrementJobTries(chain, "b", 2)
    Chain.incrementJobTries(chain, "b", -3)
    assert.deepStrictEqual(Chain.jobTries(chain, "b"), { latest: 0, total: 0 })
    assert.isTrue(Chain.isSequenceStartJob(chain, "a"))
    assert.strictEqual(Chain.sequenceStartJob(chain, "c")?.id, "a")
    assert.isTrue(Chain.canRetrySequence(chain, "c"))
    Chain.incrementSequenceTries(chain, "c", 2)
    assert.strictEqual(Chain.sequenceTries(chain, "a"), 2)
    assert.isFalse(Chain.canRetrySequence(chain, "c"))
  })

  it("throws for a job that it does not have", () => {
    assert.throws(() => Chain.jobState(Chain.make(chainOf("a")), "b"), /has no job "b"/)
  })

  it("goes on from a suspended chain with the stop's tries taken back", () => {
    const chain = Chain.make(chainOf("a -> b\nb -> c", sequence))
    Progress.start(chain, 0)
    Chain.setJobState(chain, "a", "STOPPED")
    const resumed = Chain.fromSuspended(Chain.toSuspended(chain))
    assert.strictEqual(Chain.jobState(resumed, "a"), "PENDING")
    assert.deepStrictEqual(Chain.jobTries(resumed, "a"), { latest: 0, total: 1 })
    assert.strictEqual(Chain.sequenceTries(resumed, "a"), 0)
  })

  it("adds to the wire format only where the plain format would say something else", () => {
    const plain = Chain.make(chainOf("a -> b c\nb -> d\nc -> d"))
    complete(plain, "a", "b", "c")
    assert.isUndefined(Chain.toSuspended(plain).jobChain?.jobs?.b?.completion)
    const turned = Chain.make(chainOf("a -> b c\nb -> d\nc -> d"))
    write(turned, "a", { x: 1 })
    complete(turned, "a", "c", "b")
    const { b, c, d } = Chain.toSuspended(turned).jobChain?.jobs ?? {}
    assert.deepStrictEqual([c?.completion, b?.completion], [2, 3])
    assert.deepStrictEqual([d?.data, d?.initialData], [{ x: 1 }, {}])
  })
})

describe("DataFlow", () => {
  it("lets the parent that completed last win", () => {
    const chain = Chain.make(chainOf("a -> b c\nb -> d\nc -> d"))
    write(chain, "b", { key: "b" })
    write(chain, "c", { key: "c" })
    complete(chain, "a", "c", "b")
    assert.deepStrictEqual(Chain.jobData(chain, "d"), { key: "b" })
  })

  it("goes down a long line without a copy for each job", () => {
    const size = 100_000
    const line = Array.from({ length: size - 1 }, (_, index) => `j${index} -> j${index + 1}`).join("\n")
    const chain = Chain.make(chainOf(line))
    write(chain, "j0", { first: true })
    for (let job = 0; job < size - 1; job++) {
      Progress.start(chain, job)
      Progress.complete(chain, job)
    }
    assert.deepStrictEqual(Chain.jobData(chain, `j${size - 1}`), { first: true })
  })

  it("forgets what a rewound sequence wrote, but not for jobs outside that have started", () => {
    const chain = Chain.make(chainOf("a -> b\nb -> c out\nc -> end\nout -> end", sequence))
    write(chain, "b", { leaked: true })
    complete(chain, "a", "b", "out")
    Progress.rewind(chain, 0)
    assert.deepStrictEqual(Chain.jobData(chain, "c"), {})
    assert.deepStrictEqual(Chain.jobData(chain, "out"), { leaked: true })
    assert.strictEqual(Chain.jobState(chain, "out"), "COMPLETE")
    assert.strictEqual(Chain.finishedJobs(chain), 1)
  })
})

describe("Sequences", () => {
  it("finds the extent of a sequence, and those around it, the smallest first", () => {
    const chain = Chain.make(chainOf("o -> m\nm -> i\ni -> x\nx -> n\nn -> p", {
      o: { sequenceId: "o", sequenceRetry: 1 },
      p: { sequenceId: "o" },
      m: { sequenceId: "m", sequenceRetry: 1 },
      n: { sequenceId: "m" },
      i: { sequenceId: "i", sequenceRetry: 1 },
      x: { sequenceId: "i" }
    }))
    const index = (id: string) => chain.graph.indexOf.get(id) as number
    const ids = (jobs: ReadonlyArray<number>) => jobs.map((job) => chain.graph.ids[job])
    assert.deepStrictEqual(ids(Sequences.extent(chain.sequences, index("m"))), ["m", "i", "x", "n"])
    assert.deepStrictEqual(ids(Sequences.enclosing(chain.sequences, index("i"))), ["m", "o"])
  })
})

describe("the wire", () => {
  it("takes and gives job logs, final states and statuses as a Request Manager does", () => {
    const log = {
      requestId: "r",
      jobId: "oz4E",
      try: 1,
      name: "greet",
      type: "sh",
      startedAt: 1_795_486_566_242_000_000,
      finishedAt: 1_795_486_566_255_000_000,
      state: 3,
      exit: 0,
      error: "",
      stdout: "hello world\n",
      stderr: ""
    }
    const decoded = Schema.decodeUnknownSync(JobLog)(log)
    assert.deepInclude(decoded, { state: "COMPLETE", startedAt: 1_795_486_566_242 })
    assert.deepStrictEqual(Schema.encodeSync(JobLog)(decoded), log)
    assert.include(JSON.stringify(Schema.encodeSync(JobLog)(decoded)), `"startedAt":1795486566242000000,`)
    const finish = { requestId: "r", state: 6, finishedAt: "2026-11-24T02:17:58.876694356Z", finishedJobs: 2 }
    assert.deepInclude(Schema.decodeUnknownSync(FinishRequest)(finish), { state: "STOPPED" })
    const status = {
      requestId: "r",
      jobId: "JBsr",
      type: "sh",
      name: "first",
      startedAt: 0,
      state: 2,
      status: "",
      try: 1
    }
    assert.deepStrictEqual(Schema.encodeSync(JobStatus)(Schema.decodeUnknownSync(JobStatus)(status)), status)
  })
})
