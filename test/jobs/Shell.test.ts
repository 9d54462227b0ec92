import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { readdirSync, realpathSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { JobOutput } from "../../src/engine/JobOutput.ts"
import * as JobFiles from "../../src/jobs/JobFiles.ts"
import { shell } from "../../src/jobs/Shell.ts"
import * as TestDirectory from "./TestDirectory.ts"
import { faultsOf, run, TryContext } from "./TryContext.ts"

const sh = (command: string, context = new TryContext(), more: object = {}) => run(shell, { command, ...more }, context)

const failed = (args: object) => Effect.map(run(shell, args), ({ error, exit, state }) => [state, exit, error])

describe("shell", () => {
  describe("args", () => {
    it.each<[string, object, ReadonlyArray<string>]>([
      ["neither command nor argv", {}, ["args: Expected exactly one of command and argv"]],
      ["both", { command: "true", argv: ["true"] }, ["args: Expected exactly one of command and argv"]],
      ["an argv without a program", { argv: [] }, ["args.argv.0: Missing key"]],
      ["a key it does not know", { command: "true", dir: "/" }, [
        "args.dir: Unknown key, expected one of command, argv, cwd, env, grace"
      ]],
      ["a NUL", { command: "a\0b" }, ["args.command: Expected text without NUL characters"]],
      ["a bad variable", { command: "true", env: { "A=B": "1" } }, [
        "args.env.A=B: Expected the name of an environment variable"
      ]],
      ["a grace time too long", { command: "true", grace: "10s" }, ["args.grace: Expected at most 9s"]],
      ["a grace time that is none", { command: "true", grace: "5" }, [
        `args.grace: Expected a duration such as "300ms", "5s" or "1m30s"`
      ]]
    ])("refuses %s", (_, args, faults) => {
      assert.deepStrictEqual(faultsOf(shell, args), faults)
    })
  })

  describe("run", () => {
    it.live("runs a command line with sh", () =>
      Effect.gen(function*() {
        const context = new TryContext()
        const result = yield* sh("echo out | tr o O; echo err >&2", context)
        assert.deepInclude(result, { state: "COMPLETE", exit: 0, error: "" })
        assert.strictEqual(String(context.stdout), "Out\n")
        assert.strictEqual(String(context.stderr), "err\n")
      }))

    it.live("runs a program with arguments as they are", () =>
      Effect.gen(function*() {
        const context = new TryContext()
        yield* run(shell, { argv: ["printf", "%s|", "a b", "$HOME", "", "*"] }, context)
        assert.strictEqual(String(context.stdout), "a b|$HOME||*|")
      }))

    it.live("shows the beginning of the command as status", () =>
      Effect.gen(function*() {
        const context = new TryContext()
        yield* sh(`true   \n ${"x".repeat(100)} || true`, context)
        yield* run(shell, { argv: ["true", "a"] }, context)
        assert.deepStrictEqual(context.statuses, [`true ${"x".repeat(74)}…`, "true a"])
      }))

    it.live("takes a working directory and variables", () =>
      Effect.gen(function*() {
        const cwd = yield* TestDirectory.make
        const context = new TryContext()
        yield* sh(`pwd -P; echo "$GREETING"`, context, { cwd, env: { GREETING: "hello" } })
        assert.strictEqual(String(context.stdout), `${realpathSync(cwd)}\nhello\n`)
      }))

    it.live("reads nothing from stdin", () =>
      Effect.map(sh("cat"), ({ state }) => assert.strictEqual(state, "COMPLETE")))

    it.live.each<[string, number, string]>([
      ["exit 3", 3, "exit status 3"],
      ["exit 255", 255, "exit status 255"],
      ["no-such-command", 127, "exit status 127"],
      ["kill -9 $$", -1, "signal: killed"],
      ["kill -SEGV $$", -1, "signal: segmentation fault"]
    ])(
      "fails at %s",
      ([command, exit, error]) =>
        Effect.map(sh(command), (result) => assert.deepInclude(result, { state: "FAIL", exit, error }))
    )

    it.live("says what cannot be started, and why", () =>
      Effect.gen(function*() {
        const directory = yield* TestDirectory.make
        const plain = join(directory, "plain")
        writeFileSync(plain, "")
        assert.deepStrictEqual(yield* failed({ argv: ["no-such-program"] }), [
          "FAIL",
          127,
          `cannot start "no-such-program": not found in PATH`
        ])
        assert.deepStrictEqual(yield* failed({ argv: ["/no/such"] }), [
          "FAIL",
          127,
          `cannot start "/no/such": no such file, or none such as its first line names`
        ])
        assert.deepStrictEqual(yield* failed({ argv: [plain] }), [
          "FAIL",
          126,
          `cannot start "${plain}": permission denied`
        ])
        assert.deepStrictEqual(yield* failed({ command: "true", cwd: "/no/such" }), [
          "FAIL",
          127,
          `cannot start in "/no/such": no such directory`
        ])
        assert.deepStrictEqual(yield* failed({ command: `: ${"x".repeat(200_000)}` }), [
          "FAIL",
          126,
          `cannot start "/bin/sh": its arguments and environment are too long`
        ])
      }))

    it.live("hands on bytes as they are", () =>
      Effect.gen(function*() {
        const context = new TryContext()
        yield* sh(String.raw`printf '\000\377\303\050\r\n\200'`, context)
        assert.deepStrictEqual([...context.stdout], [0, 255, 0xc3, 0x28, 13, 10, 128])
      }))

    it.live("hands on all of a large output, of which the end is kept", () =>
      Effect.gen(function*() {
        const output = yield* JobOutput
        const context = new TryContext({ output })
        yield* sh(`head -c 1048576 /dev/zero | tr '\\0' x; printf END; head -c 1048576 /dev/zero >&2`, context)
        assert.strictEqual(context.stdout.length, 1024 * 1024 + 3)
        assert.strictEqual(context.stderr.length, 1024 * 1024)
        const tail = yield* output.end(context)
        assert.strictEqual(tail.stdout, `${"x".repeat(64 * 1024 - 3)}END`)
        assert.strictEqual(tail.stderr.length, 64 * 1024)
      }).pipe(Effect.provide(JobOutput.layerMemory)))

    it.live("reads on only when what came is taken, and loses nothing", () =>
      Effect.gen(function*() {
        class Slow extends TryContext {
          writing = 0
          overlaps = 0
          override write(stream: "stdout" | "stderr", chunk: Uint8Array) {
            if (this.writing++ > 0) this.overlaps++
            return Effect.andThen(
              Effect.yieldNow,
              Effect.suspend(() => {
                this.writing--
                return super.write(stream, chunk)
              })
            )
          }
        }
        const context = new Slow()
        yield* sh("seq 1 100000", context)
        assert.strictEqual(String(context.stdout).trimEnd().split("\n").at(-1), "100000")
        assert.strictEqual(context.stdout.length, 588_895)
        assert.strictEqual(context.overlaps, 0)
      }))

    it.live("dies of a broken output, after its command", () =>
      Effect.gen(function*() {
        class Broken extends TryContext {
          override write() {
            return Effect.die("broken output")
          }
        }
        const directory = yield* TestDirectory.make
        const exit = yield* Effect.exit(sh("echo a; seq 1 100000; touch done", new Broken(), { cwd: directory }))
        assert.include(String(exit), "broken output")
        assert.deepStrictEqual(readdirSync(directory), ["done"])
      }))
  })

  describe("data", () => {
    it.live("reaches the command as a file and as variables", () =>
      Effect.gen(function*() {
        const data = { version: "1.2", list: [1, 2], big: "x".repeat(300_000) }
        const context = new TryContext({ data })
        yield* sh(
          `echo "$JOBCHAIN_DATA_VERSION $JOBCHAIN_DATA_LIST \${JOBCHAIN_DATA_BIG-unset}"; cat "$JOBCHAIN_DATA"`,
          context
        )
        const [first, rest] = String(context.stdout).split("\n")
        assert.strictEqual(first, "1.2 [1,2] unset")
        assert.deepStrictEqual(JSON.parse(rest ?? ""), data)
      }))

    it.live("comes with what names the try", () =>
      Effect.gen(function*() {
        const context = new TryContext()
        yield* sh(
          `echo "$JOBCHAIN_REQUEST_ID $JOBCHAIN_JOB_ID $JOBCHAIN_TRY $JOBCHAIN_IDEMPOTENCY_KEY"`,
          context
        )
        assert.strictEqual(String(context.stdout), "request job 2 request/job/2\n")
      }))

    it.live("is handed on", () =>
      Effect.gen(function*() {
        const { data, state } = yield* sh(
          `echo a=1 >> "$JOBCHAIN_OUTPUT"; printf '{\\n"b": [2]\\n}\\n' >> "$JOBCHAIN_OUTPUT"`
        )
        assert.strictEqual(state, "COMPLETE")
        assert.deepStrictEqual(data, { a: "1", b: [2] })
      }))

    it.live("is handed on by a command that fails", () =>
      Effect.gen(function*() {
        const result = yield* sh(`echo a=1 >> "$JOBCHAIN_OUTPUT"; exit 4`)
        assert.deepInclude(result, { state: "FAIL", exit: 4, error: "exit status 4", data: { a: "1" } })
      }))

    it.live("that cannot be read fails the job, and does not take along what can", () =>
      Effect.gen(function*() {
        const fault = `JOBCHAIN_OUTPUT line 2: expected key=value or a JSON object, got "oops"`
        assert.deepInclude(yield* sh(`printf 'a=1\noops\nb=2' > "$JOBCHAIN_OUTPUT"`), {
          state: "FAIL",
          exit: 1,
          error: fault,
          data: { a: "1", b: "2" }
        })
        assert.deepInclude(yield* sh(`printf 'a=1\noops' > "$JOBCHAIN_OUTPUT"; exit 7`), {
          state: "FAIL",
          exit: 7,
          error: `exit status 7; ${fault}`
        })
      }))

    it.live("is not read where it is too large, or no file", () =>
      Effect.gen(function*() {
        const large = yield* sh(`head -c 1048577 /dev/zero > "$JOBCHAIN_OUTPUT"`)
        assert.strictEqual(large.error, "JOBCHAIN_OUTPUT has 1048577 bytes, and at most 1048576 are read")
        const fifo = yield* sh(`mkfifo "$JOBCHAIN_OUTPUT"`)
        assert.strictEqual(fifo.error, "JOBCHAIN_OUTPUT is not a file any more")
      }))

    it.live("leaves no file behind", () =>
      Effect.gen(function*() {
        yield* sh(`echo a=1 >> "$JOBCHAIN_OUTPUT"`)
        yield* sh(`mkdir "$JOBCHAIN_OUTPUT"; exit 1`)
        yield* run(shell, { argv: ["no-such-program"] })
        assert.deepStrictEqual(readdirSync(JobFiles.directory()), [])
      }))
  })
})
