import { assert, describe, it } from "@effect/vitest"
import * as RetryPolicy from "../../src/domain/RetryPolicy.ts"

const waits = (policy: RetryPolicy.RetryPolicy, firstWait: number, random = 0) =>
  [0, 1, 2, 3].map((retries) => RetryPolicy.waitBefore(policy, firstWait, retries, random))

const refusal = (policy: RetryPolicy.RetryPolicy, exit: number, errorTag?: string, elapsed = 0, wait = 0) =>
  RetryPolicy.refusal(policy, { exit, errorTag }, elapsed, wait)

describe("RetryPolicy", () => {
  describe("waitBefore", () => {
    it.each<[string, RetryPolicy.RetryPolicy, ReadonlyArray<number>]>([
      ["is always the same without a factor", {}, [100, 100, 100, 100]],
      ["grows by the factor", { factor: 3 }, [100, 300, 900, 2700]],
      ["grows to the longest wait", { factor: 3, maxWait: "500ms" }, [100, 300, 500, 500]],
      ["takes null for absent", { factor: null, maxWait: null, jitter: null }, [100, 100, 100, 100]]
    ])("%s", (_, policy, expected) => {
      assert.deepStrictEqual(waits(policy, 100), expected)
    })

    it("is at most a day, where nothing longer is given", () => {
      const day = 86_400_000
      assert.strictEqual(RetryPolicy.waitBefore({ factor: 10 }, 1000, 500, 0), day)
      assert.strictEqual(RetryPolicy.waitBefore({ factor: 1 }, 2 * day, 3, 0), 2 * day)
      assert.strictEqual(RetryPolicy.waitBefore({ factor: 2, maxWait: "96h" }, day, 3, 0), 4 * day)
    })

    it("leaves the part that is the jitter to chance", () => {
      assert.deepStrictEqual(waits({ factor: 2, jitter: 0.5 }, 100, 0), [100, 200, 400, 800])
      assert.deepStrictEqual(waits({ factor: 2, jitter: 0.5 }, 100, 0.5), [75, 150, 300, 600])
      assert.deepStrictEqual(waits({ jitter: 1 }, 100, 0.75), [25, 25, 25, 25])
    })
  })

  describe("refusal", () => {
    it("allows every failure where none is listed", () => {
      assert.isUndefined(refusal({}, 1, "Busy"))
    })

    it("allows the exit codes and error tags that are listed, and no others", () => {
      const policy = { exits: [75], errors: ["Busy"] }
      assert.isUndefined(refusal(policy, 75))
      assert.isUndefined(refusal(policy, 1, "Busy"))
      assert.strictEqual(refusal(policy, 1), "exit 1 is not to be tried again")
      assert.strictEqual(refusal(policy, 1, "Gone"), "error Gone, exit 1 is not to be tried again")
      assert.isDefined(refusal({ exits: [] }, 75))
    })

    it("allows a try that begins no later than the longest time after the first", () => {
      const policy = { maxElapsed: "10s" }
      assert.isUndefined(refusal(policy, 1, undefined, 9000, 1000))
      assert.strictEqual(
        refusal(policy, 1, undefined, 9001, 1000),
        "the next try would begin later than 10s after the first"
      )
    })
  })
})
