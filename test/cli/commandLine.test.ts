import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync, mkdirSync } from "node:fs"
import packageJson from "../../package.json" with { type: "json" }
import * as Workplace from "./Workplace.ts"

const bad = `name: bad
jobs:
  a: { run: echo a > ran }
  b: { needs: [a], type: shel, args: { command: x } }
  c: { needs: [b], type: sleep, args: { lenght: 1s } }
`

describe("bad input", () => {
  it.live("is one clear message for a file that cannot be read", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      mkdirSync(work.path("folder"))
      for (const command of ["run", "import", "validate", "graph"]) {
        assert.deepStrictEqual(yield* work.run(command, "nothing.yaml"), {
          exit: 2,
          stdout: "",
          stderr: "nothing.yaml: no such file\n"
        })
        assert.deepStrictEqual(yield* work.run(command, "folder"), {
          exit: 2,
          stdout: "",
          stderr: "folder: is a directory, expected a chain file\n"
        })
        assert.strictEqual((yield* work.run(command, ".")).stderr, ".: is a directory, expected a chain file\n")
      }
    }))

  it.live("is every fault of a file with its place, and nothing is run", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.write("bad.yaml", bad)
      const { exit, stderr, stdout } = yield* work.run("run", "bad.yaml")
      assert.strictEqual(exit, 2)
      assert.strictEqual(stdout, "")
      const places = stderr.trimEnd().split("\n").map((line) => /^bad\.yaml:(\d+):\d+: (job "\w")/.exec(line)?.slice(1))
      assert.deepStrictEqual(places, [["4", `job "b"`], ["5", `job "c"`], ["5", `job "c"`]])
      assert.include(stderr, `there is no job type "shel"; did you mean "shell"?\n`)
      assert.throws(() => work.read("ran"))
    }))

  it.live("is a list that nothing sets, unless it is given", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.write(
        "data.yaml",
        "jobs:\n  first: { type: noop }\n  host: { needs: [first], each: hosts, run: echo x >> ran }\n"
      )
      const { exit, stderr } = yield* work.run("run", "--memory", "data.yaml")
      assert.strictEqual(exit, 2)
      assert.strictEqual(
        stderr,
        "data.yaml:3:33: job \"host\" needs \"hosts\" in its data, which nothing before it sets; --data hosts:=… gives it\n"
      )
      assert.throws(() => work.read("ran"))
      // As that may be, the file is not wrong.
      const valid = yield* work.run("validate", "data.yaml")
      assert.deepStrictEqual([valid.exit, valid.stdout], [0, "data.yaml: ok, 3 jobs; to be run with --data hosts:=…\n"])
      const json = JSON.parse((yield* work.run("validate", "data.yaml", "--output", "json")).stdout) as unknown
      assert.deepStrictEqual(json, [{ file: "data.yaml", valid: true, jobs: 3, dataNeeded: ["hosts"], faults: [] }])
      const given = yield* work.run("run", "--memory", "data.yaml", "--data", "hosts:=[\"a\",\"b\"]")
      assert.strictEqual(given.exit, 0)
      assert.strictEqual(work.read("ran"), "x\nx\n")
    }))

  it.live("is a chain for the other command", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.write("new.yaml", `jobs: { a: { type: noop } }`)
      const { exit, stderr } = yield* work.run("resume", "new.yaml")
      assert.strictEqual(exit, 2)
      assert.strictEqual(stderr, `new.yaml: this chain is not suspended: start it by "jobchain run new.yaml"\n`)
    }))
})

describe("bad usage", () => {
  it.live.each<[ReadonlyArray<string>, string]>([
    [["rnu", "x"], `Unknown subcommand "rnu"`],
    [["run"], "Missing required argument: FILE"],
    [["run", "x", "--concurrency", "0"], "Expected: a number > 0, got 0"],
    [["run", "x", "--output", "xml"], `"xml"`],
    [["run", "x", "--data", "novalue"], "Expected: key=value or key:=json"],
    [["run", "x", "--data", "k:={"], "Expected: JSON after k:="],
    [["run", "x", "--request-id", ""], "a text that is not empty"],
    [
      ["run", "x", "--db", "mysql://host/chains"],
      `Expected: the path of a SQLite database or a postgres:// URL, got a URL of "mysql:"`
    ],
    [["run", "x", "--db", ""], "Expected: a path"],
    [["list", "--state", "running,fail"], "running,fail"],
    [["list", "--limit", "0"], "a number > 0, got 0"],
    [["gc", "--older-than", "30"], "Expected: an age such as 30d"],
    [["gc"], "older-than"]
  ])("is exit code 2 and a word on stderr: %j", ([args, message]) =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      const { exit, stderr, stdout } = yield* work.run(...args)
      assert.strictEqual(exit, 2)
      assert.strictEqual(stdout, "")
      assert.include(stderr, message)
      assert.match(stderr, /Try: jobchain.* --help\n$/)
    }))
})

