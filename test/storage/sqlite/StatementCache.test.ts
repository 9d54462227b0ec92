import { assert, describe, it } from "@effect/vitest"
import { DatabaseSync } from "node:sqlite"
import { StatementCache } from "../../../src/storage/sqlite/StatementCache.ts"

describe("StatementCache", () => {
  it("keeps those that were used last", () => {
    const cache = new StatementCache(new DatabaseSync(":memory:"), 2)
    const one = cache.get("SELECT 1")
    const two = cache.get("SELECT 2")
    assert.strictEqual(cache.get("SELECT 1"), one)
    cache.get("SELECT 3")
    assert.strictEqual(cache.get("SELECT 1"), one)
    assert.notStrictEqual(cache.get("SELECT 2"), two)
    assert.strictEqual(cache.size, 2)
  })

  it("keeps none that cannot be prepared", () => {
    const cache = new StatementCache(new DatabaseSync(":memory:"), 2)
    assert.throws(() => cache.get("SELEKT 1"), /syntax error/)
    assert.strictEqual(cache.size, 0)
  })

  it.each(["", ";", " \n;; ", "; -- one", "; -- one\n", "; /* one */", "; /* one */ -- two\n/* three", " -- one;"])(
    "takes one statement and %j",
    (rest) => {
      const cache = new StatementCache(new DatabaseSync(":memory:"), 2)
      assert.isTrue(cache.get(`SELECT ';', 1${rest}`).givesRows)
    }
  )

  it.each([
    "; SELECT 2",
    ";/**/SELECT 2",
    "; nonsense",
    "; /* one */ SELECT 2 /* two */",
    "; -- one\nSELECT 2",
    "; - 1"
  ])(
    "refuses a statement and %j",
    (rest) => {
      const cache = new StatementCache(new DatabaseSync(":memory:"), 2)
      assert.throws(() => cache.get(`SELECT ';', 1${rest}`), /more than one statement/)
      assert.strictEqual(cache.size, 0)
    }
  )

  it("tells which give rows", () => {
    const cache = new StatementCache(new DatabaseSync(":memory:"), 8)
    assert.isTrue(cache.get("SELECT 1").givesRows)
    assert.isFalse(cache.get("CREATE TABLE t (a)").givesRows)
  })
})
