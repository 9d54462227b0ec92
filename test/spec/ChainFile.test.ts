import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as Graph from "../../src/domain/Graph.ts"
import type { JobChain } from "../../src/domain/JobChain.ts"
import * as Validation from "../../src/domain/Validation.ts"
import * as ChainFile from "../../src/spec/ChainFile.ts"

const parse = (text: string, file = "chain.yaml") => ChainFile.parse(text, { file })

const chainOf = (text: string, file?: string): JobChain => Result.getOrThrow(parse(text, file)).jobChain

const faultsOf = (text: string, file = "chain.yaml"): ReadonlyArray<string> => {
  const parsed = parse(text, file)
  return Result.isFailure(parsed) ? parsed.failure.message.split("\n") : []
}

const yaml = `name: release
jobs:
  fetch: { run: git fetch --all }
  build: { needs: [fetch], run: npm run build, retry: 2, retryWait: 5s }
  rollout:
    needs: build
    retry: 1
    retryWait: 30s
    sequence:
      push: { run: ./push.sh }
      smoke: { needs: [push], run: ./smoke.sh }
  announce: { needs: [rollout], type: http, args: { url: "https://example.com" } }
`

const json = JSON.stringify({
  name: "release",
  jobs: {
    fetch: { run: "git fetch --all" },
    build: { needs: ["fetch"], run: "npm run build", retry: 2, retryWait: "5s" },
    rollout: {
      needs: "build",
      retry: 1,
      retryWait: "30s",
      sequence: { push: { run: "./push.sh" }, smoke: { needs: ["push"], run: "./smoke.sh" } }
    },
    announce: { needs: ["rollout"], type: "http", args: { url: "https://example.com" } }
  }
})

const toml = `name = "release"
[jobs.fetch]
run = "git fetch --all"
[jobs.build]
needs = ["fetch"]
run = "npm run build"
retry = 2
retryWait = "5s"
[jobs.rollout]
needs = "build"
retry = 1
retryWait = "30s"
[jobs.rollout.sequence]
push = { run = "./push.sh" }
smoke = { needs = ["push"], run = "./smoke.sh" }
[jobs.announce]
needs = ["rollout"]
type = "http"
args = { url = "https://example.com" }
`

