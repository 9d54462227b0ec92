import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Workplace from "./Workplace.ts"

const other = ["--db", "other.db"]

/** A workplace with a chain that was suspended in its second of three jobs. */
const suspended = Effect.gen(function*() {
  const work = yield* Workplace.make
  work.makeGate("gate")
  const gate = "if [ ! -e again ]; then touch again; echo ready; exec cat gate; fi"
  work.write(
    "line.yaml",
    `jobs: { a: { run: echo a >> ran }, b: { run: "${gate}" }, c: { run: echo c >> ran } }`
      .replace("b: {", "b: { needs: [a],").replace("c: {", "c: { needs: [b],")
  )
  const command = work.start("run", "line.yaml", "--request-id", "r1")
  yield* command.seen("b | ready")
  yield* command.signal("SIGINT")
  yield* command.ended
  return work
})

describe("export", () => {
  it.live("writes a file that another store takes in and goes on with", () =>
    Effect.gen(function*() {
      const work = yield* suspended
      const exported = yield* work.run("export", "r1", "-o", "r1.json")
      assert.deepStrictEqual(exported, {
        exit: 0,
        stdout: "",
        stderr: "Exported r1 to r1.json. It stays in this store, too: resume it in one place only\n"
      })
      assert.deepInclude(JSON.parse(work.read("r1.json")), { format: "jobchain-export", version: 1 })
      const imported = yield* work.run("import", "r1.json", ...other)
      assert.deepStrictEqual(imported, {
        exit: 0,
        stdout: "Imported r1\n",
        stderr: "Go on with: jobchain resume r1 --db other.db\n"
      })
      assert.strictEqual((yield* work.run("resume", "r1", ...other)).exit, 0)
      assert.strictEqual(work.read("ran"), "a\nc\n")
    }))

  it.live("writes to stdout, from where a resume can read it", () =>
    Effect.gen(function*() {
      const work = yield* suspended
      const { stdout } = yield* work.run("export", "r1")
      const resumed = yield* work.runWith(stdout, "resume", "-", ...other)
      assert.strictEqual(resumed.exit, 0)
      assert.match(resumed.stdout, /^COMPLETE r1: 3 of 3 /)
      assert.include((yield* work.run("list", ...other)).stdout, "r1       COMPLETE  3/3")
    }))

  it.live("refuses what has ended, and leaves a file that is there", () =>
    Effect.gen(function*() {
      const work = yield* suspended
      yield* work.run("stop", "r1")
      work.write("r1.json", "mine")
      const { exit, stderr } = yield* work.run("export", "r1", "-o", "r1.json")
      assert.strictEqual(exit, 2)
      assert.strictEqual(
        stderr,
        `The chain of request "r1" has ended: STOPPED. Try what is not complete again by "jobchain retry r1"\n`
      )
      assert.strictEqual(work.read("r1.json"), "mine")
    }))
})

describe("import", () => {
  it.live("refuses a chain that was altered, and says with --force where", () =>
    Effect.gen(function*() {
      const work = yield* suspended
      const { stdout } = yield* work.run("export", "r1")
      work.write("r1.json", stdout.replace("echo c >>", "echo altered >>"))
      const where = "r1.json: it is not as it was exported:\n  jobChain.jobs.c: altered\n"
      for (const command of ["import", "resume", "validate"]) {
        const refused = yield* work.run(command, "r1.json", ...(command === "validate" ? [] : other))
        assert.deepStrictEqual([refused.exit, refused.stdout], [2, ""])
        assert.strictEqual(refused.stderr, `${where}"jobchain import --force" takes it in all the same\n`)
      }
      assert.strictEqual((yield* work.run("list", ...other, "--output", "json")).stdout, "[]\n")
      const forced = yield* work.run("import", "--force", "r1.json", ...other)
      assert.strictEqual(forced.exit, 0)
      assert.include(forced.stderr, `${where}Taken in all the same\n`)
      yield* work.run("resume", "r1", ...other)
      assert.strictEqual(work.read("ran"), "a\naltered\n")
    }))

  it.live("refuses a damaged one whatever it is told", () =>
    Effect.gen(function*() {
      const work = yield* suspended
      const { stdout } = yield* work.run("export", "r1")
      work.write("r1.json", stdout.slice(0, -100))
      const { exit, stderr } = yield* work.run("import", "--force", "r1.json", ...other)
      assert.strictEqual(exit, 2)
      assert.match(stderr, /^r1\.json: damaged: /)
    }))

  it.live("takes in the file of a chain that was suspended without a store, once", () =>
    Effect.gen(function*() {
      const work = yield* suspended
      const { stdout } = yield* work.run("export", "r1")
      work.write("wire.json", JSON.stringify(JSON.parse(stdout).chain))
      assert.strictEqual((yield* work.run("import", "wire.json", ...other)).exit, 0)
      const again = yield* work.run("import", "wire.json", ...other)
      assert.strictEqual(again.exit, 2)
      assert.match(again.stderr, /^Request r1 is in the store already, SUSPENDED with 1 of 3 jobs complete\. /)
    }))

  it.live("is part of a resume from a file, which stays as it was", () =>
    Effect.gen(function*() {
      const work = yield* suspended
      const { stdout } = yield* work.run("export", "r1")
      work.write("wire.json", JSON.stringify(JSON.parse(stdout).chain))
      const resumed = yield* work.run("resume", "wire.json", ...other)
      assert.strictEqual(resumed.exit, 0)
      assert.include(resumed.stderr, "Request r1 is in the store now, and goes on there: wire.json stays as it was\n")
      const again = yield* work.run("resume", "wire.json", ...other)
      assert.strictEqual(again.exit, 2)
      assert.include(again.stderr, "Request r1 is in the store already: COMPLETE with 3 of 3 jobs complete")
      assert.strictEqual(work.read("ran"), "a\nc\n")
    }))
})