describe("help", () => {
  it.live("has examples for each command, and is a result", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      const store = ["ps", "list", "status", "log", "stop", "export", "import", "gc"]
      for (const command of ["run", "resume", ...store, "validate", "graph"]) {
        const { exit, stderr, stdout } = yield* work.run(command, "--help")
        assert.deepStrictEqual([exit, stderr], [0, ""])
        assert.include(stdout, `EXAMPLES\n`)
        assert.include(stdout, `jobchain ${command} `)
      }
      assert.strictEqual((yield* work.run("--version")).stdout, `jobchain v${packageJson.version}\n`)
      assert.include((yield* work.run("--completions", "bash")).stdout, "jobchain")
      assert.isFalse(existsSync(work.path(".jobchain")))
    }))

  it.live("is coloured only where that is wanted", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      const help = (env: object, ...args: ReadonlyArray<string>) =>
        Effect.map(work.startWith(env, "--help", ...args).ended, ({ stdout }) => stdout.includes("\u001b["))
      assert.isFalse(yield* help({}))
      assert.isTrue(yield* help({ FORCE_COLOR: "1" }))
      assert.isFalse(yield* help({ FORCE_COLOR: "1", NO_COLOR: "1" }))
      assert.isFalse(yield* help({ FORCE_COLOR: "1" }, "--no-color"))
    }))
})

describe("validate", () => {
  it.live("looks at the types of jobs that a list will bring, which is not known yet", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.write("hosts.yaml", "jobs: { host: { each: hosts, sequence: { stop: { type: shel } } } }")
      const { exit, stderr } = yield* work.run("validate", "hosts.yaml")
      const fault = `hosts.yaml:1:56: job "host.stop": there is no job type "shel"; did you mean "shell"?\n`
      assert.deepStrictEqual([exit, stderr], [2, fault])
    }))

  it.live("tells of all files", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.write("bad.yaml", bad)
      work.write("good.yaml", `jobs: { a: { run: "true" }, b: { needs: [a], run: "true" } }`)
      const { exit, stderr, stdout } = yield* work.run("validate", "bad.yaml", "good.yaml", "none.yaml")
      assert.strictEqual(exit, 2)
      assert.strictEqual(stdout, "good.yaml: ok, 2 jobs\n")
      assert.deepStrictEqual(stderr.trimEnd().split("\n").map((line) => line.split(":")[0]), [
        "bad.yaml",
        "bad.yaml",
        "bad.yaml",
        "none.yaml"
      ])
      assert.strictEqual((yield* work.run("validate", "good.yaml")).exit, 0)
    }))

  it.live("tells programs in JSON", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.write("bad.yaml", bad)
      work.write("good.yaml", `jobs: { a: { run: "true" } }`)
      const { stdout } = yield* work.run("validate", "bad.yaml", "good.yaml", "none.yaml", "--output", "json")
      const [badOne, good, none] = JSON.parse(stdout)
      assert.deepInclude(badOne, { file: "bad.yaml", valid: false })
      assert.deepInclude(badOne.faults[0], { file: "bad.yaml", line: 4 })
      assert.deepStrictEqual(good, { file: "good.yaml", valid: true, jobs: 1, faults: [] })
      assert.deepInclude(none.faults[0], { message: "none.yaml: no such file" })
    }))
})

describe("graph", () => {
  it.live("draws a chain in each format, whatever its jobs are", () =>
    Effect.gen(function*() {
      const work = yield* Workplace.make
      work.write("own.yaml", `jobs: { a: { type: mine }, b: { needs: [a], type: mine } }`)
      const draw = (...args: ReadonlyArray<string>) =>
        Effect.map(work.run("graph", "own.yaml", ...args), ({ exit, stdout }) => {
          assert.strictEqual(exit, 0)
          return stdout
        })
      assert.match(yield* draw("--format", "dot"), /^digraph /)
      assert.match(yield* draw("--format", "mermaid"), /^(?:graph|flowchart) /)
      assert.include(yield* draw(), "b")
    }))
})
