import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Chain from "../../src/domain/Chain.ts"
import { JobChain, SuspendedJobChain } from "../../src/domain/JobChain.ts"

const wire = {
  requestId: "dc2f6pj8di145l5p0dsg",
  jobs: {
    oz4E: {
      id: "oz4E",
      name: "greet",
      type: "sh",
      bytes: "eyJjbWQiOiJlY2hvIn0=",
      state: 1,
      args: { cmd: "echo" },
      data: null,
      retry: 0,
      retryWait: "",
      sequenceId: "oz4E",
      sequenceRetry: 0,
      sequenceRetryWait: "0s",
      owner: { team: "unknown to us" }
    }
  },
  adjacencyList: { oz4E: null },
  state: 1,
  finishedJobs: 0,
  priority: [1, "high"]
}

describe("JobChain", () => {
  it("decodes what a Request Manager sends, null and fields it does not know included, and encodes it unchanged", () => {
    const decoded = Schema.decodeUnknownSync(JobChain)(wire)
    assert.deepStrictEqual(decoded, wire as typeof decoded)
    assert.deepStrictEqual(Schema.encodeSync(JobChain)(decoded), wire as typeof decoded)
  })

  it("gives unknown fields back in a snapshot of the chain", () => {
    const { jobChain } = Chain.toSuspended(Chain.make(Schema.decodeUnknownSync(JobChain)(wire)))
    assert.deepInclude(jobChain, { priority: wire.priority })
    assert.deepInclude(jobChain?.jobs?.oz4E, { owner: wire.jobs.oz4E.owner, bytes: wire.jobs.oz4E.bytes })
  })

  it.each([
    ["jobs that are a list", { jobs: [] }, "jobs"],
    ["a job that is a text", { jobs: { a: "noop" } }, `["jobs"]["a"]`],
    ["a state in words", { jobs: { a: { state: "PENDING" } } }, `["jobs"]["a"]["state"]`],
    ["a wait that is a number", { jobs: { a: { retryWait: 5 } } }, `["jobs"]["a"]["retryWait"]`],
    ["next jobs that are a text", { adjacencyList: { a: "b" } }, `["adjacencyList"]["a"]`],
    ["null", null, "Expected JobChain"]
  ])("refuses %s, and says where", (_, value, place) => {
    assert.throws(() => Schema.decodeUnknownSync(JobChain)(value), place)
  })

  it("says every wrong place at once", () => {
    const value = { requestId: 1, jobs: { a: { retry: "2" } } }
    assert.throws(
      () => Schema.decodeUnknownSync(JobChain, { errors: "all" })(value),
      /\["requestId"\][^]*\["jobs"\]\["a"\]\["retry"\]/
    )
  })
})

describe("SuspendedJobChain", () => {
  it("takes what is absent and null, and keeps what it does not know", () => {
    const value = {
      requestId: "r",
      jobChain: wire,
      totalJobTries: null,
      latestRunJobTries: { oz4E: 2 },
      suspendedAt: "2026-11-24T02:16:06Z"
    }
    const decoded = Schema.decodeUnknownSync(SuspendedJobChain)(value)
    assert.deepStrictEqual(Schema.encodeSync(SuspendedJobChain)(decoded), value as unknown as typeof decoded)
  })

  it("refuses tries that are no numbers", () => {
    assert.throws(
      () => Schema.decodeUnknownSync(SuspendedJobChain)({ totalJobTries: { a: "1" } }),
      `["totalJobTries"]["a"]`
    )
  })
})
