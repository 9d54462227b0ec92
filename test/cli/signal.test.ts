import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import * as Path from "node:path"
import * as Workplace from "./Workplace.ts"

/** A workplace with the example. */
const approval = Effect.map(Workplace.make, (work) => {
  work.write("approval.yaml", readFileSync(Path.join(import.meta.dirname, "../../examples/approval.yaml"), "utf8"))
  return work
})

describe("the example of an approval", () => {
  it.live("is skipped where nothing has changed, and that is told", () =>
    Effect.gen(function*() {
      const work = yield* approval
      const { exit, stderr, stdout } = yield* work.run("run", "approval.yaml", "--request-id", "r")
      assert.strictEqual(exit, 0)
      assert.match(stdout, /^COMPLETE r: 5 of 5 jobs complete, 3 of them skipped, /)
      assert.include(
        stderr,
        `rollout.push: skipped, as the condition of the sequence rollout.approve is not met: data.?changed.orValue("no") == "yes"\n`
      )
      const status = yield* work.run("status", "r")
      assert.match(
        status.stdout,
        /\nrollout\.push +COMPLETE +0 +- +- +skipped: the condition of the sequence rollout.approve is not met, /
      )
    }))

  it.live("waits for the signal, which another process sends, and goes on with its data", () =>
    Effect.gen(function*() {
      const work = yield* approval
      const running = work.start("run", "approval.yaml", "--request-id", "r", "--data", "changed=yes")
      yield* running.seen("rollout.approve: started")
      const sent = yield* work.run("signal", "r", "approve", "--data", "by=ann", "--data", "cold:=true")
      assert.strictEqual(sent.exit, 0)
      assert.match(sent.stdout, /^Sent "approve" to r; it is run by process \d+/)
      const { exit, stderr } = yield* running.ended
      assert.strictEqual(exit, 0)
      assert.include(stderr, "rollout.push | pushed with the approval of ann\n")
      assert.include(stderr, "rollout.warm-up: started\n")
      const late = yield* work.run("signal", "r", "approve")
      assert.deepStrictEqual([late.exit, late.stderr], [2, `The chain of request "r" has ended: COMPLETE\n`])
    }))

  it.live("has the signal that came while it was suspended, or its process dead", () =>
    Effect.gen(function*() {
      const work = yield* approval
      const running = work.start("run", "approval.yaml", "--request-id", "r", "--data", "changed=yes")
      yield* running.seen("rollout.approve: started")
      yield* running.signal("SIGKILL")
      yield* running.ended
      const sent = yield* work.run("signal", "r", "approve", "--data", "by=bob")
      assert.include(sent.stdout, "nobody runs it now")
      const { exit, stderr } = yield* work.run("resume", "r")
      assert.strictEqual(exit, 0)
      assert.include(stderr, "rollout.push | pushed with the approval of bob\n")
    }))
})

describe("validate", () => {
  it.live("finds what is wrong with conditions, in its place", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.write(
        "bad.yaml",
        `jobs:\n  a: { run: "true", when: data.x = }\n  b:\n    needs: [a]\n    when: dat.x\n    sequence: { c: { run: "true" } }\n`
      )
      const { exit, stderr } = yield* work.run("validate", "bad.yaml")
      assert.strictEqual(exit, 2)
      assert.deepStrictEqual(stderr.trimEnd().split("\n"), [
        `bad.yaml:2:27: The condition of job "a": Unexpected character: =, at character 8`,
        `bad.yaml:5:11: The condition of the sequence of job "b.c": Unknown variable: dat, at character 1`
      ])
    }))
})
