import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, readdirSync } from "node:fs"
import { watch } from "node:fs/promises"
import { join } from "node:path"
import * as TestDirectory from "./TestDirectory.ts"

const program = join(import.meta.dirname, "Engine.ts")

/** Runs a shell job in an engine of its own, which ends as it is told; then nothing of the job may be left. */
const outlived = Effect.fnUntraced(function*(ending: string, signal?: NodeJS.Signals) {
  const directory = yield* TestDirectory.make
  const fifo = yield* TestDirectory.fifo(directory)
  const temporary = join(directory, "tmp")
  mkdirSync(temporary)
  const engine = spawn(process.execPath, [program, ending], {
    cwd: directory,
    env: { ...process.env, TMPDIR: temporary },
    stdio: ["ignore", "pipe", "ignore"]
  })
  const ended = once(engine, "exit")
  yield* Effect.promise(() => once(engine.stdout, "data"))
  if (signal !== undefined) engine.kill(signal)
  const [code, by] = yield* Effect.promise(() => ended)
  yield* fifo.released
  yield* emptied(temporary)
  return signal === undefined ? code : by
})

/** Waits until nothing is left in a directory. */
const emptied = (directory: string) =>
  Effect.promise(async () => {
    const changes = watch(directory)
    // Asked for before the look, so that no change falls between the two.
    let change = changes[Symbol.asyncIterator]().next()
    while (readdirSync(directory).length > 0) {
      await change
      change = changes[Symbol.asyncIterator]().next()
    }
  })

describe("Watchdog", () => {
  it.live.each<[string, string, NodeJS.Signals | undefined, number | string]>([
    ["calls process.exit", "exit", undefined, 7],
    ["dies of an uncaught exception", "throw", undefined, 1],
    ["is killed", "stay", "SIGKILL", "SIGKILL"],
    ["dies of Ctrl-C", "stay", "SIGINT", "SIGINT"]
  ])("leaves nothing of a job when the engine %s", ([, ending, signal, expected]) =>
    Effect.gen(function*() {
      assert.strictEqual(yield* outlived(ending, signal), expected)
    }), 15_000)
})
