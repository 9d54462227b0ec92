import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawnSync } from "node:child_process"
import { cpSync, existsSync, rmSync, writeFileSync } from "node:fs"
import * as Path from "node:path"
import * as Workplace from "./Workplace.ts"

const idsIn = (stdout: string): ReadonlyArray<string> =>
  JSON.parse(stdout).map(({ requestId }: { requestId: string }) => requestId)

/** What `ended` copies: two commands need not run for every test. */
const template = new Workplace.Workplace()

/** Runs a chain that is COMPLETE and one that fails. */
const runBoth = Effect.fnUntraced(function*(work: Workplace.Workplace) {
  work.write("good.yaml", `name: good\njobs: { a: { run: "true" } }`)
  work.write("bad.yaml", `jobs: { build: { run: exit 3, retry: 1 } }`)
  assert.strictEqual((yield* work.run("run", "good.yaml", "--request-id", "day-1")).exit, 0)
  assert.strictEqual((yield* work.run("run", "bad.yaml", "--request-id", "day-2")).exit, 1)
})
beforeAll(() => Effect.runPromise(runBoth(template)))
afterAll(() => template.close())

/** A workplace with a chain that is COMPLETE and one that has failed. */
const ended = Effect.tap(
  Workplace.make,
  (work) => Effect.sync(() => cpSync(template.folder, work.folder, { recursive: true }))
)

describe("list", () => {
  it.live("shows the newest first, only as many as are wanted, and only those", () =>
    Effect.gen(function*() {
      const work = yield* ended
      const { stdout } = yield* work.run("list")
      assert.match(
        stdout,
        /^REQUEST {2}STATE {5}JOBS {2}STARTED {14}TOOK\nday-2 {4}FAIL .*\nday-1 {4}COMPLETE {2}1\/1 /
      )
      const found = (...flags: ReadonlyArray<string>) =>
        Effect.map(work.run("list", "--output", "json", ...flags), ({ stdout }) => idsIn(stdout))
      assert.deepStrictEqual(yield* found(), ["day-2", "day-1"])
      assert.deepStrictEqual(yield* found("--state", "complete"), ["day-1"])
      assert.deepStrictEqual(yield* found("--state", "complete", "--state", "fail"), ["day-2", "day-1"])
      assert.deepStrictEqual(yield* found("--state", "crashed"), [])
      assert.deepStrictEqual(yield* found("--name", "bad"), ["day-2"])
      assert.deepStrictEqual(yield* found("--since", "1d"), ["day-2", "day-1"])
      const first = yield* work.run("list", "--limit", "1", "--output", "json")
      assert.deepStrictEqual(idsIn(first.stdout), ["day-2"])
      assert.strictEqual(first.stderr, "There are more: --limit is 1\n")
    }))

  it.live("is empty where nothing was run yet, and makes nothing", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      for (const command of ["list", "ps", "resume"]) {
        assert.deepStrictEqual((yield* work.run(command, "--output", "json")).stdout, "[]\n")
        assert.strictEqual((yield* work.run(command)).exit, 0)
      }
      assert.isFalse(existsSync(work.path(".jobchain")))
    }))
})

describe("a request id", () => {
  it.live("may be cut short where that names one chain", () =>
    Effect.gen(function*() {
      const work = yield* ended
      const several = yield* work.run("status", "da")
      assert.strictEqual(several.exit, 2)
      assert.strictEqual(several.stderr, `"da" is the beginning of more than one request id:\n  day-2\n  day-1\n`)
      const none = yield* work.run("log", "night")
      assert.deepStrictEqual([none.exit, none.stderr], [2, `The store has no chain of request "night"\n`])
      yield* work.run("run", "good.yaml", "--request-id", "da")
      assert.match((yield* work.run("status", "da")).stdout, /^COMPLETE da: /)
    }))
})

describe("status", () => {
  it.live("tells of each job's tries, and why the last one failed", () =>
    Effect.gen(function*() {
      const work = yield* ended
      const { stdout } = yield* work.run("status", "day-2")
      assert.match(stdout, /^FAIL day-2: 0 of 1 jobs complete\n {2}chain {4}bad\n {2}started {2}/)
      assert.match(stdout, /\nJOB {4}STATE {2}TRIES {2}STARTED .*\nbuild {2}FAIL {3}2 .* exit status 3\n$/)
    }))
})

describe("status of a chain that runs", () => {
  it.live("tells how a job's last try ended as that of this try, and not as how the job stands", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.makeGate("gate")
      work.write(
        "again.yaml",
        `jobs: { a: { run: "[ $JOBCHAIN_TRY = 2 ] && echo ready && cat gate; exit 3", retry: 1 } }`
      )
      const running = work.start("run", "again.yaml", "--request-id", "r")
      yield* running.seen("a | ready")
      assert.match((yield* work.run("status", "r")).stdout, /\na +RUNNING +2 .* try 1: exit status 3\n$/)
      yield* running.signal("SIGKILL")
      yield* running.ended
    }))
})

