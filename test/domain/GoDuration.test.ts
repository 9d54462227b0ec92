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
      [".0s", 0],
      ["-0", 0],
      ["-.5s", -500],
      ["1h1h", 7_200_000],
      ["1s1h", 3_601_000],
      ["3h45m30.25s", 13_530_250],
      ["1h0m0s", 3_600_000],
      ["9223372036854775807ns", 9_223_372_036_854.775],
      ["-9223372036854775808ns", -9_223_372_036_854.775],
      ["2562047h47m16.854775807s", 9_223_372_036_854.775]
    ])("reads %j", (text, milliseconds) => {
      assert.closeTo(GoDuration.parse(text) ?? Number.NaN, milliseconds, Math.abs(milliseconds) * 1e-12)
    })

    it.each([["1.005s", 1005], ["1.1h", 3_960_000], ["0.1s0.2s", 300], ["0.000001ms", 1e-6]])(
      "makes whole nanoseconds of %j",
      (text, milliseconds) => {
        assert.strictEqual(GoDuration.parse(text), milliseconds)
      }
    )

    it.each([
      "00",
      "0.",
      "--1s",
      "+-1s",
      "0x1s",
      "1_0s",
      "1S",
      "１s",
      "∞s",
      "1s\n",
      "1µ",
      "1,5s",
      "3000000h",
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
      [1.5, "1ms500us"],
      [1004.999_999_999_999_9, "1s5ms"],
      [3_600_001, "1h1ms"],
      [1e-6, "1ns"],
      [1e-7, "0s"],
      [-1e-7, "0s"]
    ])("writes %j", (milliseconds, text) => {
      assert.strictEqual(GoDuration.format(milliseconds), text)
      assert.closeTo(GoDuration.parse(text) ?? Number.NaN, milliseconds, 1e-6)
    })
  })
})