describe("ChainFile", () => {
  describe("parse", () => {
    it("makes the wire chain of a file", () => {
      const chain = chainOf(yaml)
      assert.deepStrictEqual(chain.adjacencyList, {
        fetch: ["build"],
        build: ["rollout.push"],
        "rollout.push": ["rollout.smoke"],
        "rollout.smoke": ["announce"]
      })
      assert.deepStrictEqual(chain.jobs?.["rollout.push"], {
        id: "rollout.push",
        name: "rollout.push",
        type: "shell",
        state: 1,
        args: { command: "./push.sh" },
        sequenceId: "rollout.push",
        sequenceRetry: 1,
        sequenceRetryWait: "30s"
      })
      assert.strictEqual(chain.jobs?.["rollout.smoke"]?.sequenceId, "rollout.push")
      assert.deepInclude(chain.jobs?.build, { retry: 2, retryWait: "5s" })
    })

    it("makes the same of YAML, JSON and TOML, told apart by their ending or their look", () => {
      const expected = chainOf(yaml)
      assert.deepStrictEqual(chainOf(json, "chain.json"), expected)
      assert.deepStrictEqual(chainOf(toml, "chain.toml"), expected)
      for (const text of [yaml, json, toml]) assert.deepStrictEqual(chainOf(text, "<stdin>"), expected)
    })

    it("joins several first and last jobs, of the chain and of sequences, so that the chain is valid", () => {
      const chain = chainOf(`jobs:
  a: { run: a }
  b: { run: b }
  s:
    needs: [a]
    retry: 1
    sequence:
      x: { run: x }
      y: { run: y }
      t: { retry: 2, sequence: { u: { run: u }, v: { run: v } } }
  end: { run: c }
`)
      assert.deepStrictEqual(Validation.faultsOfNew(chain), [])
      assert.includeMembers(Object.keys(chain.jobs ?? {}), [
        "begin",
        "end-2",
        "s.begin",
        "s.end",
        "s.t.begin",
        "s.t.end"
      ])
      assert.strictEqual(chain.jobs?.["s.begin"]?.sequenceRetry, 1)
      assert.strictEqual(chain.jobs?.["s.t.u"]?.sequenceId, "s.t.begin")
    })

    it("locates what it made in the file", () => {
      const parsed = Result.getOrThrow(parse(yaml))
      assert.deepStrictEqual(parsed.locate(["jobs", "rollout.push", "args", "command"]), { line: 10, column: 20 })
      assert.deepStrictEqual(parsed.locate(["jobs", "announce", "args", "url"]), { line: 12, column: 58 })
    })

    it("takes a wire chain, and a suspended one, as they are", () => {
      const wire = { requestId: "r", jobs: { a: { id: "a", type: "noop", state: 1, extra: true } }, adjacencyList: {} }
      assert.deepStrictEqual(chainOf(JSON.stringify(wire), "wire.json"), wire)
      const suspended = { requestId: "r", jobChain: { ...wire, state: 7 }, totalJobTries: { a: 1 } }
      const parsed = Result.getOrThrow(parse(JSON.stringify(suspended), "suspended.json"))
      assert.strictEqual(parsed.kind, "suspended")
      assert.deepStrictEqual(parsed.kind === "suspended" && parsed.suspended, suspended)
    })

    it.each<[string, string, ReadonlyArray<string | RegExp>]>([
      ["an unknown key", "jobs:\n  a: { rn: x }\n", [/^chain\.yaml:2:8: unknown key "rn"; did you mean "run"\?$/]],
      ["an unknown need", "jobs:\n  build: { run: x }\n  b: { run: x, needs: [biuld] }\n", [
        /^chain\.yaml:3:24: .*there is no job or sequence "biuld".*did you mean "build"\?$/
      ]],
      ["a circle", "jobs:\n  a: { run: x, needs: b }\n  b: { run: x, needs: a }\n", [/^chain\.yaml:2:23: .*circle/]],
      ["a bad wait", "jobs:\n  a: { run: x, retryWait: 5 }\n", [/^chain\.yaml:2:27: .*expected a duration/]],
      ["a bad count", "jobs:\n  a: { run: x, retry: -1 }\n", [
        /^chain\.yaml:2:23: .*expected a whole number ≥ 0, got -1$/
      ]],
      ["a bad name", "jobs:\n  a.b: { run: x }\n", [/^chain\.yaml:2:3: "a\.b" is no name/]],
      ["no jobs", "name: x\njobs: {}\n", [/^chain\.yaml:2:1: .*at least one job/]],
      ["jobs in a list", "jobs: [a]\n", [/^chain\.yaml:1:1: jobs: expected a map of jobs by their names, got a list$/]],
      [
        "a need from outside of a sequence",
        "jobs:\n  s: { sequence: { a: { run: x } } }\n  b: { run: x, needs: s.a }\n",
        [
          /^chain\.yaml:3:23: .*cannot be needed from outside/
        ]
      ],
      ["broken YAML", "jobs:\n  a: { run: x\n", [/^chain\.yaml:\d+:\d+: /]]
    ])("reports %s", (_, text, expected) => {
      const faults = faultsOf(text)
      assert.lengthOf(faults, expected.length, faults.join("\n"))
      for (const [index, pattern] of expected.entries()) assert.match(faults[index] ?? "", pattern as RegExp)
    })

    it("reports every fault, in the order of the file", () => {
      const faults = faultsOf("jobs:\n  a: { run: x, retires: 1 }\n  b: { run: 1, needs: [c] }\n  d.d: { type: '' }\n")
      assert.deepStrictEqual(faults.map((fault) => fault.split(":").slice(1, 3).join(":")), [
        "2:16",
        "3:13",
        "3:24",
        "4:3",
        "4:16"
      ])
    })

    it("says where JSON and TOML are wrong", () => {
      assert.match(
        faultsOf("{\"jobs\": {\"a\": {\"run\": \"x\", \"retry\": \"1\"}}}", "a.json").join(),
        /^a\.json:1:38: .*whole number/
      )
      assert.match(
        faultsOf("{\"jobs\": {\"a\": {\"run\": \"x\"}, \"a\": {\"run\": \"y\"}}}", "a.json").join(),
        /^a\.json:1:30: .*twice/
      )
      assert.match(faultsOf("{\"jobs\": ", "a.json").join(), /^a\.json:1:\d+: /)
      assert.match(faultsOf("[jobs.a]\nrun = \"x\"\nretry = \"1\"\n", "a.toml").join(), /^a\.toml:3:9: .*whole number/)
      assert.match(faultsOf("[jobs.a\n", "a.toml").join(), /^a\.toml:\d+:\d+: /)
    })

    it("gives the faults of a wire chain their places", () => {
      const text =
        `{\n  "requestId": "r",\n  "adjacencyList": {"a": ["b"]},\n  "jobs": {"a": {"id": "a", "state": 1, "retryWait": "5"}}\n}`
      assert.deepStrictEqual(faultsOf(text, "wire.json").map((fault) => fault.split(" ")[0]), [
        "wire.json:3:27:",
        "wire.json:4:54:"
      ])
    })

    it("reads chains of many jobs", () => {
      const jobs = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`j${i}`, { id: `j${i}`, state: 1 }]))
      const adjacencyList = Object.fromEntries(Array.from({ length: 19_999 }, (_, i) => [`j${i}`, [`j${i + 1}`]]))
      const chain = chainOf(JSON.stringify({ requestId: "big", jobs, adjacencyList }), "big.json")
      assert.strictEqual(Graph.make(chain).levels.at(-1), 19_999)
    })
  })
})
