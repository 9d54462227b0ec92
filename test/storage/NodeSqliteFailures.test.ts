import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Scope, Stream } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { TestClock } from "effect/testing"
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import * as Path from "node:path"
import * as NodeSqlite from "../../src/storage/NodeSqlite.ts"
import * as TestDatabase from "./TestDatabase.ts"

const { onFile, open, other, path } = TestDatabase

const codeOf = (error: unknown) => NodeSqlite.resultCode(error)?.name

/** A table, and some rows of a kilobyte each. */
const table = (rows = 0) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    yield* sql`CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)`
    for (let id = 1; id <= rows; id++) yield* sql`INSERT INTO t VALUES (${id}, ${"x".repeat(1000)})`
    return sql
  })

/** Writes more than there is room for, where `max_page_count` stands for the size of the disk. */
const fill = (sql: SqlClient.SqlClient) =>
  Effect.forEach(Array.from({ length: 100 }), () => sql`INSERT INTO t (text) VALUES (${"y".repeat(1000)})`)

/** Opens the database twice, and has the other connection hold its lock. */
const locked = (options: Partial<NodeSqlite.Options> = {}) =>
  Effect.gen(function*() {
    const filename = yield* path
    const services = yield* open({ filename, ...options })
    const sql = yield* Effect.provideContext(table(), services)
    const holder = yield* other(filename)
    holder.exec("BEGIN IMMEDIATE")
    return { filename, holder, services, sql }
  })

const openError = (options: NodeSqlite.Options) => Effect.flip(Effect.scoped(open(options)))