describe("log", () => {
  it.live("has nothing to say on stderr to a reader who is slower", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.write("loud.yaml", `jobs: { a: { run: "yes $(printf %01000d 0) | head -n 2000" } }`)
      yield* work.run("run", "loud.yaml", "--request-id", "r", "--output", "json")
      // A shell reads a pipe byte by byte.
      const bin = Path.join(import.meta.dirname, "../../dist/bin.js")
      const line = `"${process.execPath}" "${bin}" log r | (n=0; while read -r _; do n=$((n + 1)); done; echo $n)`
      const { stderr, stdout } = spawnSync("sh", ["-c", line], { cwd: work.folder, encoding: "utf8", env: {} })
      assert.deepStrictEqual([stderr, stdout], ["", "2002\n"])
    }))
})

describe("status and the end of a run", () => {
  it.live("tell how each job has ended, why it was not tried again, and what never ran because of what", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.write(
        "ends.yaml",
        `
jobs:
  a: { run: "true" }
  skipped: { needs: [a], when: data.?go.orValue(false), run: "true" }
  refused: { needs: [a], run: exit 3, retry: 3, retryPolicy: { exits: [75] } }
  slow: { needs: [a], run: sleep 60, timeout: 50ms }
  after: { needs: [refused], run: "true" }
  z: { needs: [after, skipped, slow], run: "true" }
`
      )
      const { stdout } = yield* work.run("run", "ends.yaml", "--request-id", "r", "--output", "json")
      const ended = JSON.parse(stdout).jobs.map((job: { ending: string; why: string | null }) => [job.ending, job.why])
      assert.deepStrictEqual(ended, [
        ["complete", null],
        ["skipped", "its condition is not met, data.?go.orValue(false)"],
        ["failed", "exit 3 is not to be tried again"],
        ["timed out", "the try took longer than 50ms; no retries left"],
        ["never ran", "never ran, as it comes after refused (failed)"],
        ["never ran", "never ran, as it comes after slow (failed), after"]
      ])
      const status = (yield* work.run("status", "r")).stdout.trimEnd().split("\n").slice(-7)
      const notes = status.map((line) => line.slice(status[0]?.indexOf("NOTE")))
      assert.deepStrictEqual(notes, [
        "NOTE",
        "",
        "skipped: its condition is not met, data.?go.orValue(false)",
        "exit status 3; exit 3 is not to be tried again",
        "timed out: the try took longer than 50ms",
        "never ran, as it comes after refused (failed)",
        "never ran, as it comes after slow (failed), after"
      ])
    }))

  it.live("says nothing of a wait that the end of the chain has ended", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.write("seq.yaml", `jobs: { s: { retry: 1, retryWait: 1h, sequence: { a: { run: exit 1 } } } }`)
      const running = work.start("run", "seq.yaml", "--request-id", "r")
      yield* running.seen("its sequence starts again in 1h")
      assert.match((yield* work.run("status", "r")).stdout, / waits until .*; exit status 1\n$/)
      yield* work.run("stop", "r")
      assert.strictEqual((yield* running.ended).exit, 3)
      assert.match((yield* work.run("status", "r")).stdout, / PENDING .* did not run again; exit status 1\n$/)
    }))
})

describe("status of a chain that is reported", () => {
  it.live("tells what the Request Manager has not heard, and what it refuses", () =>
    Effect.gen(function*() {
      const work = yield* ended
      const chain =
        "SELECT number, 'job log', 'build', 1, 1, '500 too long' FROM jobchain_chains WHERE request_id = 'day-2'"
      work.change(`INSERT INTO jobchain_outbox (chain, kind, job_id, try, is_refused, reason) ${chain}`)
      work.change(
        "INSERT INTO jobchain_outbox (chain, kind, is_refused) SELECT chain, 'final state', 0 FROM jobchain_outbox"
      )
      const { stdout } = yield* work.run("status", "day-2")
      assert.include(stdout, "\n  untold   1 report waits for the Request Manager\n")
      assert.include(stdout, "\n  refused  job log of build, try 1: 500 too long\n")
      const json = yield* work.run("status", "day-2", "--output", "json")
      const refused = [{ report: "job log", jobId: "build", try: 1, reason: "500 too long" }]
      assert.deepStrictEqual(JSON.parse(json.stdout).reports, { waiting: 1, refused })
    }))
})

