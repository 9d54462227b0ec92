import { assert, describe, it } from "@effect/vitest"
import { Array as Arr, Cause, Context, Deferred, Effect, Exit, Fiber, Option, Scheduler, Schema, Stream } from "effect"
import { Reactivity } from "effect/reactivity"
import { Migrator, SqlClient, type SqlError, SqlSchema } from "effect/sql"
import * as NodeSqlite from "../../src/storage/NodeSqlite.ts"
import * as TestDatabase from "./TestDatabase.ts"

const { onFile } = TestDatabase

/** A table with a row for each number. */
const numbered = (...numbers: ReadonlyArray<number>) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    yield* sql`CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE)`
    if (Arr.isReadonlyArrayNonEmpty(numbers)) {
      yield* sql`INSERT INTO t ${sql.insert(Arr.map(numbers, (id) => ({ id, name: `n${id}` })))}`
    }
    return sql
  })

const idsOf = (sql: SqlClient.SqlClient) =>
  Effect.map(sql<{ id: number }>`SELECT id FROM t ORDER BY id`, (rows) => rows.map(({ id }) => id))

const bigInts = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.provideService(effect, SqlClient.SafeIntegers, true)

const seven = [1, 2, 3, 4, 5, 6, 7]

describe("NodeSqlite", () => {
  describe("layer", () => {
    it.effect("opens with a log, full sync, foreign keys and no trust in the schema", () =>
      onFile(Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const settings = [
          ["journal_mode", "wal"],
          ["synchronous", 2],
          ["foreign_keys", 1],
          ["trusted_schema", 0],
          ["busy_timeout", 0],
          ["wal_autocheckpoint", 1000]
        ] as const
        for (const [name, expected] of settings) {
          assert.deepStrictEqual(yield* sql`PRAGMA ${sql.literal(name)}`.values, [[expected]], name)
        }
        assert.strictEqual(sql.driver, "node-sqlite")
        assert.strictEqual(sql.onDialectOrElse({ sqlite: () => "sqlite", orElse: () => "other" }), "sqlite")
      })))

    it.effect("syncs less when asked to", () =>
      onFile(
        Effect.gen(function*() {
          const sql = yield* SqlClient.SqlClient
          assert.deepStrictEqual(yield* sql`PRAGMA synchronous`.values, [[1]])
        }),
        { synchronous: "NORMAL" }
      ))

    it.effect("keeps a database in memory for as long as it is open", () =>
      onFile(
        Effect.gen(function*() {
          const sql = yield* numbered(1)
          assert.deepStrictEqual(yield* sql.withTransaction(idsOf(sql)), [1])
        }),
        { filename: ":memory:" }
      ))
  })

  describe("statements", () => {
    it.effect("gives rows as plain objects, arrays, or as Node does", () =>
      onFile(Effect.gen(function*() {
        const sql = yield* numbered(1, 2)
        const query = sql`SELECT * FROM t ORDER BY id`
        const rows = [{ id: 1, name: "n1" }, { id: 2, name: "n2" }]
        assert.deepStrictEqual(yield* query, rows)
        assert.strictEqual(Object.getPrototypeOf((yield* query)[0]), Object.prototype)
        assert.deepStrictEqual(yield* query.unprepared, rows)
        assert.deepStrictEqual(yield* query.withoutTransform, rows)
        assert.deepStrictEqual(yield* query.values, [[1, "n1"], [2, "n2"]])
        assert.deepStrictEqual(yield* query.valuesUnprepared, [[1, "n1"], [2, "n2"]])
        assert.deepStrictEqual(
          (yield* query.raw as Effect.Effect<ReadonlyArray<object>>).map((row) => ({ ...row })),
          rows
        )
        assert.deepStrictEqual(yield* Stream.runCollect(query.stream), rows)
        assert.deepStrictEqual(yield* sql`DELETE FROM t WHERE id = 2`.raw, { changes: 1, lastInsertRowid: 2 })
        assert.deepStrictEqual(yield* sql`DELETE FROM t`, [])
      })))

    it.effect("inserts, updates and deletes with the helpers", () =>
      onFile(Effect.gen(function*() {
        const sql = yield* numbered(1, 2, 3)
        assert.deepStrictEqual(
          yield* sql`INSERT INTO t ${sql.insert({ id: 4, name: "four" }).returning("*")}`,
          [{ id: 4, name: "four" }]
        )
        assert.deepStrictEqual(
          yield* sql`UPDATE t SET ${sql.update({ id: 4, name: "five" }, ["id"])} WHERE id = ${4} RETURNING name`,
          [{ name: "five" }]
        )
        assert.deepStrictEqual(
          yield* sql`DELETE FROM t WHERE ${sql.and([sql`id > ${1}`, sql.in("name", ["n1", "n2", "n3"])])} RETURNING id`,
          [{ id: 2 }, { id: 3 }]
        )
        assert.deepStrictEqual(yield* idsOf(sql), [1, 4])
      })))

    it.effect("serves SqlSchema", () =>
      onFile(Effect.gen(function*() {
        const sql = yield* numbered(7)
        const find = SqlSchema.findOneOption({
          Request: Schema.Number,
          Result: Schema.Struct({ id: Schema.Number, name: Schema.NonEmptyString }),
          execute: (id) => sql`SELECT * FROM t WHERE id = ${id}`
        })
        assert.deepStrictEqual(yield* find(7), Option.some({ id: 7, name: "n7" }))
        assert.deepStrictEqual(yield* find(8), Option.none())
      })))

    it.effect("names the columns as they are now", () =>
      onFile(Effect.gen(function*() {
        const sql = yield* numbered(1)
        const query = sql`SELECT * FROM t`
        assert.deepStrictEqual(yield* query, [{ id: 1, name: "n1" }])
        yield* sql`ALTER TABLE t RENAME COLUMN name TO label`
        yield* sql`ALTER TABLE t ADD COLUMN more DEFAULT 5`
        assert.deepStrictEqual(yield* query, [{ id: 1, label: "n1", more: 5 }])
        assert.deepStrictEqual(Object.entries((yield* sql`SELECT 1 AS "__proto__"`)[0] ?? {}), [["__proto__", 1]])
      })))

    it.effect("prepares a statement anew when too many others came in between", () =>
      onFile(
        Effect.gen(function*() {
          const sql = yield* SqlClient.SqlClient
          for (const round of [1, 2, 3]) {
            for (const literal of seven) {
              assert.deepStrictEqual(yield* sql.unsafe(`SELECT ${literal} AS n, ? AS r`, [round]), [{
                n: literal,
                r: round
              }])
            }
          }
        }),
        { statementsMax: 2 }
      ))

    it.effect("refuses a text of which a part would be left out", () =>
      onFile(Effect.gen(function*() {
        const sql = yield* numbered()
        for (const text of ["DELETE FROM t; DELETE FROM t", "SELECT 1; nonsense"]) {
          const error = yield* Effect.flip(sql.unsafe(text))
          assert.include(error.message, "more than one statement")
        }
        assert.deepStrictEqual(yield* sql.unsafe("SELECT 1 AS n; -- and that is it\n"), [{ n: 1 }])
      })))

    it.effect("runs migrations once", () =>
      onFile(Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const migrate = Migrator.make({})({
          loader: Migrator.fromRecord({
            "0001_table": sql`CREATE TABLE m (id INTEGER)`,
            "0002_row": sql`INSERT INTO m VALUES (1)`
          })
        })
        assert.deepStrictEqual(yield* migrate, [[1, "table"], [2, "row"]])
        assert.deepStrictEqual(yield* migrate, [])
        assert.deepStrictEqual(yield* sql`SELECT id FROM m`.values, [[1]])
      })))
  })

  describe("values", () => {
    it.effect("stores what SQLite can hold, and converts what has an obvious form", () =>
      onFile(Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const given = [null, undefined, true, false, 1.5, 2n ** 40n, "tëxt\0", new Date(0), new Uint8Array([1, 255])]
        const [row] = yield* sql.unsafe(`SELECT ${given.map(() => "?").join(", ")}`, given).values
        assert.deepStrictEqual(row, [
          null,
          null,
          1,
          0,
          1.5,
          2 ** 40,
          "tëxt\0",
          "1970-01-01T00:00:00.000Z",
          new Uint8Array([1, 255])
        ])
      })))

    it.effect.each<[string, unknown, string]>([
      ["an object", { a: 1 }, "an object (Object)"],
      ["an array", [1], "an object (Array)"],
      ["a function", () => 1, "function"],
      ["a symbol", Symbol("s"), "symbol"],
      ["not a number", Number.NaN, "NaN"],
      ["no date", new Date(Number.NaN), "Invalid Date"],
      ["too large an integer", 2n ** 63n, "9223372036854775808 has more than 64 bits"]
    ])("names the parameter that cannot be bound: %s", ([, value, what]) =>
      onFile(Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const query = sql.unsafe("SELECT ?, ?", [1, value])
        const attempts: ReadonlyArray<Effect.Effect<unknown, SqlError.SqlError>> = [
          query,
          query.values,
          query.raw,
          query.unprepared,
          Stream.runDrain(query.stream)
        ]
        for (const attempt of attempts) {
          const error = yield* Effect.flip(attempt)
          assert.strictEqual(error.message, `parameter 2 cannot be bound: ${what}`)
          assert.isUndefined(NodeSqlite.resultCode(error))
        }
      })))

    it.effect("reads integers beyond 2^53 as bigints, or not at all", () =>
      onFile(Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* sql`CREATE TABLE b (n INTEGER PRIMARY KEY)`
        const big = 2n ** 53n + 1n
        assert.deepStrictEqual(yield* sql`INSERT INTO b VALUES (${big})`.raw, { changes: 1, lastInsertRowid: big })
        yield* sql`INSERT INTO b VALUES (1)`
        const query = sql`SELECT n FROM b ORDER BY n`
        const attempts: ReadonlyArray<Effect.Effect<unknown, SqlError.SqlError>> = [
          query,
          query.values,
          query.raw,
          Stream.runDrain(query.stream)
        ]
        for (const attempt of attempts) {
          const error = yield* Effect.flip(attempt)
          assert.include(error.message, "too large")
        }
        // The stream that failed has let go of its read transaction.
        yield* sql.withTransaction(sql`DELETE FROM b WHERE n = ${1}`)
        assert.deepStrictEqual(yield* bigInts(query), [{ n: big }])
        assert.deepStrictEqual(yield* bigInts(Stream.runCollect(query.stream)), [{ n: big }])
        assert.deepStrictEqual(yield* sql`SELECT 1 AS one`, [{ one: 1 }])
      })))
  })

  describe("stream", () => {
    it.effect("gives all rows, in order, and other statements of its transaction run between them", () =>
      onFile(Effect.gen(function*() {
        const sql = yield* numbered(...Arr.makeBy(1000, (n) => n))
        const seen = yield* sql<{ id: number }>`SELECT id FROM t ORDER BY id`.stream.pipe(
          Stream.tap(({ id }) => sql`UPDATE t SET name = 'x' || id WHERE id = ${id} AND id % 100 = 0`),
          Stream.runCollect,
          sql.withTransaction
        )
        assert.deepStrictEqual(seen.map(({ id }) => id), Arr.makeBy(1000, (n) => n))
        assert.deepStrictEqual(yield* sql`SELECT count(*) FROM t WHERE name LIKE 'x%'`.values, [[10]])
      })))

    it.effect("lets go of the connection when it is over, taken from, or interrupted", () =>
      onFile(Effect.gen(function*() {
        const sql = yield* numbered(...Arr.makeBy(300, (n) => n))
        const all = sql`SELECT id FROM t`.stream
        assert.lengthOf(yield* Stream.runCollect(Stream.take(all, 2)), 2)
        const started = yield* Deferred.make<void>()
        const reading = yield* all.pipe(
          Stream.runForEach(() => Effect.andThen(Deferred.succeed(started, undefined), Effect.never)),
          Effect.forkChild
        )
        yield* Deferred.await(started)
        yield* Fiber.interrupt(reading)
        // An open read transaction would keep the log from being emptied.
        yield* sql`DELETE FROM t`
        assert.deepStrictEqual(yield* sql`PRAGMA wal_checkpoint(TRUNCATE)`.values, [[0, 0, 0]])
      })))

    it.effect("fails at the row that SQLite cannot make", () =>
      onFile(Effect.gen(function*() {
        const sql = yield* numbered(1, 2, 3)
        const query = sql`SELECT CASE id WHEN 3 THEN json('{') ELSE id END AS n FROM t ORDER BY id`
        assert.include((yield* Effect.flip(Stream.runDrain(query.stream))).message, "malformed JSON")
        assert.include((yield* Effect.flip(Stream.runDrain(sql`SELECT nonsense`.stream))).message, "no such column")
      })))
  })

  describe("withTransaction", () => {
    it.effect("commits all or nothing", () =>
      onFile(Effect.gen(function*() {
        const sql = yield* numbered()
        const write = sql.withTransaction(
          Effect.andThen(sql`INSERT INTO t VALUES (1, 'a')`, sql`INSERT INTO t VALUES (2, 'b')`)
        )
        yield* Effect.flip(sql.withTransaction(Effect.andThen(write, Effect.fail("no"))))
        assert.deepStrictEqual(yield* idsOf(sql), [])
        yield* write
        assert.deepStrictEqual(yield* idsOf(sql), [1, 2])
      })))

    it.effect("takes back only what a nested one did", () =>
      onFile(Effect.gen(function*() {
        const sql = yield* numbered()
        const insert = (id: number) => sql`INSERT INTO t VALUES (${id}, ${id})`
        yield* sql.withTransaction(Effect.gen(function*() {
          yield* insert(1)
          yield* Effect.flip(sql.withTransaction(Effect.andThen(insert(2), Effect.fail("no"))))
          yield* sql.withTransaction(insert(3))
        }))
        assert.deepStrictEqual(yield* idsOf(sql), [1, 3])
      })))

    it.effect("runs what is to follow after the commit, and only then", () =>
      onFile(Effect.gen(function*() {
        const sql = yield* numbered()
        const events: Array<string> = []
        const note = (event: string) => Effect.sync(() => void events.push(event))
        yield* sql.withTransaction(Effect.gen(function*() {
          yield* sql.afterCommit(Effect.flatMap(Effect.orDie(idsOf(sql)), (ids) => note(`after ${ids.join()}`)))
          yield* sql`INSERT INTO t VALUES (1, 'a')`
          yield* note("inserted")
        }))
        yield* Effect.flip(sql.withTransaction(Effect.andThen(sql.afterCommit(note("never")), Effect.fail("no"))))
        assert.deepStrictEqual(events, ["inserted", "after 1"])
      })))

    it.effect("tells reactive queries when it has committed", () =>
      Effect.gen(function*() {
        const services = yield* NodeSqlite.make({ filename: yield* TestDatabase.path })
        const sql = yield* Effect.provideContext(numbered(), services)
        const first = yield* Deferred.make<void>()
        const queries = yield* sql.reactive(["t"], idsOf(sql)).pipe(
          Stream.tap(() => Deferred.succeed(first, undefined)),
          Stream.take(2),
          Stream.runCollect,
          Effect.forkChild
        )
        yield* Deferred.await(first)
        yield* sql.withTransaction(Reactivity.mutation(sql`INSERT INTO t VALUES (1, 'a')`, ["t"]))
        assert.deepStrictEqual(yield* Fiber.join(queries), [[], [1]])
      }).pipe(Effect.provide(Reactivity.layer)))

    it.effect("rolls back when it is interrupted, and when it dies", () =>
      onFile(Effect.gen(function*() {
        const sql = yield* numbered()
        const inserted = yield* Deferred.make<void>()
        const open = yield* sql`INSERT INTO t VALUES (1, 'a')`.pipe(
          Effect.andThen(Deferred.succeed(inserted, undefined)),
          Effect.andThen(Effect.never),
          sql.withTransaction,
          Effect.forkChild
        )
        yield* Deferred.await(inserted)
        // This one waits for its turn.
        const waiting = yield* Effect.forkChild(sql.withTransaction(idsOf(sql)), { startImmediately: true })
        yield* Fiber.interrupt(waiting)
        yield* Fiber.interrupt(open)
        const died = yield* Effect.exit(
          sql.withTransaction(Effect.andThen(sql`INSERT INTO t VALUES (2, 'b')`, Effect.die("bug")))
        )
        assert.isTrue(Exit.isFailure(died) && Cause.hasDies(died.cause))
        assert.deepStrictEqual(yield* idsOf(sql), [])
      })))

    it.effect("leaves a usable connection when the commit fails", () =>
      onFile(Effect.gen(function*() {
        const sql = yield* numbered()
        yield* sql`CREATE TABLE child (parent INTEGER REFERENCES t DEFERRABLE INITIALLY DEFERRED)`
        const error = yield* Effect.flip(sql.withTransaction(sql`INSERT INTO child VALUES (9)`))
        assert.strictEqual(error.reason._tag, "ConstraintError")
        assert.deepStrictEqual(NodeSqlite.resultCode(error), { name: "SQLITE_CONSTRAINT", primary: 19, extended: 787 })
        yield* sql.withTransaction(sql`INSERT INTO t VALUES (1, 'a')`)
        assert.deepStrictEqual(yield* sql`SELECT * FROM child`, [])
      })))

    it.effect("ends for fibers that outlive it", () =>
      onFile(Effect.gen(function*() {
        const sql = yield* numbered()
        const ended = yield* Deferred.make<void>()
        const stray = yield* sql.withTransaction(
          Effect.forkDetach(Effect.andThen(Deferred.await(ended), sql`INSERT INTO t VALUES (1, 'a')`))
        )
        yield* Deferred.succeed(ended, undefined)
        const error = yield* Effect.flip(Fiber.join(stray))
        assert.include(error.message, "the transaction of this statement is over")
        assert.deepStrictEqual(yield* idsOf(sql), [])
      })))

    it.effect("is rolled back before anyone else's turn when it was begun by hand and left open", () =>
      onFile(Effect.gen(function*() {
        const sql = yield* numbered()
        yield* sql`BEGIN IMMEDIATE`
        yield* Effect.scoped(Effect.flatMap(sql.reserve, (connection) =>
          Effect.andThen(
            connection.executeUnprepared("BEGIN", [], undefined),
            connection.executeUnprepared("INSERT INTO t VALUES (1, 'a')", [], undefined)
          )))
        assert.deepStrictEqual(yield* idsOf(sql), [])
      })))

    // Goal: nobody else gets in between. Method: many at once, which yield after every few steps.
    it.effect.each([5, 17, 2048])(
      "lets nobody in, with fibers that yield every %s steps",
      (steps) =>
        onFile(Effect.gen(function*() {
          const sql = yield* SqlClient.SqlClient
          const database = yield* NodeSqlite.Database
          yield* sql`CREATE TABLE counter (n INTEGER)`
          yield* sql`INSERT INTO counter VALUES (0)`
          const read = Effect.map(sql<{ n: number }>`SELECT n FROM counter`, ([row]) => row?.n ?? -1)
          const increment = sql.withTransaction(Effect.gen(function*() {
            const n = yield* read
            yield* Effect.yieldNow
            yield* sql`UPDATE counter SET n = ${n + 1}`
            yield* Effect.yieldNow
            assert.strictEqual(yield* read, n + 1)
          }))
          const spoil = Effect.flip(
            sql.withTransaction(Effect.andThen(sql`UPDATE counter SET n = -1000`, Effect.fail("no")))
          )
          const inOneGo = database.transaction((db) => void db.exec("UPDATE counter SET n = n + 1"))
          const alone = sql`UPDATE counter SET n = n + 1`
          const writers = Arr.makeBy(25, () => [increment, spoil, inOneGo, alone]).flat()
          yield* Effect.all(writers, { concurrency: "unbounded", discard: true })
          assert.strictEqual(yield* read, 75)
        })).pipe(Effect.provideService(Scheduler.MaxOpsBeforeYield, steps))
    )
  })

  describe("Database", () => {
    it.effect("runs a batch in one transaction", () =>
      onFile(Effect.gen(function*() {
        const sql = yield* numbered()
        const database = yield* NodeSqlite.Database
        const count = yield* database.transaction((db) => {
          const insert = db.prepare("INSERT INTO t VALUES (?, ?)")
          for (const id of seven) insert.run(id, `n${id}`)
          return seven.length
        })
        assert.strictEqual(count, 7)
        assert.deepStrictEqual(yield* idsOf(sql), seven)
      })))

    it.effect("takes part in a transaction that is open", () =>
      onFile(Effect.gen(function*() {
        const sql = yield* numbered()
        const database = yield* NodeSqlite.Database
        const insert = (id: number) => database.transaction((db) => void db.exec(`INSERT INTO t VALUES (${id}, ${id})`))
        yield* sql.withTransaction(Effect.gen(function*() {
          yield* insert(1)
          assert.isTrue(yield* database.use((db) => db.isTransaction))
          assert.strictEqual((yield* Effect.flip(insert(1))).reason._tag, "UniqueViolation")
          yield* insert(2)
        }))
        yield* Effect.flip(sql.withTransaction(Effect.andThen(insert(3), Effect.fail("no"))))
        assert.deepStrictEqual(yield* idsOf(sql), [1, 2])
      })))

    it.effect("rolls back what throws, and tells SQLite's errors from bugs", () =>
      onFile(Effect.gen(function*() {
        const sql = yield* numbered()
        const database = yield* NodeSqlite.Database
        const twice = database.transaction((db) => {
          db.exec("INSERT INTO t VALUES (1, 'a')")
          db.exec("INSERT INTO t VALUES (1, 'b')")
        })
        assert.strictEqual((yield* Effect.flip(twice)).message, "UNIQUE constraint failed: t.id")
        const bug = yield* Effect.exit(database.transaction((db) => {
          db.exec("INSERT INTO t VALUES (1, 'a')")
          throw new Error("bug")
        }))
        assert.isTrue(Exit.isFailure(bug) && Cause.hasDies(bug.cause))
        assert.deepStrictEqual(yield* idsOf(sql), [])
      })))

    it.effect("is out of reach while a transaction is open elsewhere", () =>
      onFile(Effect.gen(function*() {
        const sql = yield* numbered()
        const database = yield* NodeSqlite.Database
        const order: Array<string> = []
        const inserted = yield* Deferred.make<void>()
        const goOn = yield* Deferred.make<void>()
        const open = yield* Effect.forkChild(sql.withTransaction(Effect.gen(function*() {
          yield* sql`INSERT INTO t VALUES (1, 'a')`
          yield* Deferred.succeed(inserted, undefined)
          yield* Deferred.await(goOn)
          order.push("transaction")
        })))
        yield* Deferred.await(inserted)
        const using = yield* Effect.forkChild(database.use(() => order.push("use")), { startImmediately: true })
        yield* Deferred.succeed(goOn, undefined)
        yield* Fiber.join(open)
        yield* Fiber.join(using)
        assert.deepStrictEqual(order, ["transaction", "use"])
        assert.isFalse(
          Context.get(yield* Effect.context<NodeSqlite.Database>(), NodeSqlite.Database).unsafe.isTransaction
        )
      })))
  })
})
