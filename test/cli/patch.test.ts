/** The example of a fan-out over a list that is given: planned, run, looked at, and tried again. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Workplace from "./Workplace.ts"

const example = new URL("../../examples/patch.yaml", import.meta.url).pathname
const given = ["--data", `hosts:=["db-01", "web-01"]`, "--data", "window=night"]

/** A workplace in which the example has failed. */
const failed = Effect.gen(function*() {
  const work = yield* Workplace.make
  const { exit, stdout } = yield* work.run("run", example, "--request-id", "patch-7", ...given)
  assert.strictEqual(exit, 1)
  assert.match(stdout, /^FAIL patch-7: 5 of 10 jobs complete, 1 of them skipped; 1 failed, 4 never ran, /m)
  return work
})

/** Of each row of a table, the first cell and what stands there from another column on. */
const columns = (stdout: string, head: RegExp, last: string): ReadonlyArray<readonly [string, string]> => {
  const lines = stdout.trimEnd().split("\n")
  const table = lines.slice(lines.findIndex((line) => head.test(line)))
  const at = table[0]?.indexOf(last) ?? -1
  return table.map((line) => [line.slice(0, line.indexOf(" ")), line.slice(at)])
}

describe("the example of hosts that are patched", () => {
  it.live("is planned without its list, and is not run without it", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      const plan = yield* work.run("plan", example)
      assert.deepStrictEqual([plan.exit, plan.stderr], [0, ""])
      assert.include(plan.stdout, "\nknown when it runs: how many jobs follow patch\n")
      assert.deepStrictEqual(plan.stdout.split("\n").slice(-3), [
        "data: nothing sets window, which is looked at by the condition of window; --data window=… gives it",
        "      nothing sets hosts, which is the list of patch; --data hosts:=… gives it",
        ""
      ])
      const run = yield* work.run("run", example, "--data", "window=night")
      assert.deepStrictEqual([run.exit, run.stdout], [2, ""])
      assert.include(
        run.stderr,
        `: job "patch" needs "hosts" in its data, which nothing before it sets; --data hosts:=…`
      )
    }))

  it.live("is not run where its hosts are frozen, nor with a list that is none", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      const day = yield* work.run("run", example, "--data", "window=day", "--data", "hosts:=[]")
      assert.match(day.stdout, /^COMPLETE .*: 4 of 4 jobs complete, 1 of them skipped, /)
      const none = yield* work.run("run", example, "--data", "window=night", "--data", "hosts=db-01")
      assert.strictEqual(none.exit, 1)
      assert.match(none.stdout, /^patch has failed: .*hosts/)
    }))

  it.live("fails on one host, and its status says why each job does not run", () =>
    Effect.gen(function*() {
      const work = yield* failed
      const { stdout } = yield* work.run("status", "patch-7")
      assert.deepStrictEqual(columns(stdout, /^JOB/, "NOTE"), [
        ["JOB", "NOTE"],
        ["window", ""],
        ["patch", ""],
        ["patch.end", "never ran, as it comes after patch[db-01].check"],
        ["report", "never ran, as it comes after patch.end"],
        [
          "patch[db-01].install",
          `exit status 1; no retries left; sequence "patch[db-01].install": no retries left`
        ],
        ["patch[db-01].reboot", "never ran, as it comes after patch[db-01].install (failed)"],
        ["patch[db-01].check", "never ran, as it comes after patch[db-01].reboot"],
        ["patch[web-01].install", ""],
        ["patch[web-01].reboot", "skipped: its condition is not met, data.reboot"],
        ["patch[web-01].check", ""]
      ])
    }))

  it.live("is tried again where it failed, as the preview says, and leaves the other host alone", () =>
    Effect.gen(function*() {
      const work = yield* failed
      const preview = yield* work.run("retry", "patch-7", "--dry-run", "--output", "json")
      const { jobs, keptJobs } = JSON.parse(preview.stdout) as {
        readonly keptJobs: number
        readonly jobs: ReadonlyArray<{ readonly id: string; readonly why: string; readonly data: object }>
      }
      const ids = ["patch[db-01].install", "patch[db-01].reboot", "patch[db-01].check", "patch.end", "report"]
      assert.deepStrictEqual([keptJobs, jobs.map(({ id }) => id)], [5, ids])
      assert.deepInclude(jobs[0], {
        why: "failed",
        data: { window: "night", hosts: ["db-01", "web-01"], reboot: false, host: "db-01" }
      })
      const again = yield* work.run("retry", "patch-7")
      assert.strictEqual(again.exit, 0)
      assert.match(again.stdout, /^COMPLETE patch-7: 10 of 10 jobs complete, 2 of them skipped, /)
      const begun = Array.from(again.stderr.matchAll(/^(\S+): (?:started|skipped)/gm), ([, id]) => id)
      assert.deepStrictEqual(begun, ids)
      assert.include(again.stderr, "patch[db-01].check | db-01 is up\n")
    }))
})
