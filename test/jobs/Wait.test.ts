import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import { TestClock } from "effect/testing"
import { wait } from "../../src/jobs/Wait.ts"
import { faultsOf, run, TryContext } from "./TryContext.ts"

/** Runs a try to which a signal comes, or does not in the time that it waits. */
const waitFor = (args: object, signal: object | undefined) =>
  Effect.gen(function*() {
    const context = new TryContext()
    const asked: Array<unknown> = []
    context.onTakeSignal = (name, timeout) =>
      Effect.sync(() => {
        asked.push(name, Duration.format(Duration.fromInputUnsafe(timeout ?? "0 millis")))
        return signal as Record<string, unknown> | undefined
      })
    const result = yield* run(wait, args, context)
    return { asked, result, statuses: context.statuses }
  })

describe("wait", () => {
  it.effect("hands on the data of the signal, and says what it waits for", () =>
    Effect.gen(function*() {
      const { asked, result, statuses } = yield* waitFor({ signal: "go" }, { by: "ann" })
      assert.deepInclude(result, { state: "COMPLETE", data: { by: "ann" } })
      assert.deepStrictEqual([asked, statuses], [["go", "Infinity"], [`waits for signal "go"`]])
    }))

  it.effect("fails when no signal came in time, or goes on", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.parse("2026-11-30T17:00:00Z"))
      const { asked, result } = yield* waitFor(
        { signal: "go", timeout: "90m", until: "2026-11-30T18:00:00Z" },
        undefined
      )
      assert.deepStrictEqual(asked, ["go", "1h"])
      const error = `no signal "go" came within 1h30m until 2026-11-30T18:00:00Z`
      assert.deepInclude(result, { state: "FAIL", exit: 1, error })
      const other = yield* waitFor({ signal: "go", timeout: "10s", onTimeout: "continue" }, undefined)
      assert.deepStrictEqual(other.asked, ["go", "10s"])
      assert.deepInclude(other.result, { state: "COMPLETE" })
    }))

  it("refuses args that do not fit, all at once", () => {
    assert.deepStrictEqual(faultsOf(wait, { signal: "", timeout: "soon", until: "tomorrow", onTimeout: "wait" }), [
      "args.signal: Expected the name of a signal",
      `args.timeout: Expected a duration such as "300ms", "5s" or "1m30s"`,
      `args.until: Expected a time such as "2026-11-30T18:00:00Z"`,
      `args.onTimeout: Expected "fail" or "continue"`
    ])
  })
})
