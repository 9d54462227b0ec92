import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync } from "node:fs"
import * as Workplace from "./Workplace.ts"

/** A chain that fails until there is a file "ready". */
const chain = `name: rollout
jobs:
  build: { run: 'echo build >> ran; echo "version=7" >> "$JOBCHAIN_OUTPUT"' }
  push: { needs: [build], run: "echo push >> ran; test -e ready" }
  report: { needs: [push], run: "echo report >> ran" }
`

const failed = Effect.gen(function*() {
  const work = yield* Workplace.make
  work.write("rollout.yaml", chain)
  assert.strictEqual((yield* work.run("run", "rollout.yaml", "--request-id", "r-7")).exit, 1)
  return work
})

describe("retry", () => {
  it.live("says what would run, and runs it: under the same request, with what is COMPLETE as it is", () =>
    Effect.gen(function*() {
      const work = yield* failed
      const preview = yield* work.run("retry", "r-7", "--dry-run")
      assert.strictEqual(preview.exit, 0)
      assert.strictEqual(
        preview.stdout,
        `r-7: 2 of 3 jobs run, 1 stay COMPLETE

JOB     WHY        TRIES  AFTER  DATA
push    failed     1      -      {"version":"7"}
report  never ran  0      push   {} …
`
      )
      const document = JSON.parse((yield* work.run("retry", "r-7", "--dry-run", "--output", "json")).stdout)
      assert.deepStrictEqual([document.requestId, document.keptJobs, document.jobs.length], ["r-7", 1, 2])
      work.write("ready", "")
      const again = yield* work.run("retry", "r")
      assert.strictEqual(again.exit, 0)
      assert.match(again.stdout, /^COMPLETE r-7: 3 of 3 jobs complete/)
      assert.strictEqual(work.read("ran"), "build\npush\npush\nreport\n")
      const status = JSON.parse((yield* work.run("status", "r-7", "--output", "json")).stdout)
      assert.deepStrictEqual(status.jobs.map(({ tries }: { readonly tries: number }) => tries), [1, 2, 1])
      const over = yield* work.run("retry", "r-7")
      assert.deepStrictEqual([over.exit, over.stderr], [
        2,
        `The chain of request "r-7" is COMPLETE: there is nothing to try again\n`
      ])
    }))

  it.live("takes the chain of a file, in memory too", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      const ended = {
        requestId: "f",
        jobChain: {
          requestId: "f",
          jobs: {
            a: { id: "a", type: "shell", state: 3, args: { command: "touch again" } },
            b: { id: "b", type: "shell", state: 4, args: { command: "touch ran" } }
          },
          adjacencyList: { a: ["b"] },
          state: 4,
          finishedJobs: 1
        },
        totalJobTries: { a: 1, b: 3 }
      }
      work.write("ended.json", JSON.stringify(ended, null, 2))
      const preview = yield* work.run("retry", "ended.json", "--dry-run")
      assert.match(preview.stdout, /\nb {4}failed {2}3 /)
      const run = yield* work.run("retry", "--memory", "ended.json")
      assert.deepStrictEqual([run.exit, existsSync(work.path("ran")), existsSync(work.path("again"))], [0, true, false])
      work.write("broken.json", JSON.stringify({ ...ended, jobChain: { ...ended.jobChain, finishedJobs: 2 } }, null, 2))
      const broken = yield* work.run("retry", "broken.json")
      assert.deepStrictEqual([broken.exit, broken.stderr.split("\n")[0]], [
        2,
        "broken.json:29:21: The chain says that 2 of its jobs are finished, expected 1"
      ])
    }))
})
