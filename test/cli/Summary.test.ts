import { assert, describe, it } from "@effect/vitest"
import * as Summary from "../../src/cli/Summary.ts"
import * as JobState from "../../src/domain/JobState.ts"

const { COMPLETE, FAIL, PENDING } = JobState

/** A run of jobs that come one after the other in the order given. */
const runOf = (
  states: Readonly<Record<string, number>>,
  edges: Readonly<Record<string, ReadonlyArray<string>>> = {}
) => {
  const ids = Object.keys(states)
  const failed = ids.filter((id) => states[id] === FAIL)
  return {
    result: {
      requestId: "r",
      state: failed.length > 0 ? "FAIL" : "COMPLETE",
      finishedJobs: 1,
      endings: {
        complete: 1,
        skipped: 0,
        failed: failed.length,
        "timed out": 0,
        abandoned: 0,
        stopped: 0,
        "never ran": 0
      }
    } as const,
    snapshot: {
      jobChain: {
        jobs: Object.fromEntries(ids.map((id) => [id, { id, state: states[id] as number }])),
        adjacencyList: edges
      }
    },
    logs: failed.map((jobId) => ({
      requestId: "r",
      jobId,
      try: 2,
      name: jobId,
      type: "shell",
      startedAt: 1000,
      finishedAt: 2000,
      state: "FAIL" as const,
      exit: 1,
      error: "exit status 1",
      stdout: "",
      stderr: "why\n"
    })),
    startedAt: 0,
    finishedAt: 61_240
  }
}

describe("toVerdict", () => {
  it("says it in one line", () => {
    assert.strictEqual(Summary.toVerdict(runOf({ a: COMPLETE })), "COMPLETE r: 1 of 1 jobs complete, 61.2s\n")
  })
})

describe("toFailures", () => {
  it("says nothing where nothing has failed", () => {
    assert.strictEqual(Summary.toFailures(runOf({ a: COMPLETE, b: PENDING }, { a: ["b"] })), "")
  })

  it("names what comes after a failed job, and not what else has not run", () => {
    const run = runOf(
      { a: COMPLETE, bad: FAIL, after: PENDING, later: PENDING, other: PENDING },
      { a: ["bad", "other"], bad: ["after"], after: ["later"] }
    )
    assert.strictEqual(
      Summary.toFailures(run),
      "bad has failed, try 2: exit status 1\n  | why\n\nDid not run because of bad: after, later\n\n"
    )
  })

  it("tells of twenty in full, and counts the rest", () => {
    const run = runOf(Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`job-${index}`, FAIL])))
    const text = Summary.toFailures(run)
    assert.lengthOf(text.match(/has failed/g) ?? [], 20)
    assert.match(text, /\n980 more have failed: job-20, .*, job-39 and 960 more\n/)
  })
})
