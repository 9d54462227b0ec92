import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { shell } from "../../src/jobs/Shell.ts"
import * as TestDirectory from "./TestDirectory.ts"
import { run, start, TryContext } from "./TryContext.ts"

/** Starts a command in a directory with a FIFO named `fifo`, and waits until it says that it is ready. */
const started = Effect.fnUntraced(function*(command: string, more: object = {}) {
  const directory = yield* TestDirectory.make
  const fifo = yield* TestDirectory.fifo(directory)
  const context = new TryContext()
  const job = yield* start(shell, { command, cwd: directory, ...more }, context)
  yield* context.says("ready")
  return { ...job, context, fifo }
})

// Everything the command starts has the FIFO open, so its end says that all of that is gone.
const ignoringSigterm = `exec 3> fifo; trap '' TERM; sleep 1000 & echo ready; while :; do sleep 1000; done`

describe("shell", () => {
  describe("when stopped", () => {
    it.effect("ends its command by SIGTERM", () =>
      Effect.gen(function*() {
        const job = yield* started("exec 3> fifo; echo ready; exec sleep 1000")
        yield* job.stop("stop")
        const result = yield* job.end
        assert.deepInclude(result, { state: "STOPPED", exit: 1, error: "interrupted: stop" })
        yield* job.fifo.released
      }))

    it.effect("ends everything its command has started", () =>
      Effect.gen(function*() {
        const job = yield* started("exec 3> fifo; (sleep 1000 & sleep 1000) & sleep 1000 & echo ready; wait")
        yield* job.stop("suspend")
        assert.deepInclude(yield* job.end, { state: "STOPPED", error: "interrupted: suspend" })
        yield* job.fifo.released
      }))

    it.effect("lets its command clean up", () =>
      Effect.gen(function*() {
        const job = yield* started(
          `exec 3> fifo; trap 'echo a=1 >> "$JOBCHAIN_OUTPUT"; echo cleaned; exit 3' TERM; echo ready; while :; do :; done`
        )
        yield* job.stop("stop")
        assert.deepInclude(yield* job.end, { state: "STOPPED", data: { a: "1" } })
        assert.include(String(job.context.stdout), "cleaned")
      }))

    it.effect("kills what ignores SIGTERM after the grace time", () =>
      Effect.gen(function*() {
        const job = yield* started(ignoringSigterm, { grace: "3s" })
        yield* job.stop("stop")
        yield* TestClock.adjust(Duration.millis(2999))
        assert.isUndefined(job.fiber.pollUnsafe())
        yield* TestClock.adjust(Duration.millis(1))
        assert.deepInclude(yield* job.end, { state: "STOPPED", error: "interrupted: stop" })
        yield* job.fifo.released
      }))

    it.effect("gives five seconds unless said", () =>
      Effect.gen(function*() {
        const job = yield* started(ignoringSigterm)
        yield* job.stop("stop")
        yield* TestClock.adjust(Duration.millis(4999))
        assert.isUndefined(job.fiber.pollUnsafe())
        yield* TestClock.adjust(Duration.millis(1))
        yield* job.end
        yield* job.fifo.released
      }))

    // By the real clock: what the group still does once it is killed, no test is told.
    it.live("waits no longer than a second for a process that has left its group", () =>
      Effect.gen(function*() {
        const command = `setsid sh -c 'echo $$ > fifo; echo ready; exec sleep 1000' & wait`
        const job = yield* started(command, { grace: "10ms" })
        const pid = Number(yield* job.fifo.released)
        yield* Effect.addFinalizer(() => Effect.sync(() => process.kill(pid, "SIGKILL")))
        yield* job.stop("stop")
        assert.deepInclude(yield* job.end, { state: "STOPPED" })
      }))
  })

  describe("when interrupted without being asked", () => {
    it.effect("ends its command, waits for that and keeps the data", () =>
      Effect.gen(function*() {
        const directory = yield* TestDirectory.make
        const fifo = yield* TestDirectory.fifo(directory)
        const context = new TryContext()
        const command = `exec 3> fifo; echo a=1 >> "$JOBCHAIN_OUTPUT"; echo ready; exec sleep 1000`
        const fiber = yield* Effect.forkChild(run(shell, { command, cwd: directory }, context))
        yield* context.says("ready")
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(context.data, { a: "1" })
        yield* fifo.released
      }))
  })

  describe("at its end", () => {
    it.effect("kills what goes on in the background", () =>
      Effect.gen(function*() {
        const job = yield* started("exec 3> fifo; sleep 1000 > /dev/null 2>&1 & echo ready")
        assert.deepInclude(yield* job.end, { state: "COMPLETE" })
        yield* job.fifo.released
      }))

    // By the real clock: nothing tells a test when the leader's exit was noticed.
    it.live("waits one second for output from the background", () =>
      Effect.gen(function*() {
        const job = yield* started("exec 3> fifo; sleep 1000 & echo ready")
        assert.deepInclude(yield* job.end, { state: "COMPLETE" })
        yield* job.fifo.released
      }))

    it.live("hands on what the background still has to say", () =>
      Effect.gen(function*() {
        const job = yield* started("exec 3> fifo; mkfifo go; (read _ < go; echo late) & echo ready; (: > go) &")
        yield* job.end
        assert.include(String(job.context.stdout), "late")
      }))
  })
})
