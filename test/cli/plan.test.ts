import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Workplace from "./Workplace.ts"

const release = `name: release
jobs:
  build: { run: echo build > ran, retry: 2, retryWait: 5s }
  lint: { run: echo lint > ran }
  rollout:
    needs: [build, lint]
    retry: 1
    retryWait: 30s
    sequence:
      push: { run: ./push.sh }
      smoke: { needs: [push], run: ./smoke.sh, data: { deep: true } }
`

const data = `jobs:
  left: { type: noop, data: { target: a } }
  right: { type: noop, data: { target: b } }
  gate: { needs: [left, right], type: noop, when: data.target == "a" && data.ready }
  host:
    needs: [gate]
    each: { of: hosts, as: host }
    type: noop
  last: { needs: [host], type: noop, data: { note: x } }
`

const job = (id: string, fields: object) => ({ id, type: "noop", state: 1, timeout: "1m", ...fields })

describe("plan", () => {
  it.live("shows what a run can come to, and runs nothing", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.write("release.yaml", release)
      const { exit, stderr, stdout } = yield* work.run("plan", "release.yaml")
      assert.deepStrictEqual([exit, stderr], [0, ""])
      assert.strictEqual(
        stdout,
        `LEVEL  JOB            TYPE   AT MOST
1      begin          noop
2      build          shell  3 tries
       lint           shell
3      rollout.push   shell  2 tries
4      rollout.smoke  shell  2 tries

longest path: begin → build → rollout.push → rollout.smoke
tries: 9 at most
waits between tries: 40s at most
time: no limit is known, as these have no timeout: begin, build, lint, rollout.push, rollout.smoke
`
      )
      assert.throws(() => work.read("ran"))
    }))

  it.live("is one document with --output json", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      const jobs = {
        a: job("a", { data: { version: "1" } }),
        b: job("b", { retry: 1, retryWait: "1s" }),
        c: job("c", {})
      }
      const chain = {
        requestId: "r",
        jobs: { ...jobs, d: job("d", {}) },
        adjacencyList: { a: ["b", "c"], b: ["d"], c: ["d"] }
      }
      work.write("wire.json", JSON.stringify(chain))
      const { exit, stdout } = yield* work.run("plan", "wire.json", "--output", "json")
      assert.strictEqual(exit, 0)
      const { jobs: planned, ...whole } = JSON.parse(stdout) as { readonly jobs: ReadonlyArray<object> }
      assert.deepStrictEqual(planned[0], {
        id: "a",
        name: "",
        type: "noop",
        level: 0,
        sequenceId: null,
        triesMax: 1,
        data: ["version"]
      })
      assert.deepStrictEqual(whole, {
        file: "wire.json",
        valid: true,
        faults: [],
        longestPath: ["a", "b", "d"],
        fanOuts: [],
        triesMax: 5,
        waitsMaxMs: { atOnce: 1000, oneByOne: 1000 },
        timeMaxMs: { atOnce: 241_000, oneByOne: 301_000 },
        dataFindings: [{ kind: "never-read", key: "version", job: "a" }]
      } as never)
    }))

  it.live("says what nothing sets or reads, and what is set by two jobs of which either may win", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.write("data.yaml", data)
      const pretty = yield* work.run("plan", "data.yaml")
      assert.strictEqual(pretty.exit, 0)
      assert.deepStrictEqual(
        pretty.stdout.split("\n").slice(-5),
        [
          "data: target comes to gate from left or right, whichever is complete last",
          "      nothing sets ready, which is looked at by the condition of gate; --data ready=… gives it",
          "      nothing sets hosts, which is the list of host; --data hosts:=… gives it",
          "      nothing reads note, which is set by last",
          ""
        ]
      )
      const json = yield* work.run("plan", "data.yaml", "--output", "json")
      assert.deepStrictEqual((JSON.parse(json.stdout) as { readonly dataFindings: unknown }).dataFindings, [
        { kind: "either-wins", key: "target", job: "gate", setBy: ["left", "right"] },
        { kind: "never-set", key: "ready", job: "gate", neededBy: "condition" },
        { kind: "never-set", key: "hosts", job: "host", neededBy: "list" },
        { kind: "never-read", key: "note", job: "last" }
      ])
    }))

  it.live("says nothing of data where commands may set and read anything", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.write(
        "commands.yaml",
        "jobs:\n  a: { run: x, data: { b: 1 } }\n  host: { needs: [a], each: hosts, run: x, when: data.c }\n"
      )
      const { stdout } = yield* work.run("plan", "commands.yaml")
      assert.notInclude(stdout, "data:")
    }))

  it.live("reports every fault with its place, of types and args, too", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.write(
        "bad.yaml",
        "jobs:\n  a: { type: shel }\n  b: { needs: [a], type: sleep, args: { duration: never } }\n"
      )
      const pretty = yield* work.run("plan", "bad.yaml")
      assert.deepStrictEqual([pretty.exit, pretty.stdout], [2, ""])
      assert.deepStrictEqual(pretty.stderr.match(/^bad\.yaml:\d+:\d+/gm), ["bad.yaml:2:14", "bad.yaml:3:51"])
      const json = yield* work.run("plan", "bad.yaml", "--output", "json")
      assert.strictEqual(json.exit, 2)
      const { faults, valid } = JSON.parse(json.stdout) as { valid: boolean; faults: ReadonlyArray<{ line: number }> }
      assert.deepStrictEqual([valid, faults.map(({ line }) => line)], [false, [2, 3]])
    }))
})
