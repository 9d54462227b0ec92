import { assert, describe, it } from "@effect/vitest"
import { PlainLines } from "../../src/cli/PlainLines.ts"
import { ended, events, failedTry, output, snapshot, started } from "./events.ts"

const textOf = (list: ReturnType<typeof events>): ReadonlyArray<string> => {
  const plain = new PlainLines()
  return list.map((event) => plain.lines(event)).join("").split("\n").slice(0, -1)
}

describe("PlainLines", () => {
  it("tells the course of a chain", () => {
    assert.deepStrictEqual(
      textOf(events(
        snapshot("a", "b"),
        { _tag: "chainStarted", jobs: 2 },
        started("a"),
        failedTry("a"),
        { _tag: "jobWaiting", jobId: "a", for: "retry", until: 94_999 },
        failedTry("a", 2),
        ended("a", "FAIL"),
        { _tag: "sequenceRewound", sequenceId: "a", failedJobId: "a", jobIds: ["a"], tries: 1 },
        { _tag: "jobWaiting", jobId: "a", for: "sequenceRetry", until: 9050 },
        started("a", 3),
        { _tag: "jobWaiting", jobId: "a", for: "retry", until: 9000 },
        { _tag: "lost", count: 7 }
      )),
      [
        "r1: 2 jobs",
        "a: started",
        "a: FAIL after 1.5s (exit status 1)",
        "a: tries again in 1m30s",
        "a: FAIL after 1.5s (exit status 1)",
        "a: its sequence goes back to its start, as a has failed",
        "a: its sequence starts again in 50ms",
        "a: started, try 3",
        "a: tries again at once",
        "(7 events came too fast to be shown)"
      ]
    )
  })

  it("joins pieces to lines, each stream for itself, and gives the rest when the try ends", () => {
    assert.deepStrictEqual(
      textOf(events(
        output("a", "one\ntw"),
        output("a", "oops", 1, "stderr"),
        output("b", "other\r\n"),
        output("a", "o\n\nthree"),
        failedTry("a")
      )),
      ["a | one", "b | other", "a | two", "a | ", "a | three", "a | oops", "a: FAIL after 1.5s (exit status 1)"]
    )
  })

  it("shows the last state of a line that was written over and over, and cuts one that never ends", () => {
    assert.deepStrictEqual(textOf(events(output("a", "10%\r20%\r\r\n"))), ["a | 20%"])
    assert.lengthOf(textOf(events(output("a", "x".repeat(20_000)))), 1)
  })

  it("says what is skipped, and why, and which signals come", () => {
    assert.deepStrictEqual(
      textOf(events(
        { _tag: "jobSkipped", jobId: "a", condition: "data.go" },
        { _tag: "jobSkipped", jobId: "b", condition: "data.go", sequenceId: "s" },
        { _tag: "signalReceived", name: "approve" }
      )),
      [
        "a: skipped, as its condition is not met: data.go",
        "b: skipped, as the condition of the sequence s is not met: data.go",
        `(signal "approve" came)`
      ]
    )
  })
})
