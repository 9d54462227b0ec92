/**
 * The command on a store in PostgreSQL.
 */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { inject } from "vitest"
import * as TestSchema from "../storage/postgres/TestSchema.ts"
import * as Workplace from "./Workplace.ts"

it.live("a chain in PostgreSQL is found and goes on in another folder after a kill -9", () =>
  Effect.scoped(Effect.gen(function*() {
    const db = yield* TestSchema.make(inject("postgresUrl") ?? "")
    const [first, second] = [yield* Workplace.make, yield* Workplace.make]
    first.makeGate("gate")
    first.write(
      "chain.yaml",
      `jobs:\n  a: { run: echo once }\n  b: { run: "cat ${first.path("gate")}", needs: [a] }\n`
    )
    const running = first.start("run", "chain.yaml", "--db", db, "--request-id", "r")
    yield* running.seen("b")
    yield* running.signal("SIGKILL")
    yield* running.ended
    const listed = yield* second.run("list", "--db", db)
    assert.match(listed.stdout, /\br\b.*CRASHED/)
    yield* Effect.forkChild(first.open("gate"))
    const resumed = yield* second.run("resume", "r", "--db", db)
    assert.strictEqual(resumed.exit, 0, resumed.stderr)
    const log = yield* second.run("log", "r", "--db", db)
    assert.strictEqual(log.stdout.split("once").length, 2)
    const wrong = yield* second.run("list", "--db", db.replace("secret", "wrong"))
    assert.deepStrictEqual([wrong.exit, wrong.stdout], [2, ""])
    assert.match(wrong.stderr, /password authentication failed/)
    assert.notInclude(wrong.stderr, "wrong@")
  })))
