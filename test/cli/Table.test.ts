import { assert, describe, it } from "@effect/vitest"
import * as Table from "../../src/cli/Table.ts"

describe("Table", () => {
  it("aligns columns by their width on a terminal, and leaves no space at the end of a line", () => {
    assert.strictEqual(
      Table.render(["A", "B", "C"], [["名前", "x", "1"], ["y", "", ""], ["é", "long", "2"]]),
      "A     B     C\n名前  x     1\ny\né     long  2\n"
    )
  })

  it("cuts the last column to the terminal, but not to nothing", () => {
    const row = ["id-0123456789", "a".repeat(100)]
    assert.strictEqual(Table.render(["", ""], [row], 40).split("\n")[1], `id-0123456789  ${"a".repeat(24)}…`)
    assert.strictEqual(Table.render(["", ""], [row], 10).split("\n")[1], `id-0123456789  ${"a".repeat(15)}…`)
    assert.strictEqual(Table.render(["", ""], [row]).split("\n")[1], row.join("  "))
  })

  it("shows nothing that could move the cursor", () => {
    assert.strictEqual(Table.render(["A"], [["\u001b[2J\u0007a\nb\r"]]), "A\nab\n")
  })
})
