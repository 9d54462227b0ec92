import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync } from "node:fs"
import * as Workplace from "./Workplace.ts"

/** Notes each job that runs; `b` waits at a gate the first time only, and after it comes `c`. */
const gated = `
name: gated
jobs:
  a: { run: echo a >> ran; echo hello; echo oops >&2 }
  b: { needs: [a], run: "echo b >> ran; if [ ! -e again ]; then touch again; echo ready; exec cat gate; fi; echo passed" }
  c: { needs: [b], run: echo c >> ran }
`

const lastLineOf = (text: string): string | undefined => text.trimEnd().split("\n").at(-1)

/** Starts a chain, and waits until `b` stands at the gate. */
const atGate = Effect.fnUntraced(function*(work: Workplace.Workplace, ...flags: ReadonlyArray<string>) {
  work.makeGate("gate")
  work.write("gated.yaml", gated)
  const command = work.start("run", "gated.yaml", "--request-id", "r1", ...flags)
  yield* command.seen("b | ready")
  return command
})

const crashed = Effect.fnUntraced(function*(work: Workplace.Workplace) {
  const command = yield* atGate(work)
  // What a job writes is in the store a moment later.
  const log = work.start("log", "r1", "--follow")
  yield* log.seen("b | ready", "stdout")
  yield* command.signal("SIGKILL")
  yield* command.ended
  assert.strictEqual((yield* log.ended).stderr, "r1: CRASHED\n")
})

const suspended = Effect.fnUntraced(function*(work: Workplace.Workplace, ...flags: ReadonlyArray<string>) {
  const command = yield* atGate(work, ...flags)
  yield* command.signal("SIGINT")
  return yield* command.ended
})

describe("a killed run", () => {
  it.live("is resumed by its id, runs no completed job twice, and can be looked at before and after", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      yield* crashed(work)
      const before = yield* work.run("status", "r1")
      assert.match(before.stdout, /^CRASHED r1: 1 of 3 jobs complete\n/)
      assert.include(before.stdout, "jobchain resume r1\n")
      assert.match(before.stdout, /\nb +RUNNING +1 +- +- +cut off\n/)
      assert.include((yield* work.run("resume")).stdout, "r1       CRASHED  1/3")

      const resumed = yield* work.run("resume", "r1")
      assert.strictEqual(resumed.exit, 0)
      assert.match(resumed.stdout, /^COMPLETE r1: 3 of 3 jobs complete, /)
      assert.include(resumed.stderr, "r1: 3 jobs, 1 complete\nb: started\n")
      assert.strictEqual(work.read("ran"), "a\nb\nb\nc\n")

      const log = yield* work.run("log", "r1")
      assert.deepStrictEqual(log.stdout.replaceAll(/\d+\.\ds/g, "0.0s").split("\n"), [
        "a: started",
        "a | hello",
        "a | oops",
        "a: COMPLETE after 0.0s",
        "b: started",
        "b | ready",
        "b | passed",
        "b: COMPLETE after 0.0s",
        "c: started",
        "c: COMPLETE after 0.0s",
        ""
      ])
      const after = yield* work.run("status", "r1", "--output", "json")
      const { jobs, ...chain } = JSON.parse(after.stdout)
      assert.deepInclude(chain, {
        requestId: "r1",
        name: "gated",
        state: "COMPLETE",
        isCrashed: false,
        owner: null,
        totalJobs: 3,
        finishedJobs: 3
      })
      assert.deepStrictEqual(jobs.map((job: { tries: number }) => job.tries), [1, 1, 1])
      assert.deepInclude(jobs[1].endedTries[0], { try: 1, state: "COMPLETE", exit: 0, error: "" })
    }))

  it.live("does not begin anew under its id", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      yield* crashed(work)
      const { exit, stderr } = yield* work.run("run", "gated.yaml", "--request-id", "r1")
      assert.strictEqual(exit, 2)
      assert.strictEqual(
        stderr,
        `Request r1 is in the store already, CRASHED with 1 of 3 jobs complete. Go on with it by "jobchain resume r1"\n`
      )
    }))
})