describe("log", () => {
  it.live("gives programs each try, and refuses a job that there is not", () =>
    Effect.gen(function*() {
      const work = yield* ended
      const { stdout } = yield* work.run("log", "day-2", "build", "--output", "json")
      const tries = JSON.parse(stdout).map((log: { try: number; exit: number }) => [log.try, log.exit])
      assert.deepStrictEqual(tries, [[1, 3], [2, 3]])
      const { exit, stderr } = yield* work.run("log", "day-2", "bild")
      assert.deepStrictEqual([exit, stderr], [2, `Request day-2 has no job "bild"; did you mean "build"?\n`])
    }))
})

describe("gc", () => {
  it.live("deletes what ended long ago, and says before what that would be", () =>
    Effect.gen(function*() {
      const work = yield* ended
      work.change("UPDATE jobchain_chains SET finished_at = 1000, progress_checksum = NULL WHERE request_id = 'day-1'")
      assert.match(
        (yield* work.run("gc", "--older-than", "30d", "--dry-run")).stdout,
        /^Would delete 1 chain that has /
      )
      assert.match((yield* work.run("gc", "--older-than", "30d")).stdout, /^Deleted 1 chain that has ended before /)
      const again = yield* work.run("gc", "--older-than", "30d", "--output", "json")
      assert.deepInclude(JSON.parse(again.stdout), { chains: 0, dryRun: false })
      assert.deepStrictEqual(idsIn((yield* work.run("list", "--output", "json")).stdout), ["day-2"])
    }))
})

describe("a store that cannot be used", () => {
  const commands = [["list"], ["run", "good.yaml"], ["resume", "day-1"], ["status", "day-1"], ["stop", "day-1"]]

  const refused = Effect.fnUntraced(function*(work: Workplace.Workplace, db: string) {
    const errors = yield* Effect.forEach(
      commands,
      (args) =>
        Effect.map(work.run(...args, "--db", db), ({ exit, stderr, stdout }) => {
          assert.deepStrictEqual([exit, stdout], [2, ""], stderr)
          return stderr
        })
    )
    return new Set(errors)
  })

  it.live("is one clear message, whatever is wrong with it", () =>
    Effect.gen(function*() {
      const work = yield* ended
      const store = ".jobchain/jobchain.db"
      work.write("text.db", "no database, but long enough to have what could be a header of one".repeat(20))
      assert.deepStrictEqual(
        yield* refused(work, "text.db"),
        new Set([`cannot open database "text.db": file is not a database\n`])
      )
      work.change("INSERT INTO jobchain_migrations (migration_id, name) VALUES (9999, 'later')")
      const [newer = "", ...others] = yield* refused(work, store)
      assert.deepStrictEqual(others, [])
      assert.match(
        newer,
        /^\.jobchain\/jobchain\.db: The database has version 9999 of the tables, and this program knows /
      )
      writeFileSync(work.path(store), "")
      assert.strictEqual((yield* work.run("list")).exit, 0)
    }))

  it.live("is one that is not there, where nothing is to be made", () =>
    Effect.gen(function*() {
      const work = yield* ended
      for (const args of [["list"], ["ps"], ["status", "day-1"], ["resume"]]) {
        const { exit, stderr } = yield* work.run(...args, "--db", "none.db")
        assert.deepStrictEqual([exit, stderr], [2, "none.db: there is no such store\n"])
      }
      const resume = yield* work.run("resume", "day-1", "--db", "none.db")
      assert.deepStrictEqual([resume.exit, resume.stderr], [2, "day-1: no such file, and there is no store none.db\n"])
      rmSync(work.path(".jobchain"), { recursive: true })
      const { exit, stderr } = yield* work.run("status", "day-1")
      assert.strictEqual(exit, 2)
      assert.match(
        stderr,
        /^\.jobchain\/jobchain\.db: there is no such store\. It is made by the first run in a folder/
      )
    }))

  it.live("names what is damaged of a chain, and leaves the others alone", () =>
    Effect.gen(function*() {
      const work = yield* ended
      work.change(
        "UPDATE jobchain_chains SET state = 7, progress_checksum = NULL; UPDATE jobchain_jobs SET spec = '{' WHERE chain = 1"
      )
      for (const command of ["status", "resume", "export", "stop"]) {
        const { exit, stderr } = yield* work.run(command, "day-1")
        assert.strictEqual(exit, 2)
        assert.match(stderr, /^The row of job "a" of request "day-1" in table jobchain_jobs is damaged: /)
      }
      assert.strictEqual((yield* work.run("status", "day-2")).exit, 0)
    }))

  it.live("is none of --memory's concern", () =>
    Effect.gen(function*() {
      const work = yield* ended
      work.write(".jobchain/jobchain.db", "x".repeat(2000))
      assert.strictEqual((yield* work.run("run", "good.yaml", "--memory")).exit, 0)
      const both = yield* work.run("run", "good.yaml", "--memory", "--db", "x.db")
      assert.strictEqual(both.exit, 2)
      assert.include(both.stderr, "they exclude each other\n")
    }))
})
