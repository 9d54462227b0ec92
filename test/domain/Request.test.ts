import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { FinishRequest, JobStatus, RequestProgress } from "../../src/domain/Request.ts"

/** Bodies that a Job Runner and a Request Manager of spincycle 2.1 really exchanged. */
const finishes = [
  [
    "COMPLETE",
    `{"requestId":"dc2f6pj8di145l5p0dsg","state":3,"finishedAt":"2026-11-24T02:16:06.279954819Z","finishedJobs":8}`
  ],
  [
    "FAIL",
    `{"requestId":"dc2f7gb8di148e4qtl40","state":4,"finishedAt":"2026-11-24T02:17:37.439448325Z","finishedJobs":5}`
  ],
  [
    "STOPPED",
    `{"requestId":"dc2f7lb8di148e4qtl60","state":6,"finishedAt":"2026-11-24T02:17:58.876694356Z","finishedJobs":2}`
  ]
] as const

const finishAt = (finishedAt: string) =>
  Schema.decodeUnknownSync(FinishRequest)({ requestId: "r", state: 3, finishedAt, finishedJobs: 1 }).finishedAt

describe("FinishRequest", () => {
  it.each(finishes)("reads and writes the final state %s", (state, text) => {
    const decoded = Schema.decodeUnknownSync(FinishRequest)(JSON.parse(text))
    assert.strictEqual(decoded.state, state)
    // A clock of ours has milliseconds.
    const inMilliseconds = text.replace(/(\.\d{3})\d{6}Z/, "$1Z")
    assert.strictEqual(JSON.stringify(Schema.encodeSync(FinishRequest)(decoded)), inMilliseconds)
  })

  it.each([
    ["2026-11-24T02:16:06Z", 1_795_486_566_000],
    ["2026-11-24T02:16:06.279954819Z", 1_795_486_566_279],
    ["2026-11-24T03:16:06+01:00", 1_795_486_566_000],
    ["2026-11-23T21:46:06-04:30", 1_795_486_566_000],
    ["2026-11-24t02:16:06z", 1_795_486_566_000]
  ])("reads the time %s", (text, milliseconds) => {
    assert.strictEqual(finishAt(text), milliseconds)
  })

  it.each(["", "soon", "1", "2026", "2026-11-24", "2026-11-24T02:16:06", "2026-13-24T02:16:06Z", "Tue, 24 Nov 2026"])(
    "refuses the time %j, and says what it expects",
    (text) => {
      assert.throws(() => finishAt(text), /Expected a time such as "2026-11-24T02:16:06Z"[^]*\["finishedAt"\]/)
    }
  )
})

describe("RequestProgress", () => {
  it("reads and writes progress", () => {
    const text = `{"requestId":"dc2f7hr8di148e4qtl5g","finishedJobs":2}`
    const decoded = Schema.decodeUnknownSync(RequestProgress)(JSON.parse(text))
    assert.strictEqual(JSON.stringify(Schema.encodeSync(RequestProgress)(decoded)), text)
  })
})

describe("JobStatus", () => {
  it("reads a job that waits between tries", () => {
    const text =
      `{"requestId":"dc2f7lb8di148e4qtl60","jobId":"0bAC","type":"sh","name":"first","startedAt":1795486677236864706,"state":2,"status":"(retry sleep) running exit 9","try":2}`
    const decoded = Schema.decodeUnknownSync(JobStatus)(JSON.parse(text))
    assert.deepStrictEqual(decoded, {
      requestId: "dc2f7lb8di148e4qtl60",
      jobId: "0bAC",
      type: "sh",
      name: "first",
      startedAt: 1_795_486_677_236.865,
      state: "RUNNING",
      status: "(retry sleep) running exit 9",
      try: 2
    })
    assert.include(JSON.stringify(Schema.encodeSync(JobStatus)(decoded)), `"startedAt":1795486677236865000,"state":2`)
  })
})
