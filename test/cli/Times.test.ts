import { assert, describe, it } from "@effect/vitest"
import * as Age from "../../src/cli/Age.ts"
import * as Times from "../../src/cli/Times.ts"

const at = new Date(2026, 0, 2, 3, 4, 5).getTime()

describe("Times", () => {
  it("tells the local time, and the date where it is another day", () => {
    assert.strictEqual(Times.dateTime(at), "2026-01-02 03:04:05")
    assert.strictEqual(Times.timeOn(at, at), "03:04:05")
    assert.strictEqual(Times.timeOn(new Date(2026, 0, 1).getTime(), at), "2026-01-02 03:04:05")
  })

  it.each([
    [0, "0.0s"],
    [-5, "0.0s"],
    [1249, "1.2s"],
    [59_949, "59.9s"],
    [59_950, "1m 00s"],
    [3_599_000, "59m 59s"],
    [3_600_000, "1h 00m"],
    [86_400_000, "1d 00h"],
    [98 * 3_600_000, "4d 02h"]
  ])("tells a length of %d ms in its two largest units", (milliseconds, expected) => {
    assert.strictEqual(Times.span(milliseconds), expected)
  })

  it("knows no time of what never was", () => {
    assert.isNull(Times.iso(undefined))
    assert.isNull(Times.iso(0))
    assert.strictEqual(Times.iso(1), "1970-01-01T00:00:00.001Z")
  })
})

describe("Age", () => {
  it.each([["90s", 90_000], ["1.5h", 5_400_000], ["30d", 2_592_000_000], ["2w", 1_209_600_000], ["0s", 0]])(
    "reads %s",
    (text, expected) => {
      assert.strictEqual(Age.parse(text), expected)
    }
  )

  it.each(["", "30", "d", "-1d", "1 d", "1y"])("refuses %j", (text) => {
    assert.throws(() => Age.parse(text), /^an age such as 30d/)
  })
})
