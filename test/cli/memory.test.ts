import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { rmSync } from "node:fs"
import * as Workplace from "./Workplace.ts"

/** Notes each job that runs; `b` waits at a gate, after which comes `c`. */
const gated = `
name: gated
jobs:
  a: { run: echo a >> ran }
  b: { needs: [a], run: echo b >> ran; echo ready; cat gate; echo b done >> ran }
  c: { needs: [b], run: echo c >> ran }
`

/** Holds a FIFO, and does not end at SIGTERM. */
const stubborn = (grace: string) => `
jobs:
  a: { type: shell, args: { command: "trap '' TERM; exec 3>held; echo ready; while :; do cat gate; done", grace: ${grace} } }
`

const lastLineOf = (text: string): string | undefined => text.trimEnd().split("\n").at(-1)

const suspended = Effect.fnUntraced(function*(work: Workplace.Workplace, signal: NodeJS.Signals = "SIGINT") {
  work.write("gated.yaml", gated)
  const command = work.start("run", "--memory", "gated.yaml", "--request-id", "r1")
  yield* command.seen("b | ready")
  yield* command.signal(signal)
  return yield* command.ended
})

describe("the first Ctrl-C", () => {
  it.live("suspends the chain into a file, which resumes with no completed job run twice", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.makeGate("gate")
      const { exit, stderr, stdout } = yield* suspended(work)
      assert.strictEqual(exit, 4)
      assert.match(stdout, /^SUSPENDED r1: 1 of 3 jobs complete, /)
      assert.include(stderr, "Suspending: waiting up to 10 s for 1 job (Ctrl-C again to kill it): b\n")
      assert.strictEqual(lastLineOf(stderr), "Go on with: jobchain resume --memory r1.suspended.json")
      assert.deepStrictEqual(work.chainFiles(), ["r1.suspended.json"])

      const resumed = work.start("resume", "--memory", "r1.suspended.json", "--output", "json")
      yield* resumed.seen("b | ready")
      assert.deepStrictEqual(work.chainFiles(), ["r1.resuming.json"])
      yield* work.open("gate")
      const end = yield* resumed.ended
      assert.strictEqual(end.exit, 0)
      assert.deepInclude(JSON.parse(end.stdout), { requestId: "r1", state: "COMPLETE", finishedJobs: 3 })
      assert.strictEqual(work.read("ran"), "a\nb\nb\nb done\nc\n")
      assert.deepStrictEqual(work.chainFiles(), [])
    }))

  it.live("may come again in a resumed chain, whose file is then a newer one", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.makeGate("gate")
      yield* suspended(work)
      const before = work.read("r1.suspended.json")
      const resumed = work.start("resume", "--memory", "r1.suspended.json")
      yield* resumed.seen("b | ready")
      yield* resumed.signal("SIGINT")
      assert.strictEqual((yield* resumed.ended).exit, 4)
      assert.deepStrictEqual(work.chainFiles(), ["r1.suspended.json"])
      assert.notStrictEqual(work.read("r1.suspended.json"), before)
      assert.deepInclude(JSON.parse(work.read("r1.suspended.json")).totalJobTries, { a: 1, b: 2 })
    }))

  it.live("is a SIGTERM, too", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.makeGate("gate")
      assert.strictEqual((yield* suspended(work, "SIGTERM")).exit, 4)
      assert.deepStrictEqual(work.chainFiles(), ["r1.suspended.json"])
    }))

  it.live("stops the chain for good with --on-interrupt stop", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.makeGate("gate")
      work.write("gated.yaml", gated)
      const command = work.start("run", "--memory", "gated.yaml", "--on-interrupt", "stop")
      yield* command.seen("b | ready")
      yield* command.signal("SIGINT")
      const { exit, stdout } = yield* command.ended
      assert.strictEqual(exit, 3)
      assert.match(stdout, /^STOPPED gated-/)
      assert.deepStrictEqual(work.chainFiles(), [])
    }))

  it.live("kills a job that ignores SIGTERM when its grace time is over", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.makeGate("gate")
      const released = work.held("held")
      work.write("stubborn.yaml", stubborn("100ms"))
      const command = work.start("run", "--memory", "stubborn.yaml")
      yield* command.seen("a | ready")
      yield* command.signal("SIGINT")
      const { exit, stderr } = yield* command.ended
      yield* released
      assert.strictEqual(exit, 4)
      assert.include(stderr, "WARN a: Killed: not at its end 100ms after SIGTERM")
    }))
})

describe("the second Ctrl-C", () => {
  it.live("ends at once, and nothing that jobs have started is left", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.makeGate("gate")
      const released = work.held("held")
      work.write("stubborn.yaml", stubborn("9s"))
      const command = work.start("run", "--memory", "stubborn.yaml")
      yield* command.seen("a | ready")
      yield* command.signal("SIGINT")
      yield* command.seen("Suspending: waiting up to 10 s for 1 job (Ctrl-C again to kill it): a\n")
      yield* command.signal("SIGINT")
      const { exit, stderr } = yield* command.ended
      yield* released
      assert.strictEqual(exit, 130)
      assert.strictEqual(lastLineOf(stderr), "Killed")
    }))

  it.live("leaves the file of a resumed chain, under another name", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.makeGate("gate")
      yield* suspended(work)
      const before = work.read("r1.suspended.json").replace("echo ready", "trap '' TERM; echo ready")
      work.write("r1.suspended.json", before)
      const resumed = work.start("resume", "--memory", "r1.suspended.json")
      yield* resumed.seen("b | ready")
      yield* resumed.signal("SIGINT")
      yield* resumed.seen("Suspending: ")
      yield* resumed.signal("SIGTERM")
      const { exit, stderr } = yield* resumed.ended
      assert.strictEqual(exit, 130)
      assert.strictEqual(lastLineOf(stderr), "Killed. Where the chain was before this run is in r1.resuming.json")
      assert.strictEqual(work.read("r1.resuming.json"), before)
    }))
})

