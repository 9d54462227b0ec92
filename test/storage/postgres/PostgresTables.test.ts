import { assert, describe, it } from "@effect/vitest"
import { Cause, Context, Effect, Exit, Fiber, Layer, Redacted } from "effect"
import { inject } from "vitest"
import { LeaseLost, lockOwned } from "../../../src/storage/Ownership.ts"
import { StorageFailed } from "../../../src/storage/Patience.ts"
import * as PostgresTables from "../../../src/storage/postgres/PostgresTables.ts"
import * as RowsStatement from "../../../src/storage/RowsStatement.ts"
import * as Sql from "../../../src/storage/Sql.ts"
import * as Store from "../../../src/storage/Store.ts"
import { Tables } from "../../../src/storage/Tables.ts"
import { chainOf } from "../../../src/testing/index.ts"
import { add, start } from "../Steps.ts"
import * as TestStore from "../TestStore.ts"
import * as Locks from "./Locks.ts"
import * as TestSchema from "./TestSchema.ts"

const server = inject("postgresUrl") ?? ""

/** Tables with one more, in a place of their own. */
const opened = Effect.gen(function*() {
  const url = yield* TestSchema.make(server)
  const tables = Context.get(yield* Layer.build(PostgresTables.layer(Redacted.make(url))), Tables)
  yield* tables.write(() => Sql.run("CREATE TABLE notes (number BIGINT PRIMARY KEY, note TEXT, bytes BYTEA)"))
  return { tables, url }
})

const insertNotes = RowsStatement.insert({
  table: "notes",
  columns: { number: "integer", note: "text", bytes: "bytes" }
})

const numbers = Sql.all<{ readonly number: number }>
const selectNumbers = () => numbers("SELECT number FROM notes ORDER BY number")

const failureOf = (exit: Exit.Exit<unknown>) => Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined

function* bad() {
  yield* Sql.run("INSERT INTO notes VALUES (1)")
  yield* Sql.run("INSERT INTO nowhere VALUES (1)")
  yield* Sql.run("INSERT INTO notes VALUES (2)")
}

function* askingLater() {
  yield* bad()
  return yield* selectNumbers()
}

function* throwing() {
  yield* Sql.run("INSERT INTO notes VALUES (1)")
  throw new TypeError("mine")
}

/** Looks twice, and in between waits for a lock. */
function* twice() {
  const before = yield* selectNumbers()
  // The other one has the lock until it has written.
  yield* Sql.get("SELECT pg_advisory_xact_lock(7)")
  return [before, yield* selectNumbers()]
}

function* long() {
  yield* Sql.get("SELECT pg_advisory_xact_lock(9)")
}

/** Writes to the first chain, and in between waits for a lock. */
function* takeOverSlowly(owner: string) {
  yield* Sql.run("UPDATE jobchain_chains SET owner = ? WHERE number = 1", owner)
  yield* Sql.get("SELECT pg_advisory_xact_lock(10)")
}

function* writeSlowly(owner: string, requestId: string) {
  const lost = yield* lockOwned(owner, [{ number: 1, requestId }])
  yield* Sql.get("SELECT pg_advisory_xact_lock(10)")
  yield* Sql.run("UPDATE jobchain_chains SET stop_requested = 1 WHERE number = 1")
  return lost.size
}

