import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { ChainEvent } from "../../src/engine/ChainEvent.ts"
import * as Workplace from "./Workplace.ts"

const decodeEvent = Schema.decodeUnknownSync(ChainEvent)

const eventsOf = (stdout: string): ReadonlyArray<ChainEvent> =>
  stdout.trimEnd().split("\n").map((line) => decodeEvent(JSON.parse(line)))

const line = `
name: line
jobs:
  a: { run: echo hello }
  b: { needs: [a], run: "true" }
`

/** A job that fails after an independent one has ended, and one after it. */
const failing = `
name: failing
jobs:
  start: { run: "true" }
  bad: { needs: [start], run: "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo out $i; done; echo why >&2; exit 3" }
  good: { needs: [start], run: echo fine }
  after: { needs: [bad], run: "true" }
  end: { needs: [after, good], run: "true" }
`

const retried = `
name: retried
jobs:
  once: { run: "echo try >> tries; test $(wc -l < tries) -gt 1", retry: 2, retryWait: 10ms }
  end: { needs: [once], run: "true" }
`

const noop = (id: string) => [id, { id, type: "noop", state: 1 }] as const

describe("run", () => {
  it.live("runs a chain, tells its course on stderr and its outcome on stdout", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.write("line.yaml", line)
      const { exit, stderr, stdout } = yield* work.run("run", "line.yaml", "--request-id", "r1")
      assert.strictEqual(exit, 0)
      assert.match(stdout, /^COMPLETE r1: 2 of 2 jobs complete, \d+\.\ds\n$/)
      assert.deepStrictEqual(stderr.replaceAll(/\d+\.\ds/g, "0.0s").split("\n"), [
        "r1: 2 jobs",
        "a: started",
        "a | hello",
        "a: COMPLETE after 0.0s",
        "b: started",
        "b: COMPLETE after 0.0s",
        ""
      ])
    }))

  it.live("runs the example in which jobs are repeated for each item of a list, given or made by a job", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      const example = new URL("../../examples/rolling.yaml", import.meta.url).pathname
      const { exit, stderr, stdout } = yield* work.run("run", example, "--request-id", "r1")
      assert.strictEqual(exit, 0, stderr)
      assert.match(stdout, /^COMPLETE r1: 19 of 19 jobs complete/)
      assert.include(
        stderr,
        "host[db-02].drain: its sequence goes back to its start, as host[db-02].upgrade has failed\n"
      )
      assert.match(stderr, /^check: 3 jobs more$/m)
      for (const service of ["db-01", "db-02", "web-01"]) {
        assert.include(stderr, `check[${service}] | ${service} is up\n`)
      }
    }))

  it.live("runs the example of retries, timeouts, stops, siblings, priorities and limits", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      const example = new URL("../../examples/policies.yaml", import.meta.url).pathname
      const { exit, stderr, stdout } = yield* work.run("run", example, "--request-id", "r1")
      assert.strictEqual(exit, 0, stderr)
      assert.match(stdout, /^COMPLETE r1: 9 of 9 jobs complete/)
      assert.match(stderr, /^warm-up: FAIL after .* \(timed out: the try took longer than 300ms\)$/m)
      // On a very busy machine its time may be up before it can refuse to listen.
      assert.strictEqual(
        stderr.includes("WARN warm-up: Killed: not at its end 100ms after"),
        stderr.includes("does not listen")
      )
      assert.isBelow(stderr.indexOf("back-up: COMPLETE"), stderr.indexOf("migrate: started"))
      assert.include(stderr, "its sequence goes back to its start, as roll-out.switch has failed\n")
      assert.lengthOf(stderr.match(/^roll-out\.copy: COMPLETE after /gm) ?? [], 2)
    }))

  it.live("gives each run an id of its own, made of the chain's name", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.write("line.yaml", line)
      const runs = yield* Effect.all([work.run("run", "line.yaml"), work.run("run", "line.yaml")], { concurrency: 2 })
      const ids = runs.map(({ stdout }) => /^COMPLETE (line-\d{8}-\d{6}-[0-9a-f]{4}):/.exec(stdout)?.[1])
      assert.strictEqual(new Set(ids.filter((id) => id !== undefined)).size, 2)
    }))

  it.live("says of a failed chain which jobs failed, what they wrote last, and what did not run because of them", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.write("failing.yaml", failing)
      const { exit, stdout } = yield* work.run("run", "failing.yaml", "--request-id", "r")
      assert.strictEqual(exit, 1)
      const outs = Array.from({ length: 10 }, (_, index) => `  | out ${index + 3}\n`).join("")
      assert.strictEqual(
        stdout.replace(/\d+\.\ds/, "0.0s"),
        `bad has failed: exit status 3\n${outs}  | why\n\n` +
          "Did not run because of bad: after, end\n\nFAIL r: 2 of 5 jobs complete; 1 failed, 2 never ran, 0.0s\n"
      )
    }))

  it.live("says on stderr what has failed where stdout is for programs", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.write("failing.yaml", failing)
      for (const format of ["json", "ndjson"]) {
        const { exit, stderr } = yield* work.run("run", "failing.yaml", "--output", format)
        assert.strictEqual(exit, 1)
        assert.include(stderr, "bad has failed: exit status 3\n")
        assert.include(stderr, "Did not run because of bad: after, end\n")
      }
    }))

  it.live("retries a job", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.write("retried.yaml", retried)
      const { exit, stderr } = yield* work.run("run", "retried.yaml")
      assert.strictEqual(exit, 0)
      assert.include(stderr, "(exit status 1)\nonce: tries again in ")
      assert.strictEqual(work.read("tries"), "try\ntry\n")
    }))

  it.live("gives one JSON document", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.write("failing.yaml", failing)
      const { stdout } = yield* work.run("run", "failing.yaml", "--output", "json", "--request-id", "r")
      const { jobs, ...chain } = JSON.parse(stdout)
      assert.deepInclude(chain, { requestId: "r", state: "FAIL", finishedJobs: 2 })
      const [, bad, , after] = jobs
      assert.deepInclude(bad, { id: "bad", state: "FAIL", type: "shell", tries: 1, exit: 3, error: "exit status 3" })
      assert.isAtLeast(Date.parse(bad.finishedAt), Date.parse(bad.startedAt))
      assert.deepInclude(after, {
        state: "PENDING",
        tries: 0,
        startedAt: null,
        finishedAt: null,
        exit: null,
        error: null
      })
    }))

  it.live("gives events, one a line, from the first to the last", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.write("retried.yaml", retried)
      const { exit, stderr, stdout } = yield* work.run("run", "retried.yaml", "--output", "ndjson")
      const events = eventsOf(stdout)
      assert.strictEqual(exit, 0)
      assert.strictEqual(stderr, "")
      const first = events[0]
      assert.strictEqual(first?._tag, "snapshot")
      // Without a gap, which would mean that some were lost.
      assert.deepStrictEqual(
        events.map((event) => event.number),
        events.map((_, index) => (first?.number ?? 0) + index)
      )
      assert.deepInclude(events.at(-1), { _tag: "chainEnded", state: "COMPLETE", finishedJobs: 2 })
      const tries = events.filter((event) => event._tag === "tryEnded" && event.jobId === "once")
      assert.deepStrictEqual(tries.map((event) => "state" in event && event.state), ["FAIL", "COMPLETE"])
    }))

  it.live("reads stdin", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      const { exit, stdout } = yield* work.runWith(line, "run", "-")
      assert.strictEqual(exit, 0)
      assert.match(stdout, /^COMPLETE line-/)
    }))

  it.live("hands data to the first job, as text or as JSON", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.write("data.yaml", `jobs: { a: { run: "true" }, b: { needs: [a], run: cat $JOBCHAIN_DATA > data } }`)
      yield* work.run("run", "data.yaml", "--data", "text=1=2", "--data", "empty=", "--data", `list:=[1, {"a": null}]`)
      assert.deepStrictEqual(JSON.parse(work.read("data")), { text: "1=2", empty: "", list: [1, { a: null }] })
    }))

  it.live("runs no more jobs at once than it is told to", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      const jobs = ["b", "c", "d", "e"].map((id) => `  ${id}: { needs: [a], run: "true" }`).join("\n")
      work.write("wide.yaml", `jobs:\n  a: { type: noop }\n${jobs}\n  z: { needs: [b, c, d, e], type: noop }\n`)
      const { stdout } = yield* work.run("run", "wide.yaml", "--concurrency", "1", "--output", "ndjson")
      const course = eventsOf(stdout).flatMap(({ _tag }) => _tag === "jobStarted" || _tag === "jobEnded" ? [_tag] : [])
      assert.deepStrictEqual(course, course.map((_, index) => index % 2 === 0 ? "jobStarted" : "jobEnded"))
    }))

  it.live("runs a thousand jobs", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      const middle = Array.from({ length: 998 }, (_, index) => `job-${index}`)
      const chain = {
        requestId: "thousand",
        jobs: Object.fromEntries(["first", ...middle, "last"].map(noop)),
        adjacencyList: { first: middle, ...Object.fromEntries(middle.map((id) => [id, ["last"]])) }
      }
      work.write("chain.json", JSON.stringify(chain))
      const { exit, stderr, stdout } = yield* work.run("run", "chain.json", "--output", "json")
      assert.strictEqual(exit, 0)
      const { finishedJobs, jobs } = JSON.parse(stdout)
      assert.strictEqual(finishedJobs, 1000)
      assert.isTrue(jobs.every((job: { state: string }) => job.state === "COMPLETE"))
      assert.lengthOf(stderr.match(/: COMPLETE after /g) ?? [], 1000)
    }))

  it.live("goes on to its end when nobody reads stdout any more", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.makeGate("gate")
      work.write("gated.yaml", `jobs: { a: { run: cat gate }, b: { needs: [a], run: echo b > ran } }`)
      const command = work.start("run", "gated.yaml", "--output", "ndjson")
      yield* command.seen("jobStarted", "stdout")
      command.child.stdout?.destroy()
      yield* work.open("gate")
      const { exit, stderr } = yield* command.ended
      assert.strictEqual(exit, 0)
      assert.strictEqual(stderr, "")
      assert.strictEqual(work.read("ran"), "b\n")
    }))

  it.live("logs warnings, and more when asked to", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.write("line.yaml", line)
      const { stderr, stdout } = yield* work.run("run", "line.yaml", "--log-level", "info", "--output", "ndjson")
      assert.strictEqual(stderr, "INFO Chain ended state=COMPLETE finishedJobs=2\n")
      assert.notInclude(stdout, "INFO")
    }))
})
