import { assert, describe, it } from "@effect/vitest"
import { spreadOf } from "../../scripts/bench/Result.ts"

describe("spreadOf", () => {
  it.each([
    [[3], { median: 3, min: 3, max: 3 }],
    [[10, 1, 2], { median: 2, min: 1, max: 10 }],
    [[4, 1, 3, 2], { median: 2.5, min: 1, max: 4 }]
  ])("of %j is %j", (numbers, spread) => {
    assert.deepStrictEqual(spreadOf(numbers), spread)
  })

  it("refuses no numbers", () => {
    assert.throws(() => spreadOf([]), RangeError)
  })
})