describe("a transaction in PostgreSQL", () => {
  it.effect("gives back every text, number and byte as it was", () =>
    Effect.scoped(Effect.gen(function*() {
      const { tables } = yield* opened
      const texts = ["", "ä€😀", "a\0b", "\x10", "\x100", "\0\x10\0", "\x10\x10\0", "{a,\"b\"}", "NULL", "\\", "'"]
      const all = Uint8Array.from({ length: 256 }, (_, at) => at)
      const rows = texts.map((text, number) => [number + 2 ** 40, text, all.subarray(number)])
      yield* tables.write(() => Sql.writeRows(Sql.rowsFor(insertNotes, rows)))
      yield* tables.write(() => Sql.run("INSERT INTO notes VALUES (?, ?, ?)", -1, "\0 alone", null))
      const found = yield* tables.read(() => Sql.all("SELECT * FROM notes ORDER BY number"))
      assert.deepStrictEqual(found, [
        { number: -1, note: "\0 alone", bytes: null },
        ...rows.map(([number, note, bytes]) => ({ number, note, bytes }))
      ])
      const [one] = yield* tables.read(() => Sql.all("SELECT number FROM notes WHERE note = ?", "a\0b"))
      assert.deepStrictEqual(one, { number: 2 + 2 ** 40 })
    })))

  it.effect("commits nothing where a statement fails that nobody waited for, and says which", () =>
    Effect.scoped(Effect.gen(function*() {
      const { tables } = yield* opened
      for (const script of [bad, askingLater]) {
        const failure = failureOf(yield* Effect.exit(tables.write<unknown>(script)))
        assert.instanceOf(failure, StorageFailed)
        assert.strictEqual(
          String(failure),
          `StorageFailed: The store failed: relation "nowhere" does not exist (42P01)`
        )
      }
      assert.deepStrictEqual(yield* tables.read(selectNumbers), [])
    })))

  it.effect("is rolled back where its script throws, and does not hold up the next one", () =>
    Effect.scoped(Effect.gen(function*() {
      const { tables } = yield* opened
      assert.instanceOf(failureOf(yield* Effect.exit(tables.write(throwing))), TypeError)
      yield* tables.write(() => Sql.run("INSERT INTO notes VALUES (2)"))
      assert.deepStrictEqual(yield* tables.read(selectNumbers), [{ number: 2 }])
    })))

  it.effect("that reads sees everything at one moment", () =>
    Effect.scoped(Effect.gen(function*() {
      const { tables, url } = yield* opened
      yield* Locks.hold(tables.urgent, 7)
      const reading = yield* Effect.forkChild(tables.read(twice), { startImmediately: true })
      yield* Locks.waitFor(url, "%xact_lock(7)")
      yield* TestSchema.exec(url, "INSERT INTO notes VALUES (1)")
      yield* Locks.release(tables.urgent)
      assert.deepStrictEqual(yield* Fiber.join(reading), [[], []])
    })))

  it.effect("is begun again where its connection ends before it has committed", () =>
    Effect.scoped(Effect.gen(function*() {
      const { tables, url } = yield* opened
      const held = yield* Locks.hold(tables.urgent, 8)
      let begun = 0
      function* interrupted() {
        begun++
        yield* Sql.run("INSERT INTO notes VALUES (1)")
        yield* Sql.get("SELECT pg_advisory_xact_lock(8)")
      }
      const writing = yield* Effect.forkChild(tables.write(interrupted), { startImmediately: true })
      yield* Locks.waitFor(url, "%xact_lock(8)")
      yield* TestSchema.exec(
        url,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE application_name = 'jobchain' AND query LIKE '%xact_lock(8)%' AND pid <> ${held}`
      )
      yield* Locks.release(tables.urgent)
      yield* Fiber.join(writing)
      assert.isAtLeast(begun, 2)
      assert.deepStrictEqual(yield* tables.read(selectNumbers), [{ number: 1 }])
    })))

  it.effect("that is urgent does not wait for those that are not", () =>
    Effect.scoped(Effect.gen(function*() {
      const { tables, url } = yield* opened
      yield* Locks.hold(tables.urgent, 9)
      const all = yield* Effect.forEach(
        Array.from({ length: 20 }),
        () => Effect.forkChild(tables.write(long), { startImmediately: true })
      )
      yield* Locks.waitFor(url, "%xact_lock(9)")
      yield* tables.urgent.write(() => Sql.run("INSERT INTO notes VALUES (1)"))
      yield* Locks.release(tables.urgent)
      yield* Fiber.joinAll(all)
    })))
})

const openingOf = (url: string) =>
  Effect.map(
    Effect.flip(Effect.scoped(Layer.build(Store.layerPostgres({ url: Redacted.make(url) })))),
    ({ message }) => message
  )

describe("a chain in PostgreSQL", () => {
  it.effect("is not taken over in the middle of a write to it", () =>
    Effect.scoped(Effect.gen(function*() {
      const url = yield* TestSchema.make(server)
      const [first, second] = [yield* TestStore.open(url), yield* TestStore.open(url)]
      const { requestId } = yield* add(first.repo, chainOf("a"))
      yield* Locks.hold(first.tables.urgent, 10)
      const writing = yield* Effect.forkChild(first.tables.write(() => writeSlowly(first.id, requestId)), {
        startImmediately: true
      })
      yield* Locks.waitFor(url, "%xact_lock(10)")
      yield* second.exec("UPDATE jobchain_owners SET alive_until = 0 WHERE id = ?", first.id)
      const claiming = yield* Effect.forkChild(second.store.claim(requestId), { startImmediately: true })
      yield* Locks.waitFor(url, "%jobchain_chains%FOR UPDATE%")
      yield* Locks.release(first.tables.urgent)
      assert.strictEqual(yield* Fiber.join(writing), 0)
      assert.isTrue((yield* Fiber.join(claiming)).isStopRequested)
    })))

  it.effect("is not written to by whoever it is just being taken from", () =>
    Effect.scoped(Effect.gen(function*() {
      const url = yield* TestSchema.make(server)
      const [first, second] = [yield* TestStore.open(url), yield* TestStore.open(url)]
      const chain = yield* add(first.repo, chainOf("a"))
      yield* Locks.hold(second.tables.urgent, 10)
      const taking = yield* Effect.forkChild(second.tables.write(() => takeOverSlowly(second.id)), {
        startImmediately: true
      })
      yield* Locks.waitFor(url, "%xact_lock(10)")
      const writing = yield* Effect.forkChild(Effect.exit(start(first.repo, chain, 0)), { startImmediately: true })
      yield* Locks.waitFor(url, "WITH %FOR UPDATE%")
      yield* Locks.release(second.tables.urgent)
      yield* Fiber.join(taking)
      const written = yield* Fiber.join(writing)
      assert.instanceOf(Exit.isFailure(written) ? Cause.squash(written.cause) : undefined, LeaseLost)
      assert.strictEqual((yield* second.store.status(chain.requestId)).jobs[0]?.state, "PENDING")
    })))
})

describe("opening a store in PostgreSQL", () => {
  it.live("fails at once where it cannot be, and says which and why", () =>
    Effect.gen(function*() {
      const shown = server.replace(":secret", "")
      assert.strictEqual(
        yield* openingOf(server.replace("secret", "wrong")),
        `cannot open database "${shown}": password authentication failed for user "postgres"`
      )
      assert.strictEqual(
        yield* openingOf(server.replace(/postgres$/, "nowhere")),
        `cannot open database "${shown.replace(/postgres$/, "nowhere")}": database "nowhere" does not exist`
      )
      assert.strictEqual(
        yield* openingOf("postgres://me@127.0.0.1:1/x"),
        `cannot open database "postgres://me@127.0.0.1:1/x": connect ECONNREFUSED 127.0.0.1:1`
      )
      assert.match(yield* openingOf("mysql://a/b"), /^cannot open database "mysql:\/\/a\/b": Unsupported .* protocol/)
    }))
})
