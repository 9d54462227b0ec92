import { assert, describe, it } from "@effect/vitest"
import type { Report } from "../../src/engine/ReportDelivery.ts"
import * as HttpReportAnswer from "../../src/http/HttpReportAnswer.ts"
import { reports } from "./Reports.ts"

type Row = readonly [kind: Report["kind"], status: number, message: string]

const expectAll = (tag: string, rows: ReadonlyArray<Row>) => {
  it.each(rows)("%s, %i %s", (kind, status, message) => {
    assert.strictEqual(HttpReportAnswer.answerOf(reports[kind], { status, message })._tag, tag)
  })
}

describe("HttpReportAnswer", () => {
  describe("takes for delivered", () => {
    expectAll("Delivered", [
      ["job log", 201, ""],
      ["progress", 200, "null"],
      ["final state", 200, ""],
      ["suspended chain", 204, ""],
      ["job log", 500, "Error 1062: Duplicate entry 'dc2f8c38di148e4qtl8g-abcd-1' for key 'PRIMARY'"],
      ["job log", 500, "Error 1062 (23000): Duplicate entry 'dc2f8c38di148e4qtl8g-abcd-1' for key 'PRIMARY'"],
      ["final state", 500, "request in state COMPLETE, expected state RUNNING"],
      ["final state", 409, "request r is in state COMPLETE, expected state RUNNING or COMPLETE"],
      ["suspended chain", 500, "request in state SUSPENDED, expected state RUNNING"]
    ])
  })

  describe("says again", () => {
    expectAll("Retry", [
      ["job log", 500, "Error 1205: Lock wait timeout exceeded"],
      ["job log", 500, "Error 1114: The table 'job_log' is full"],
      ["job log", 500, "http.Client.Do: connection refused"],
      ["final state", 500, "request in state PENDING, expected state RUNNING"],
      ["final state", 500, "request in state SUSPENDED, expected state RUNNING"],
      ["final state", 503, "<html>Service Unavailable</html>"],
      ["progress", 429, ""],
      ["job log", 401, "Unauthorized"],
      // Not the Request Manager's: the address is wrong, or there is something in between.
      ["final state", 404, "Not Found"],
      ["final state", 405, "Method Not Allowed"],
      ["final state", 301, ""]
    ])
  })

  describe("takes for refused", () => {
    expectAll("Refused", [
      ["job log", 500, "Error 1406: Data too long for column 'job_id' at row 1"],
      ["job log", 500, "Error 1264 (22003): Out of range value for column 'exit' at row 1"],
      ["suspended chain", 500, "Error 1153: Got a packet bigger than 'max_allowed_packet' bytes"],
      ["suspended chain", 500, "packet for query is too large: 20000000 > 4194304"],
      ["job log", 400, "Syntax error: offset=2, error=invalid character 'b'"],
      ["final state", 404, "request bbbbbbbbbbbbbbbbbbbb not found"],
      ["suspended chain", 413, "Request Entity Too Large"],
      ["final state", 500, "request in state STOPPED, expected state RUNNING"],
      ["suspended chain", 500, "request in state COMPLETE, expected state RUNNING"],
      // A duplicate of something else than a log.
      ["progress", 409, "Duplicate entry"]
    ])
  })

  it("says why, with the status", () => {
    assert.deepStrictEqual(
      HttpReportAnswer.answerOf(reports["final state"], { status: 404, message: "request r not found" }),
      { _tag: "Refused", reason: "404 request r not found" }
    )
  })
})
