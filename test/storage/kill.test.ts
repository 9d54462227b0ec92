import { assert, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import * as Path from "node:path"
import { chainOf } from "../../src/testing/index.ts"
import { add } from "./Steps.ts"
import * as TestStore from "./TestStore.ts"

/** Starts a process, waits until it says that `b` runs, and kills it. */
const killed = (database: string) =>
  Effect.promise(async () => {
    const victim = spawn(process.execPath, [Path.join(import.meta.dirname, "Victim.ts"), database], {
      stdio: ["ignore", "pipe", "inherit"]
    })
    for await (const text of victim.stdout) if (String(text).includes("b\n")) break
    victim.kill("SIGKILL")
    if (victim.signalCode === null) await once(victim, "exit")
  })

it.effect("a chain whose process was killed is found, and taken over without waiting for its lease", () =>
  Effect.scoped(Effect.gen(function*() {
    const database = yield* TestStore.database
    yield* killed(database)
    const { store } = yield* TestStore.open(database)
    const [info] = yield* store.list({ isCrashed: true })
    assert.deepStrictEqual([info?.requestId, info?.finishedJobs], ["killed", 1])
    assert.deepStrictEqual((yield* store.logs("killed")).map((log) => `${log.jobId} ${log.state}`), ["a COMPLETE"])
    const { chain, resumption } = yield* store.claim("killed")
    assert.deepStrictEqual([Array.from(chain.states), resumption.recovered], [[3, 1, 1], new Set(["b"])])
  })))

/** Makes a process that has ended, of which its parent takes no notice, and returns its id. */
const zombie: Effect.Effect<number, never, Scope.Scope> = Effect.gen(function*() {
  const parent = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn("sh", ["-c", "sleep 1000 & echo $!; exec sleep 1000"], { stdio: ["ignore", "pipe", "inherit"] })
    ),
    (parent) => Effect.sync(() => parent.kill("SIGKILL"))
  )
  const [pid] = yield* Effect.promise(() => once(parent.stdout, "data"))
  const becomes = Effect.fnUntraced(function*(pid: number | undefined, start: string) {
    const isThere = () => readFileSync(`/proc/${pid}/stat`, "latin1").startsWith(`${pid} ${start}`)
    while (!isThere()) yield* Effect.yieldNow
  })
  // A shell would take notice, and one that is killed before it is `sleep` never becomes that.
  yield* becomes(parent.pid, "(sleep)")
  yield* becomes(Number(pid), "(sleep)")
  process.kill(Number(pid), "SIGKILL")
  yield* becomes(Number(pid), "(sleep) Z")
  return Number(pid)
})

if (process.platform === "linux") {
  it.effect("a process that has ended, and whose parent has not noticed, is dead", () =>
    Effect.scoped(Effect.gen(function*() {
      const database = yield* TestStore.database
      const [first, second] = [yield* TestStore.open(database), yield* TestStore.open(database)]
      const { requestId } = yield* add(first.repo, chainOf("a"))
      assert.strictEqual((yield* Effect.flip(second.store.claim(requestId)))._tag, "ChainOwned")
      yield* first.exec("UPDATE jobchain_owners SET pid = ? WHERE id = ?", yield* zombie, first.id)
      assert.deepInclude((yield* second.store.list())[0], { owner: undefined, isCrashed: true })
      yield* second.store.claim(requestId)
    })))
}
