import { assert, describe, it } from "@effect/vitest"
import * as DataText from "../../src/cli/DataText.ts"

describe("DataText", () => {
  describe("pretty", () => {
    it("has one line for jobs of which the same is to be said", () => {
      const findings = ["a", "b"].map((job) => ({ kind: "never-set", job, key: "url", neededBy: "type" } as const))
      assert.strictEqual(
        DataText.pretty(findings),
        "data: nothing sets url, which is needed by a, b; --data url=… gives it\n"
      )
    })

    it("has no more than some lines", () => {
      const findings = Array.from({ length: 30 }, (_, i) => ({ kind: "never-read", job: "a", key: `k${i}` } as const))
      const lines = DataText.pretty(findings).split("\n")
      assert.deepStrictEqual(lines.slice(-3), [
        "      nothing reads k19, which is set by a",
        "      and 10 more, see --output json",
        ""
      ])
    })

    it("is nothing where there is nothing to say", () => {
      assert.strictEqual(DataText.pretty([]), "")
    })
  })
})