describe("a running chain", () => {
  it.live("is not run by a second process, which is told who runs it", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      const first = yield* atGate(work)
      const resume = yield* work.run("resume", "r1")
      assert.strictEqual(resume.exit, 2)
      assert.match(
        resume.stderr,
        new RegExp(`^The chain of request "r1" is run by process ${first.child.pid} on .*, started `)
      )
      const run = yield* work.run("run", "gated.yaml", "--request-id", "r1")
      assert.strictEqual(run.exit, 2)
      assert.include(run.stderr, `process ${first.child.pid} on `)
      const exported = yield* work.run("export", "r1")
      assert.deepStrictEqual([exported.exit, exported.stdout], [2, ""])

      const ps = yield* work.run("ps", "--output", "json")
      const [chain] = JSON.parse(ps.stdout)
      assert.deepInclude(chain, { requestId: "r1", state: "RUNNING", finishedJobs: 1, totalJobs: 3 })
      assert.strictEqual(chain.owner.pid, first.child.pid)
      assert.match((yield* work.run("ps")).stdout, new RegExp(`^REQUEST .*\nr1 +1/3 .* ${first.child.pid} on `))

      yield* work.open("gate")
      assert.strictEqual((yield* first.ended).exit, 0)
      assert.strictEqual(work.read("ran"), "a\nb\nc\n")
      assert.deepStrictEqual(yield* work.run("ps"), { exit: 0, stdout: "", stderr: "No chain is running\n" })
    }))

  it.live("is stopped from another process, which waits until it is over", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      const command = yield* atGate(work)
      const stop = yield* work.run("stop", "r1")
      assert.strictEqual(stop.exit, 0)
      assert.strictEqual(stop.stdout, "STOPPED r1: 1 of 3 jobs complete\n")
      assert.include(stop.stderr, `process ${command.child.pid} on `)
      const { exit, stderr, stdout } = yield* command.ended
      assert.strictEqual(exit, 3)
      assert.match(stdout, /^STOPPED r1: 1 of 3 jobs complete; 1 stopped, 1 never ran, /)
      assert.include(stderr, "Another process asks for this chain to be stopped\n")
      assert.strictEqual((yield* work.run("resume", "r1")).exit, 2)
      assert.strictEqual((yield* work.run("stop", "r1")).exit, 0)
    }))

  it.live("can be followed until it ends", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      const command = yield* atGate(work)
      const all = work.start("log", "r1", "--follow")
      const one = work.start("log", "r1", "b", "-f")
      yield* all.seen("b | ready", "stdout")
      yield* one.seen("b | ready", "stdout")
      yield* work.open("gate")
      yield* command.ended
      const { exit, stderr, stdout } = yield* all.ended
      assert.deepStrictEqual([exit, stderr], [0, "r1: COMPLETE\n"])
      assert.include(stdout, "b: started\nb | ready\nb: COMPLETE after ")
      assert.include(stdout, "c: COMPLETE after ")
      assert.match((yield* one.ended).stdout, /^b: started\nb \| ready\nb: COMPLETE after \d+\.\ds\n$/)
    }))
})