describe("the suspended chain's file", () => {
  it.live("keeps a request from being run anew by mistake", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.makeGate("gate")
      yield* suspended(work)
      const { exit, stderr } = yield* work.run("run", "--memory", "gated.yaml", "--request-id", "r1")
      assert.strictEqual(exit, 2)
      assert.match(stderr, /^Request r1 has been started before: r1\.suspended\.json has where it was\. /)
    }))

  it.live("is not overwritten by another request with a name like it", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.makeGate("gate")
      work.write("gated.yaml", gated)
      const command = work.start("run", "--memory", "gated.yaml", "--request-id", "r/1")
      yield* command.seen("b | ready")
      work.write("r_1.suspended.json", "of another one")
      yield* command.signal("SIGINT")
      const { stderr } = yield* command.ended
      assert.strictEqual(lastLineOf(stderr), "Go on with: jobchain resume --memory r_1-2.suspended.json")
      assert.strictEqual(work.read("r_1.suspended.json"), "of another one")
      assert.strictEqual(JSON.parse(work.read("r_1-2.suspended.json")).requestId, "r/1")
    }))

  it.live("is kept as it was when the resumed chain has failed", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.makeGate("gate")
      yield* suspended(work)
      const failing = work.read("r1.suspended.json").replace("cat gate", "exit 7; cat gate")
      work.write("r1.suspended.json", failing)
      const { exit, stderr } = yield* work.run("resume", "--memory", "r1.suspended.json")
      assert.strictEqual(exit, 1)
      assert.strictEqual(lastLineOf(stderr), "Where the chain was before this run is in r1.ended.json")
      assert.strictEqual(work.read("r1.ended.json"), failing)
      assert.deepStrictEqual(work.chainFiles(), ["r1.ended.json"])
    }))

  it.live("is not resumed twice", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.makeGate("gate")
      yield* suspended(work)
      const copy = work.read("r1.suspended.json")
      const first = work.start("resume", "--memory", "r1.suspended.json")
      yield* first.seen("b | ready")
      assert.strictEqual((yield* work.run("resume", "--memory", "r1.suspended.json")).exit, 2)
      const other = yield* work.run("resume", "--memory", "r1.resuming.json")
      assert.strictEqual(other.exit, 2)
      assert.include(other.stderr, "r1.resuming.json: a run has resumed this chain")
      work.write("r1.suspended.json", copy)
      const again = yield* work.run("resume", "--memory", "r1.suspended.json")
      assert.strictEqual(again.exit, 2)
      assert.include(again.stderr, "r1.suspended.json: cannot be taken to be resumed")
      yield* work.open("gate")
      assert.strictEqual((yield* first.ended).exit, 0)
    }))

  it.live("may come from elsewhere, or by stdin", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      const chain = {
        requestId: "far",
        jobChain: { jobs: { a: { id: "a", type: "noop", state: 3 }, b: { id: "b", type: "noop", state: 6 } } },
        totalJobTries: { a: 1, b: 1 },
        latestRunJobTries: { a: 1, b: 1 }
      }
      Object.assign(chain.jobChain, { adjacencyList: { a: ["b"] }, finishedJobs: 1, state: 7 })
      work.write("far.json", JSON.stringify(chain))
      assert.match(
        (yield* work.runWith(JSON.stringify(chain), "resume", "--memory", "-")).stdout,
        /^COMPLETE far: 2 of 2 /
      )
      assert.match((yield* work.run("resume", "--memory", "far.json")).stdout, /^COMPLETE far: 2 of 2 /)
    }))

  it.live("goes to the folder for passing files when the working folder is gone, and to stdout when that is, too", () =>
    Effect.gen(function*() {
      for (const hasTemporary of [true, false]) {
        const work = yield* Workplace.make
        const temporary = yield* Workplace.make
        const command = work.startWith({ TMPDIR: temporary.folder }, "run", "--memory", "-", "--request-id", "lost")
        command.child.stdin?.end(`jobs: { a: { run: echo ready; sleep 1000 } }`)
        yield* command.seen("a | ready")
        rmSync(work.folder, { recursive: true })
        if (!hasTemporary) rmSync(temporary.folder, { recursive: true })
        yield* command.signal("SIGINT")
        const { exit, stderr, stdout } = yield* command.ended
        assert.strictEqual(exit, 4)
        if (hasTemporary) {
          const path = temporary.path("lost.suspended.json")
          assert.strictEqual(lastLineOf(stderr), `Go on with: jobchain resume --memory ${path}`)
          assert.strictEqual(JSON.parse(temporary.read("lost.suspended.json")).requestId, "lost")
        } else {
          assert.include(stderr, "It is the last line on stdout:\n")
          assert.strictEqual(JSON.parse(lastLineOf(stdout) ?? "").requestId, "lost")
        }
      }
    }))
})
