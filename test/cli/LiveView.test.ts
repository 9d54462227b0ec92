import { assert, describe, it } from "@effect/vitest"
import stringWidth from "string-width"
import * as ChainView from "../../src/cli/ChainView.ts"
import * as LiveView from "../../src/cli/LiveView.ts"
import type { ChainEvent } from "../../src/engine/ChainEvent.ts"
import { ended, events, failedTry, output, snapshot, started } from "./events.ts"

const viewOf = (list: ReadonlyArray<ChainEvent>): ChainView.ChainView => {
  const view = ChainView.make()
  for (const event of list) ChainView.take(view, event)
  return view
}

const frame = { columns: 80, rows: 24, now: 60_000, color: false, stopTimeout: 10_000 }

describe("render", () => {
  it("shows what has failed, what runs and what waits, each with what it says", () => {
    const view = viewOf(events(
      snapshot("a", "b", "c", "d"),
      started("a"),
      output("a", "oh no\n"),
      failedTry("a"),
      ended("a", "FAIL"),
      started("b"),
      { _tag: "status", jobId: "b", status: "copying" },
      output("b", "file 1\nfile"),
      output("b", " 2"),
      started("c"),
      failedTry("c"),
      { _tag: "jobWaiting", jobId: "c", for: "retry", until: 65_000 },
      { _tag: "progress", finishedJobs: 1, jobs: 4 }
    ))
    assert.deepStrictEqual(LiveView.render(view, frame), [
      "█████░░░░░░░░░░░░░░░ 1/4  0:59  1 failed  1 running  1 waiting  r1",
      "✗ a  exit status 1 │ oh no",
      "▸ b  0:54  copying │ file 2",
      "◌ c  0:05  until try 2 │ exit status 1"
    ])
  })

  it("shows what a job waits for that would start, and one that runs, until it does", () => {
    const view = viewOf(events(snapshot("a", "b", "c"), started("b"), { _tag: "progress", finishedJobs: 0, jobs: 3 }))
    ChainView.takeExplanations(view, [
      { jobId: "a", state: "PENDING", because: "limit", text: "waits for a limit: 1 of key \"db\" at once" },
      { jobId: "b", state: "RUNNING", because: "signal", text: "waits for the signal \"go\"" },
      { jobId: "c", state: "PENDING", because: "jobs", text: "waits for a, b" }
    ])
    assert.deepStrictEqual(LiveView.render(view, frame), [
      "░░░░░░░░░░░░░░░░░░░░ 0/3  0:59  1 running  1 waiting  r1",
      "▸ b  0:58  waits for the signal \"go\"",
      "◌ a  waits for a limit: 1 of key \"db\" at once"
    ])
    for (const event of events(started("a"))) ChainView.take(view, event)
    assert.include(LiveView.render(view, frame), "▸ a  0:59  ")
    ChainView.takeExplanations(view, [])
    assert.include(LiveView.render(view, frame), "▸ b  0:58  ")
  })

  it("counts what was skipped, until it is rewound", () => {
    const view = viewOf(events(
      snapshot("a", "b"),
      { _tag: "jobSkipped", jobId: "a", condition: "false" },
      { _tag: "progress", finishedJobs: 1, jobs: 2 }
    ))
    assert.strictEqual(LiveView.render(view, frame)[0], "██████████░░░░░░░░░░ 1/2  0:59  1 skipped  r1")
    for (
      const event of events({
        _tag: "sequenceRewound",
        sequenceId: "a",
        failedJobId: "b",
        jobIds: ["a", "b"],
        tries: 1
      })
    ) ChainView.take(view, event)
    assert.strictEqual(LiveView.render(view, frame)[0], "██████████░░░░░░░░░░ 1/2  0:59  r1")
  })

  it("counts the next try from the end of the wait before it", () => {
    const view = viewOf(events(
      snapshot("a"),
      started("a"),
      failedTry("a"),
      { _tag: "jobWaiting", jobId: "a", for: "retry", until: 50_000 }
    ))
    assert.strictEqual(LiveView.render(view, frame)[1], "▸ a  0:10  try 2  ")
    for (const event of events(output("a", "again\n", 2))) ChainView.take(view, event)
    assert.strictEqual(LiveView.render(view, frame)[1], "▸ a  0:10  try 2  again")
  })

  it.each(
    [
      ["suspend", "Suspending"],
      ["stop", "Stopping"],
      ["timeout", "Timed out"]
    ] as const
  )("says what is waited for when the chain ends early: %s", (reason, what) => {
    const view = viewOf(events(snapshot("a", "b"), started("a"), started("b"), { _tag: "chainStopping", reason }))
    assert.strictEqual(
      LiveView.render(view, { ...frame, now: 5500 })[1],
      `${what}: waiting up to 9 s for 2 jobs (Ctrl-C again to kill them): a, b`
    )
  })

  it.each([[80, 24], [80, 5], [40, 10], [20, 3], [200, 60]])(
    "fits a thousand jobs into %i columns and %i rows",
    (columns, rows) => {
      const ids = Array.from({ length: 1000 }, (_, index) => `group-${index % 7}.a-rather-long-name.job-${index}`)
      const view = viewOf(events(
        snapshot(...ids),
        ...ids.flatMap((id) => [started(id), output(id, `${"宽".repeat(60)}\n`)]),
        ...ids.slice(0, 300).flatMap((id) => [failedTry(id), ended(id, "FAIL")]),
        ...ids.slice(300, 320).map((jobId) => ({ _tag: "jobWaiting", jobId, for: "retry", until: 9_000_000 }) as const),
        { _tag: "chainStopping", reason: "suspend" }
      ))
      const lines = LiveView.render(view, { ...frame, columns, rows, now: 4_000_000 })
      assert.isBelow(lines.length, rows)
      for (const line of lines) assert.isBelow(stringWidth(line), columns)
      if (rows < 24) return
      assert.include(lines[0], "300 failed  680 running  20 waiting")
      const shown = ["✗", "▸", "◌"].map((sign) => lines.filter((line) => line.startsWith(sign)).length)
      assert.isTrue(shown.every((count) => count >= Math.floor((rows - 4) / 3)))
      const [failed = 0, running = 0, waiting = 0] = shown
      assert.strictEqual(
        lines.at(-1),
        `  and ${
          [
            `${300 - failed} failed`,
            `${680 - running} running`,
            ...(waiting < 20 ? [`${20 - waiting} waiting`] : [])
          ].join(", ")
        }`.slice(0, columns)
      )
    }
  )

  it("shows nothing that could move the cursor", () => {
    const view = viewOf(events(
      snapshot("a"),
      started("a"),
      output("a", "\u001b[31mred\u001b[0m\u001b]0;title\u0007 \u001b[2J\ttab\u0007\u001b[1A 50%\r\u001b[Kdone\n")
    ))
    assert.strictEqual(LiveView.render(view, frame)[1], "▸ a  0:58  done")
    // oxlint-disable-next-line no-control-regex -- Control characters are what is looked for.
    assert.notMatch(LiveView.render(view, frame).join(""), /[\u0000-\u001f]/)
  })

  it("colours lines only where it may", () => {
    const view = viewOf(events(snapshot("a"), started("a")))
    assert.strictEqual(LiveView.render(view, { ...frame, color: true })[1], "\u001b[36m▸ a  0:58  \u001b[0m")
  })
})

describe("ChainView", () => {
  it("goes back with a sequence, and begins again after a loss", () => {
    const view = viewOf(events(snapshot("a", "b"), started("a"), output("a", "x\n"), ended("a", "COMPLETE"), {
      _tag: "sequenceRewound",
      sequenceId: "a",
      failedJobId: "b",
      jobIds: ["a"],
      tries: 1
    }))
    assert.deepInclude(view.jobs.get("a"), { state: "PENDING", lastLine: "" })
    ChainView.take(view, { ...events(snapshot("a", "b"))[0] as ChainEvent, at: 9000 })
    assert.strictEqual(view.startedAt, 1000)
    assert.strictEqual(view.jobs.size, 2)
  })
})
