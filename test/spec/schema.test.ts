import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { file, text } from "../../scripts/schema.ts"

describe("the JSON Schema of chain files", () => {
  it("is up to date", () => {
    assert.strictEqual(readFileSync(join(import.meta.dirname, "../..", file), "utf8"), text, "run npm run schema")
  })
})
