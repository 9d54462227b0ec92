import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { JobLog, StateFromCode } from "../../src/domain/JobLog.ts"

/** Bodies that a Job Runner and a Request Manager of spincycle 2.1 really exchanged. */
const complete =
  `{"requestId":"dc2f6pj8di145l5p0dsg","jobId":"oz4E","try":1,"name":"greet","type":"sh","startedAt":1795486566242934346,"finishedAt":1795486566255377336,"state":3,"exit":0,"error":"","stdout":"hello world\\nset greeted world\\n","stderr":"warn\\n"}`
const failed =
  `{"requestId":"dc2f7g38di148e4qtl3g","jobId":"s1t5","try":1,"name":"one","type":"sh","startedAt":1795486656298479635,"finishedAt":1795486656317544675,"state":4,"exit":3,"error":"exit status 3","stdout":"","stderr":"bad\\n"}`
const unmade =
  `{"requestId":"dc2f7gj8di148e4qtl50","jobId":"a7Kf","try":0,"name":"b","type":"rmonly","startedAt":0,"finishedAt":0,"state":4,"exit":1,"error":"problem creating job runner: unknown job type","stdout":"","stderr":""}`
const stopped =
  `{"requestId":"dc2f8gr8di148e4qtla0","jobId":"Y68a","try":1,"name":"first","type":"sh","startedAt":1795486787406941290,"finishedAt":1795486790208394392,"state":6,"exit":-1,"error":"","stdout":"started\\n","stderr":""}`

const decode = (text: string) => Schema.decodeUnknownSync(JobLog)(JSON.parse(text))

describe("JobLog", () => {
  it.each([
    ["a COMPLETE try", complete, { state: "COMPLETE", exit: 0, stdout: "hello world\nset greeted world\n" }],
    ["a failed try", failed, { state: "FAIL", exit: 3, error: "exit status 3", stderr: "bad\n" }],
    ["a job that never ran", unmade, { state: "FAIL", exit: 1, startedAt: 0, finishedAt: 0, try: 0 }],
    ["a stopped try", stopped, { state: "STOPPED", exit: -1 }]
  ])("reads the log of %s", (_, text, expected) => {
    assert.deepInclude(decode(text), expected as Partial<JobLog>)
  })

  it.each([complete, failed, unmade, stopped])("writes what it has read, times to the microsecond: %s", (text) => {
    const written = JSON.stringify(Schema.encodeSync(JobLog)(decode(text)))
    const times = /"(startedAt|finishedAt)":(\d+)/g
    assert.strictEqual(written.replaceAll(times, ""), text.replaceAll(times, ""))
    for (const [index, [, field, nanoseconds]] of [...text.matchAll(times)].entries()) {
      const [, writtenField, writtenNanoseconds] = [...written.matchAll(times)][index] ?? []
      assert.strictEqual(writtenField, field)
      // Doubles hold no more of a nanosecond count of this century.
      assert.closeTo(Number(writtenNanoseconds), Number(nanoseconds), 1000)
    }
  })

  it("reads nanoseconds as milliseconds, and writes whole milliseconds as integers with nothing lost", () => {
    assert.strictEqual(decode(complete).startedAt, 1_795_486_566_242.934)
    const log = { ...decode(complete), startedAt: 1_795_486_566_243, finishedAt: 1 }
    const text = JSON.stringify(Schema.encodeSync(JobLog)(log))
    assert.include(text, `"startedAt":1795486566243000000,`)
    assert.include(text, `"finishedAt":1000000,`)
    assert.deepStrictEqual(decode(text), log)
  })

  it("says which fields are missing or wrong, all at once", () => {
    assert.throws(
      () => Schema.decodeUnknownSync(JobLog, { errors: "all" })({ requestId: 1 }),
      /\["requestId"\][^]*\["jobId"\][^]*\["stderr"\]/
    )
  })
})

describe("StateFromCode", () => {
  it.each([
    [0, "UNKNOWN"],
    [1, "PENDING"],
    [2, "RUNNING"],
    [3, "COMPLETE"],
    [4, "FAIL"],
    [6, "STOPPED"],
    [7, "SUSPENDED"]
  ])("is %i for %s, both ways", (code, word) => {
    assert.strictEqual(Schema.decodeSync(StateFromCode)(code), word)
    assert.strictEqual(Schema.encodeSync(StateFromCode)(word as typeof StateFromCode.Type), code)
  })

  it.each([5, 8, -1, 1.5])("reads %d, which stands for none, as UNKNOWN", (code) => {
    assert.strictEqual(Schema.decodeSync(StateFromCode)(code), "UNKNOWN")
  })

  it("refuses a word", () => {
    assert.throws(() => Schema.decodeUnknownSync(StateFromCode)("COMPLETE"))
  })
})
