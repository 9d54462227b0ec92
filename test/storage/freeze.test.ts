import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import * as Path from "node:path"
import { createInterface } from "node:readline"
import * as Progress from "../../src/domain/Progress.ts"
import { checkpointOf } from "../../src/testing/index.ts"
import { logOf, start } from "./Steps.ts"
import * as TestStore from "./TestStore.ts"

/** Starts a process that runs a chain, for the scope. `says` waits for a line that it writes. */
const process = (database: string) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() =>
        spawn(globalThis.process.execPath, [Path.join(import.meta.dirname, "Frozen.ts"), database], {
          stdio: ["pipe", "pipe", "inherit"]
        })
      ),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    ),
    (child) => {
      const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
      const says = (expected: RegExp) =>
        Effect.promise(async () => {
          for (;;) {
            const { done, value } = await lines.next()
            if (done === true) throw new Error(`The process ended, expected it to say ${expected}`)
            if (expected.test(value)) return value
          }
        })
      return { child, says }
    }
  )

it.effect("a process that is frozen past its lease, and goes on, writes nothing to a chain that was taken over", () =>
  Effect.scoped(Effect.gen(function*() {
    const database = yield* TestStore.database
    const { child, says } = yield* process(database)
    yield* says(/^b runs/)
    child.kill("SIGSTOP")
    const second = yield* TestStore.open(database)
    const { repo, store } = second
    assert.strictEqual((yield* Effect.flip(store.claim("frozen")))._tag, "ChainOwned")
    // Nobody renews it: it runs out.
    yield* second.exec("UPDATE jobchain_owners SET alive_until = jobchain_now() - 1 WHERE id <> ?", second.id)
    const { chain, resumption } = yield* store.claim("frozen")
    assert.deepStrictEqual(resumption.recovered, new Set(["b"]))
    yield* repo.add(chain)
    yield* start(repo, chain, 1)
    const contents = Effect.all([store.status("frozen"), store.logs("frozen"), second.rows("records")])
    const before = yield* contents
    child.kill("SIGCONT")
    child.stdin.write("go on\n")
    assert.match(yield* says(/^ended: /), /^ended: LeaseLost: .*"frozen" was taken over by process \d+ on /)
    assert.deepStrictEqual(yield* contents, before)
    Progress.complete(chain, 1)
    yield* repo.set(checkpointOf(chain, { changed: [1], logs: [logOf("frozen", "b", 1)] }))
    assert.deepStrictEqual((yield* store.logs("frozen")).map(({ jobId }) => jobId), ["a", "b"])
  })))
