import { assert, describe, it } from "@effect/vitest"
import * as GoDuration from "../../src/domain/GoDuration.ts"

describe("GoDuration", () => {
  describe("parse", () => {
    it.each([
      ["", 0],
      ["0", 0],
      ["+0", 0],
      ["300ms", 300],
      ["1m30s", 90_000],
      ["1.5h", 5_400_000],
      [".5s", 500],
      ["1.s", 1000],
      ["1s1s", 2000],
      ["-2s", -2000],
      ["+2s", 2000],
      ["1us", 0.001],
      ["1µs", 0.001],
      ["1μs", 0.001],
      ["1ns", 1e-6],
      ["2562047h47m16.854775807s", 9_223_372_036_854.775]
    ])("reads %j", (text, milliseconds) => {
      assert.closeTo(GoDuration.parse(text) ?? Number.NaN, milliseconds, Math.abs(milliseconds) * 1e-12)
    })

    it.each([
      "1",
      "s",
      "1 s",
      "1M",
      "1.5.5s",
      "+",
      "-",
      ".",
      ".s",
      "1d",
      "1e3s",
      " 1s",
      "1s ",
      "9223372037s1h1000000000h",
      "1h-1m"
    ])(
      "refuses %j",
      (text) => {
        assert.isUndefined(GoDuration.parse(text))
      }
    )
  })

  describe("format", () => {
    it.each([
      [0, "0s"],
      [300, "300ms"],
      [90_000, "1m30s"],
      [5_400_000, "1h30m"],
      [-2000, "-2s"],
      [0.001, "1us"],
      [1.5, "1ms500us"]
    ])("writes %j", (milliseconds, text) => {
      assert.strictEqual(GoDuration.format(milliseconds), text)
      assert.closeTo(GoDuration.parse(text) ?? Number.NaN, milliseconds, 1e-9)
    })
  })
})
