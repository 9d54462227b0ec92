import { assert, describe, it } from "@effect/vitest"
import * as Summary from "../../src/cli/Summary.ts"
import * as JobState from "../../src/domain/JobState.ts"

const { COMPLETE, FAIL, PENDING } = JobState

/** A run of jobs that come one after the other in the order given. */
const runOf = (
  states: Readonly<Record<string, number>>,
  edges: Readonly<Record<string, ReadonlyArray<string>>> = {},
  why = "no retries left"
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
    explanations: failed.map((jobId) => ({
      jobId,
      state: "FAIL",
      because: "over",
      text: `failed: ${why}`,
      ending: "failed",
      why
    } as const)),
    startedAt: 0,
    finishedAt: 61_240
  }
}

describe("toVerdict", () => {
  it("says it in one line", () => {
    assert.strictEqual(Summary.toVerdict(runOf({ a: COMPLETE })), "COMPLETE r: 1 of 1 jobs complete, 61.2s\n")
  })

  it("counts how the jobs have ended that are not complete", () => {
    const run = runOf({ a: COMPLETE, b: FAIL })
    const endings = { ...run.result.endings, skipped: 1, failed: 1, "timed out": 2, abandoned: 1, "never ran": 7 }
    assert.strictEqual(
      Summary.toVerdict({ ...run, result: { ...run.result, endings } }),
      "FAIL r: 1 of 2 jobs complete, 1 of them skipped; 1 failed, 2 timed out, 1 abandoned, 7 never ran, 61.2s\n"
    )
  })
})

/** What is said of a job that was not tried again because of that. */
const textOf = (why: string) => Summary.toFailures(runOf({ bad: FAIL }, {}, why))

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

  it("says that the chain took too long, and what did not run any more", () => {
    const run = runOf({ a: COMPLETE, b: FAIL, c: PENDING }, { a: ["b"], b: ["c"] })
    const timedOut = { why: "the chain took longer than 10s", neverRan: ["c"] }
    assert.strictEqual(
      Summary.toFailures({ ...run, result: { ...run.result, timedOut } }),
      "Timed out: the chain took longer than 10s\n  did not run any more: c\n\n" +
        "b has failed, try 2: exit status 1\n  | why\n\n"
    )
  })

  it("says why a job was not tried again, as far as its error and its tries do not", () => {
    assert.strictEqual(
      textOf("exit 1 is not to be tried again"),
      "bad has failed, try 2: exit status 1\n  not tried again: exit 1 is not to be tried again\n  | why\n\n"
    )
    assert.notInclude(textOf("no retries left"), "not tried again")
    assert.include(
      textOf(`exit status 1; no retries left; sequence "a": exit 1 is not to be tried again`),
      `not tried again: no retries left; sequence "a": exit 1 is not to be tried again\n`
    )
  })

  it("tells of twenty in full, and counts the rest", () => {
    const run = runOf(Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`job-${index}`, FAIL])))
    const text = Summary.toFailures(run)
    assert.lengthOf(text.match(/has failed/g) ?? [], 20)
    assert.match(text, /\n980 more have failed: job-20, .*, job-39 and 960 more\n/)
  })
})
