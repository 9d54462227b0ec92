import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import * as Path from "node:path"
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
