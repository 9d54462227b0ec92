import { assert, describe, it } from "@effect/vitest"
import * as StoreLocation from "../../src/cli/StoreLocation.ts"

describe("shown", () => {
  it.each([
    ["some/where.db", "some/where.db"],
    ["postgres://u@h:5432/d?sslmode=require", "postgres://u@h:5432/d?sslmode=require"],
    ["postgres://u:secret@h/d", "postgres://u@h/d"],
    ["postgres://u:sec@ret@h/d", "postgres://u@h/d"],
    ["postgresql://h/d?user=u&password=secret&sslmode=require", "postgresql://h/d?user=u&sslmode=require"],
    ["postgres://u:se/cret@h/d", "postgres:…"]
  ])("has no password: %s", (location, expected) => {
    assert.strictEqual(StoreLocation.shown({ location }), expected)
  })
})