describe("NodeSqlite", () => {
  describe("a database that cannot be opened", () => {
    it.effect.each<[string, string, (file: string) => void]>([
      ["garbage", "file is not a database", (file) => writeFileSync(file, "no database ".repeat(500))],
      ["a few bytes of garbage", "file is not a database", (file) => writeFileSync(file, "no database")],
      ["a directory", "it is a directory", (file) => mkdirSync(file)]
    ])("is a failure that names the file: %s", ([, why, make]) =>
      Effect.gen(function*() {
        const filename = yield* path
        make(filename)
        for (const readonly of [false, true]) {
          const error = yield* openError({ filename, readonly })
          assert.strictEqual(error.message, `cannot open database ${JSON.stringify(filename)}: ${why}`)
          assert.strictEqual(error.reason.operation, "open")
        }
      }))

    it.effect("is a failure that names what is not there", () =>
      Effect.gen(function*() {
        const filename = yield* path
        const noFile = yield* openError({ filename, readonly: true })
        assert.include(noFile.message, "there is no such file")
        assert.strictEqual(noFile.reason._tag, "ConnectionError")
        const noDirectory = yield* openError({ filename: Path.join(filename, "deeper/a.db") })
        assert.include(noDirectory.message, `there is no directory ${JSON.stringify(Path.join(filename, "deeper"))}`)
        writeFileSync(filename, "")
        assert.include((yield* openError({ filename: Path.join(filename, "a.db") })).message, "is no directory")
      }))

    it.effect("says so by a result code", () =>
      Effect.gen(function*() {
        const filename = yield* path
        assert.strictEqual(codeOf(yield* openError({ filename, readonly: true })), "SQLITE_CANTOPEN")
        writeFileSync(filename, "no database ".repeat(500))
        assert.strictEqual(codeOf(yield* openError({ filename })), "SQLITE_NOTADB")
        assert.include((yield* openError({ filename: "a\0b" })).message, "null bytes")
      }))
  })

  describe("errors", () => {
    it.effect.each<[string, string, SqlError.SqlErrorReason["_tag"], string]>([
      ["a primary key", "INSERT INTO u VALUES (1, 2, 9)", "UniqueViolation", "SQLITE_CONSTRAINT 1555"],
      ["a row id", "INSERT INTO r(rowid, a) VALUES (1, 2)", "UniqueViolation", "SQLITE_CONSTRAINT 2579"],
      ["a unique column", "INSERT INTO u VALUES (2, 1, 9)", "UniqueViolation", "SQLITE_CONSTRAINT 2067"],
      ["a check", "INSERT INTO u VALUES (3, 3, 0)", "ConstraintError", "SQLITE_CONSTRAINT 275"],
      ["a null", "INSERT INTO u VALUES (4, NULL, 9)", "ConstraintError", "SQLITE_CONSTRAINT 1299"],
      ["a missing parent", "INSERT INTO c VALUES (77)", "ConstraintError", "SQLITE_CONSTRAINT 787"],
      ["nonsense", "SELEKT 1", "SqlSyntaxError", "SQLITE_ERROR 1"],
      ["half a statement", "SELECT (1", "SqlSyntaxError", "SQLITE_ERROR 1"],
      ["a missing table", "SELECT * FROM nowhere", "UnknownError", "SQLITE_ERROR 1"]
    ])("tells what has failed: %s", ([, text, tag, code]) =>
      onFile(Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* sql`CREATE TABLE u (id TEXT PRIMARY KEY, n INTEGER UNIQUE NOT NULL, p INTEGER CHECK (p > 5)) WITHOUT ROWID`
        yield* sql`CREATE TABLE r (a)`
        yield* sql`CREATE TABLE c (u TEXT REFERENCES u)`
        yield* sql`INSERT INTO u VALUES (1, 1, 9)`
        yield* sql`INSERT INTO r(rowid, a) VALUES (1, 2)`
        const error = yield* Effect.flip(sql.unsafe(text))
        const { extended, name } = NodeSqlite.resultCode(error) ?? {}
        assert.deepStrictEqual([error.reason._tag, `${name} ${extended}`], [tag, code])
      })))

    it.effect("name the constraint, and can be caught by it", () =>
      onFile(Effect.gen(function*() {
        const sql = yield* table(1)
        const constraint = yield* sql`INSERT INTO t VALUES (1, 'x')`.pipe(
          Effect.as("none"),
          Effect.catchReason("SqlError", "UniqueViolation", ({ constraint }) => Effect.succeed(constraint))
        )
        assert.strictEqual(constraint, "t.id")
      })))

    it("have no result code when SQLite has not failed", () => {
      assert.isUndefined(NodeSqlite.resultCode(new Error("other")))
      assert.isUndefined(NodeSqlite.resultCode(undefined))
    })
  })

  describe("a full disk", () => {
    it.effect("is told apart, and leaves the client as it was", () =>
      onFile(Effect.gen(function*() {
        const sql = yield* table(3)
        yield* sql`PRAGMA max_page_count = 8`
        const error = yield* Effect.flip(sql.withTransaction(fill(sql)))
        assert.strictEqual(error.message, "database or disk is full")
        assert.strictEqual(codeOf(error), "SQLITE_FULL")
        assert.deepStrictEqual(yield* sql`SELECT count(*) FROM t`.values, [[3]])
        yield* sql`PRAGMA max_page_count = 1000`
        yield* sql.withTransaction(fill(sql))
        assert.deepStrictEqual(yield* sql`SELECT count(*) FROM t`.values, [[103]])
      })))

    it.effect("ends the transaction for whoever goes on with it, too", () =>
      onFile(Effect.gen(function*() {
        const sql = yield* table(3)
        const database = yield* NodeSqlite.Database
        yield* sql`PRAGMA max_page_count = 8`
        const insert = sql`INSERT INTO t VALUES (1000, 'must not be committed alone')`
        const goOn = Effect.gen(function*() {
          yield* Effect.ignore(sql.withTransaction(fill(sql)))
          const refused = yield* Effect.flip(insert)
          assert.strictEqual(refused.message, "SQLite has rolled the transaction back: database or disk is full")
          assert.deepStrictEqual(yield* Effect.flip(database.use(() => 1)), refused)
        })
        const error = yield* Effect.flip(sql.withTransaction(goOn))
        assert.strictEqual(codeOf(error), "SQLITE_FULL")
        assert.deepStrictEqual(yield* sql`SELECT count(*) FROM t`.values, [[3]])
        yield* insert
      })))
  })

  describe("a damaged file", () => {
    it.effect("is a failure, wherever it is damaged", () =>
      Effect.gen(function*() {
        const filename = yield* path
        yield* Effect.scoped(
          Effect.flatMap(open({ filename }), (services) => Effect.provideContext(table(50), services))
        )
        const whole = readFileSync(filename)
        const seen = new Set<string>()
        for (let at = 0; at < whole.length; at += 997) {
          const damaged = Buffer.from(whole)
          damaged.fill(damaged.readUInt8(at) ^ 0xff, at, at + 64)
          writeFileSync(filename, damaged)
          const read = Effect.gen(function*() {
            const sql = yield* SqlClient.SqlClient
            yield* sql`SELECT sum(length(text)) FROM t`
            yield* sql`INSERT INTO t (text) VALUES ('more')`
            return yield* sql`PRAGMA integrity_check`
          })
          const exit = yield* open({ filename }).pipe(
            Effect.flatMap((services) => Effect.provideContext(read, services)),
            Effect.catch((error) => Effect.succeed(seen.add(codeOf(error) ?? error.message))),
            Effect.scoped,
            Effect.exit
          )
          assert.isTrue(Exit.isSuccess(exit))
        }
        assert.includeMembers([...seen], ["SQLITE_NOTADB", "SQLITE_CORRUPT"])
      }))
  })

  describe("a database for reading", () => {
    it.effect("is read, also in transactions, and never written", () =>
      Effect.gen(function*() {
        const filename = yield* path
        yield* Effect.scoped(
          Effect.flatMap(open({ filename }), (services) => Effect.provideContext(table(2), services))
        )
        const before = readFileSync(filename)
        const read = Effect.gen(function*() {
          const sql = yield* SqlClient.SqlClient
          const count = sql`SELECT count(*) FROM t`.values
          assert.deepStrictEqual(yield* sql.withTransaction(count), [[2]])
          assert.strictEqual(codeOf(yield* Effect.flip(sql`DELETE FROM t`)), "SQLITE_READONLY")
          assert.strictEqual(codeOf(yield* Effect.flip(sql.withTransaction(sql`DELETE FROM t`))), "SQLITE_READONLY")
          assert.deepStrictEqual(yield* count, [[2]])
        })
        const services = open({ filename, readonly: true })
        yield* Effect.scoped(Effect.flatMap(services, (services) => Effect.provideContext(read, services)))
        assert.deepStrictEqual(readFileSync(filename), before)
      }))
  })

  describe("a lock of another connection", () => {
    it.effect("is waited for, while all else goes on", () =>
      Effect.gen(function*() {
        const { holder, services, sql } = yield* locked()
        const write = sql`INSERT INTO t (text) VALUES ('x')`
        const { transaction } = yield* Effect.provideContext(NodeSqlite.Database, services)
        const writing = yield* Effect.forkChild(
          Effect.all([
            sql.withTransaction(write),
            write,
            transaction((db) => void db.exec("INSERT INTO t (text) VALUES ('y')"))
          ]),
          { startImmediately: true }
        )
        yield* TestClock.adjust("4900 millis")
        assert.isUndefined(writing.pollUnsafe())
        holder.exec("INSERT INTO t (text) VALUES ('first')")
        holder.exec("COMMIT")
        yield* TestClock.adjust("100 millis")
        yield* Fiber.join(writing)
        assert.deepStrictEqual(yield* sql`SELECT count(*), min(text) FROM t`.values, [[4, "first"]])
      }))

    it.effect("does not keep anyone from reading", () =>
      Effect.gen(function*() {
        const { sql } = yield* locked()
        assert.deepStrictEqual(yield* sql`SELECT * FROM t`, [])
      }))

    it.effect("is a failure once the limit is over, and not a millisecond later", () =>
      Effect.gen(function*() {
        const { holder, sql } = yield* locked({ busyTimeout: "333 millis" })
        const writing = yield* Effect.forkChild(Effect.flip(sql.withTransaction(sql`DELETE FROM t`)), {
          startImmediately: true
        })
        yield* TestClock.adjust("332 millis")
        assert.isUndefined(writing.pollUnsafe())
        yield* TestClock.adjust("1 millis")
        const error = yield* Fiber.join(writing)
        assert.strictEqual(error.reason._tag, "LockTimeoutError")
        assert.strictEqual(error.message, "database is locked: another connection held its lock for 333 ms")
        assert.strictEqual(codeOf(error), "SQLITE_BUSY")
        holder.exec("ROLLBACK")
        yield* sql.withTransaction(sql`DELETE FROM t`)
      }))

    it.effect("can be given up on at any time", () =>
      Effect.gen(function*() {
        const { holder, sql } = yield* locked({ busyTimeout: "Infinity" })
        const write = sql`INSERT INTO t (text) VALUES ('x')`
        for (const attempt of [sql.withTransaction(write), write]) {
          const writing = yield* Effect.forkChild(attempt, { startImmediately: true })
          yield* TestClock.adjust("1 minute")
          assert.isUndefined(writing.pollUnsafe())
          yield* Fiber.interrupt(writing)
        }
        holder.exec("ROLLBACK")
        assert.deepStrictEqual(yield* sql`SELECT * FROM t`, [])
        yield* sql.withTransaction(write)
      }))

    it.effect("is waited for where a transaction that only reads begins to write", () =>
      Effect.gen(function*() {
        const { holder, sql } = yield* locked()
        const write = sql`INSERT INTO t (text) VALUES ('x')`
        const writing = yield* Effect.forkChild(
          Effect.provideService(sql.withTransaction(write), SqlClient.BeginTransaction, "BEGIN"),
          { startImmediately: true }
        )
        yield* TestClock.adjust("1 second")
        holder.exec("ROLLBACK")
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(writing)
        assert.deepStrictEqual(yield* sql`SELECT count(*) FROM t`.values, [[1]])
      }))

    it.effect("is no use to wait for where a transaction has read what is out of date", () =>
      Effect.gen(function*() {
        const { holder, sql } = yield* locked()
        const stale = Effect.gen(function*() {
          yield* sql`SELECT * FROM t`
          holder.exec("INSERT INTO t (text) VALUES ('newer')")
          holder.exec("COMMIT")
          yield* sql`INSERT INTO t (text) VALUES ('x')`
        })
        const error = yield* sql.withTransaction(stale).pipe(
          Effect.provideService(SqlClient.BeginTransaction, "BEGIN"),
          Effect.flip
        )
        assert.strictEqual(NodeSqlite.resultCode(error)?.extended, 517)
        assert.strictEqual(error.reason._tag, "LockTimeoutError")
      }))

    it.effect("is waited for while opening, up to the limit", () =>
      Effect.gen(function*() {
        const filename = yield* path
        const holder = yield* other(filename)
        holder.exec("CREATE TABLE t (a); BEGIN EXCLUSIVE")
        const first = yield* Effect.forkChild(openError({ filename }), { startImmediately: true })
        yield* TestClock.adjust("5 seconds")
        const error = yield* Fiber.join(first)
        assert.strictEqual(error.reason._tag, "LockTimeoutError")
        assert.include(error.message, filename)
        const second = yield* Effect.forkChild(Effect.scoped(open({ filename })), { startImmediately: true })
        yield* TestClock.adjust("1 second")
        holder.exec("ROLLBACK")
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(second)
      }))
  })

  describe("closing", () => {
    it.effect("empties the log, and every later use is a failure", () =>
      Effect.gen(function*() {
        const filename = yield* path
        const scope = yield* Scope.make()
        const services = yield* Scope.provide(open({ filename }), scope)
        const sql = yield* Effect.provideContext(table(10), services)
        const { use } = yield* Effect.provideContext(NodeSqlite.Database, services)
        // Keeps the log from being removed with the last connection.
        const reader = yield* other(filename)
        reader.exec("SELECT * FROM t")
        assert.isAbove(statSync(`${filename}-wal`).size, 0)
        yield* Scope.close(scope, Exit.void)
        assert.strictEqual(statSync(`${filename}-wal`).size, 0)
        reader.close()
        assert.deepStrictEqual(readdirSync(Path.dirname(filename)), ["test.db"])

        const query = sql`SELECT count(*) FROM t`
        const attempts: ReadonlyArray<Effect.Effect<unknown, SqlError.SqlError>> = [
          query,
          query.raw,
          Stream.runDrain(query.stream),
          sql.withTransaction(query),
          use((db) => db.exec("SELECT 1"))
        ]
        for (const attempt of attempts) assert.include((yield* Effect.flip(attempt)).message, "the database is closed")
      }))

    it.effect("rolls back what is open, and fails whoever has it open", () =>
      Effect.gen(function*() {
        const filename = yield* path
        const scope = yield* Scope.make()
        const services = yield* Scope.provide(open({ filename }), scope)
        const sql = yield* Effect.provideContext(table(), services)
        const rows = yield* Effect.flip(sql.withTransaction(Effect.gen(function*() {
          yield* sql`INSERT INTO t VALUES (1, 'x')`
          yield* Scope.close(scope, Exit.void)
        })))
        assert.include(rows.message, "the database is closed")
        const again = yield* other(filename)
        assert.deepStrictEqual(again.prepare("SELECT * FROM t").all(), [])
      }))

    it.effect("leaves an open stream without a crash", () =>
      Effect.gen(function*() {
        const filename = yield* path
        const scope = yield* Scope.make()
        const services = yield* Scope.provide(open({ filename }), scope)
        const sql = yield* Effect.provideContext(table(300), services)
        const close = Scope.close(scope, Exit.void)
        const error = yield* Effect.flip(Stream.runForEach(sql`SELECT * FROM t`.stream, () => close))
        assert.include(error.message, "the database is closed")
      }))
  })
})
