import { assert, describe, it } from "@effect/vitest"
import { Context, Effect } from "effect"
import { LogReading } from "../../src/cli/LogReading.ts"
import { JobOutput } from "../../src/engine/JobOutput.ts"
import { chainOf, checkpointOf } from "../../src/testing/index.ts"
import { add, logOf } from "../storage/Steps.ts"
import * as TestStore from "../storage/TestStore.ts"

/** A store with a chain of which everything is done by hand, and what a reading of its log has written. */
const opened = Effect.fnUntraced(function*(jobId?: string) {
  const { context, repo, store } = yield* TestStore.make()
  const output = Context.get(context, JobOutput)
  const chain = yield* add(repo, chainOf("a -> b"))
  const { requestId } = chain
  let text = ""
  const write = (more: string) => Effect.sync(() => void (text += more))
  const reading = new LogReading(store, { requestId, jobId, write })
  return {
    /** Writes so much that it does not stay in a buffer. */
    say: (jobId: string, line: string, stream: "stdout" | "stderr" = "stdout") =>
      output.write({ requestId, jobId, try: 1 }, stream, new TextEncoder().encode(`${line}\n`.padStart(rowSize, "\n"))),
    end: (jobId: string) =>
      Effect.andThen(
        output.end({ requestId, jobId, try: 1 }),
        repo.set(checkpointOf(chain, { logs: [logOf(requestId, jobId, 1)] }))
      ),
    /** What one more look has written, without empty lines. */
    look: Effect.suspend(() => {
      text = ""
      return Effect.map(reading.writeNew, () => text.split("\n").filter((line) => !/^(?:\w \| )?$/.test(line)))
    })
  }
})

const rowSize = 64 * 1024

describe("LogReading", () => {
  it.effect("writes at each look what is new since the last one", () =>
    Effect.scoped(Effect.gen(function*() {
      const { end, look, say } = yield* opened()
      assert.deepStrictEqual(yield* look, [])
      yield* say("a", "one")
      assert.deepStrictEqual(yield* look, ["a: started", "a | one"])
      assert.deepStrictEqual(yield* look, [])
      yield* say("a", "two")
      yield* say("b", "other")
      assert.deepStrictEqual(yield* look, ["a | two", "b: started", "b | other"])
      yield* say("a", "three")
      yield* end("a")
      assert.deepStrictEqual(yield* look, ["a | three", "a: COMPLETE after 0.0s"])
      yield* end("b")
      assert.deepStrictEqual(yield* look, ["b: COMPLETE after 0.0s"])
      assert.deepStrictEqual(yield* look, [])
    })))

  it.effect("writes the tries that have ended one after the other, in their order, before those that run", () =>
    Effect.scoped(Effect.gen(function*() {
      const { end, look, say } = yield* opened()
      yield* say("a", "runs")
      yield* say("b", "out")
      yield* say("b", "err", "stderr")
      yield* end("b")
      const b = ["b: started", "b | out", "b | err", "b: COMPLETE after 0.0s"]
      assert.deepStrictEqual(yield* look, [...b, "a: started", "a | runs"])
    })))

  it.effect("reads of one job only, where that is asked", () =>
    Effect.scoped(Effect.gen(function*() {
      const { end, look, say } = yield* opened("b")
      yield* say("a", "a")
      yield* end("a")
      yield* say("b", "b")
      assert.deepStrictEqual(yield* look, ["b: started", "b | b"])
    })))

  it.effect("joins a character that two rows of the store share", () =>
    Effect.scoped(Effect.gen(function*() {
      const { end, look, say } = yield* opened()
      // Of two bytes each, after one: the end of a row is in the middle of one of them.
      const line = `.${"ä".repeat(rowSize)}`
      yield* say("a", line)
      yield* end("a")
      assert.strictEqual(
        (yield* look).filter((text) => text.startsWith("a | ")).map((text) => text.slice(4)).join(""),
        line
      )
    })))
})
