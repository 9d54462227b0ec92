import { assert, describe, it } from "@effect/vitest"
import * as JobState from "../../src/domain/JobState.ts"

describe("JobState", () => {
  it("numbers the states as the reference does", () => {
    assert.deepStrictEqual(JobState.JobState.literals.map(JobState.toCode), [0, 1, 2, 3, 4, 6, 7])
  })

  it("describes a state by its word, and anything else by its number", () => {
    assert.deepStrictEqual([3, 5, 42].map(JobState.describe), ["COMPLETE", "5", "42"])
  })

  it("tells states in which a chain is over from those in which it goes on", () => {
    const over = JobState.JobState.literals.filter((state) => JobState.isOver(JobState.toCode(state)))
    assert.deepStrictEqual(over, ["COMPLETE", "FAIL", "STOPPED"])
  })
})