describe("Ctrl-C", () => {
  it.live("leaves the suspended chain in the store, from where it is resumed by its id", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      const { exit, stderr, stdout } = yield* suspended(work)
      assert.strictEqual(exit, 4)
      assert.match(stdout, /^SUSPENDED r1: 1 of 3 jobs complete, /)
      assert.strictEqual(lastLineOf(stderr), "Go on with: jobchain resume r1")
      assert.deepStrictEqual(work.chainFiles(), [])
      assert.strictEqual(work.read(".jobchain/.gitignore"), "*\n")
      assert.strictEqual((yield* work.run("resume", "r")).exit, 0)
      assert.strictEqual(work.read("ran"), "a\nb\nb\nc\n")
    }))

  it.live("names the store that it is in", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      const { stderr } = yield* suspended(work, "--db", "own.db")
      assert.strictEqual(lastLineOf(stderr), "Go on with: jobchain resume r1 --db own.db")
      assert.isFalse(existsSync(work.path(".jobchain")))
      assert.match((yield* work.run("resume", "r1", "--db", "own.db")).stdout, /^COMPLETE r1: /)
    }))

  it.live("twice kills at once, and says how to go on", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.makeGate("gate")
      work.write("gated.yaml", gated.replace("exec cat gate", "trap '' TERM; cat gate"))
      const command = work.start("run", "gated.yaml", "--request-id", "r 1")
      yield* command.seen("b | ready")
      yield* command.signal("SIGINT")
      yield* command.seen("Suspending: ")
      yield* command.signal("SIGINT")
      const { exit, stderr } = yield* command.ended
      assert.strictEqual(exit, 130)
      assert.strictEqual(lastLineOf(stderr), "Killed. Go on with: jobchain resume 'r 1'")
      assert.strictEqual((yield* work.run("resume", "r 1")).exit, 0)
    }))

  it.live("ends the wait for a stop, which stays asked for", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.makeGate("gate")
      work.write("gated.yaml", gated.replace("exec cat gate", "trap '' TERM; cat gate"))
      const command = work.start("run", "gated.yaml", "--request-id", "r1")
      yield* command.seen("b | ready")
      const stop = work.start("stop", "r1")
      yield* command.seen("Another process asks")
      yield* stop.signal("SIGINT")
      const { exit, stderr } = yield* stop.ended
      assert.strictEqual(exit, 130)
      assert.strictEqual(lastLineOf(stderr), "Not waiting any longer. That r1 is to be stopped stays asked for")
      yield* command.signal("SIGKILL")
      yield* command.ended
      // Resumed, it is stopped.
      const resumed = yield* work.run("resume", "r1")
      assert.strictEqual(resumed.exit, 3)
      assert.include(resumed.stderr, "It was to be stopped when it was last run, and is now\n")
      assert.strictEqual(work.read("ran"), "a\nb\n")
    }))
})

describe("a run that is cut off", () => {
  it.live("ends where another process has the chain, and leaves it alone", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      const command = yield* atGate(work)
      work.change("UPDATE jobchain_chains SET owner = NULL")
      const { exit, stderr, stdout } = yield* command.ended
      assert.deepStrictEqual([exit, stdout], [74, ""])
      assert.include(lastLineOf(stderr), `The chain of request "r1" is no longer owned by this process`)
      assert.match((yield* work.run("resume", "r1")).stdout, /^COMPLETE r1: 3 of 3 /)
      assert.strictEqual(work.read("ran"), "a\nb\nb\nc\n")
    }))

  it.live("says why the store has failed", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      const command = yield* atGate(work)
      work.change("DROP TABLE jobchain_records")
      yield* work.open("gate")
      const { exit, stderr } = yield* command.ended
      assert.strictEqual(exit, 74)
      assert.include(stderr, "The store failed: no such table: jobchain_records")
      assert.strictEqual(lastLineOf(stderr), "Go on with: jobchain resume r1")
    }))
})

describe("a suspended chain", () => {
  it.live("is stopped without being run", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      yield* suspended(work)
      const { exit, stdout } = yield* work.run("stop", "r1", "--output", "json")
      assert.strictEqual(exit, 0)
      assert.deepInclude(JSON.parse(stdout), { requestId: "r1", state: "STOPPED", finishedJobs: 1 })
      assert.strictEqual(work.read("ran"), "a\nb\n")
      const { stderr } = yield* work.run("resume", "r1")
      assert.strictEqual(
        stderr,
        `The chain of request "r1" has ended: STOPPED. Try what is not complete again by "jobchain retry r1"\n`
      )
    }))

  it.live("is not touched where its job types are not known", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      yield* suspended(work)
      work.change(
        "UPDATE jobchain_jobs SET spec = replace(spec, '\"type\":\"shell\"', '\"type\":\"own\"'), checksum = NULL WHERE job = 2"
      )
      const { exit, stderr } = yield* work.run("resume", "r1")
      assert.strictEqual(exit, 2)
      assert.include(stderr, `job "c": there is no job type "own"`)
      assert.include((yield* work.run("list")).stdout, "r1       SUSPENDED  1/3")
    }))
})
