import { assert, describe, it } from "@effect/vitest"
import * as OutputFile from "../../src/jobs/OutputFile.ts"

describe("OutputFile", () => {
  describe("parse", () => {
    it.each<[string, string, object]>([
      ["a key and a value", "version=1.2.3\n", { version: "1.2.3" }],
      ["everything behind the first =", "query=a=b & c \n", { query: "a=b & c " }],
      ["an empty value", "none=", { none: "" }],
      ["lines that end as on Windows", "a=1\r\nb=2\r\n", { a: "1", b: "2" }],
      ["keys in any script", "größe=1\na.b-c_d=2", { größe: "1", "a.b-c_d": "2" }],
      ["the last value of a key", "a=1\na=2\n", { a: "2" }],
      ["a JSON object", `{"n": 1, "list": [true, null], "a key": {}}`, { n: 1, list: [true, null], "a key": {} }],
      ["a JSON object over several lines", `a=1\n{\n  "b": {\n    "c": "}{\\""\n  }\n}\nd=2`, {
        a: "1",
        b: { c: `}{"` },
        d: "2"
      }],
      ["one object after the other", `{"a":1}\n{"b":2}\n`, { a: 1, b: 2 }],
      ["nothing from empty lines", "\n  \n\n", {}]
    ])("reads %s", (_, text, data) => {
      assert.deepStrictEqual(OutputFile.parse(text), { data: data as never, faults: [] })
    })

    it("keeps a key that is a word of JavaScript", () => {
      const { data } = OutputFile.parse("__proto__=x\nconstructor=y")
      assert.deepStrictEqual(Object.entries(data), [["__proto__", "x"], ["constructor", "y"]])
    })

    it("names each line that cannot be read, and keeps the others", () => {
      const { data, faults } = OutputFile.parse("a=1\noops\nb c=2\n{bad}\n=3\nd=4")
      assert.deepStrictEqual(data, { a: "1", d: "4" })
      assert.deepStrictEqual(faults.map((fault) => fault.slice(0, 23)), [
        "JOBCHAIN_OUTPUT line 2:",
        "JOBCHAIN_OUTPUT line 3:",
        "JOBCHAIN_OUTPUT line 4:",
        "JOBCHAIN_OUTPUT line 5:"
      ])
      assert.strictEqual(faults[0], `JOBCHAIN_OUTPUT line 2: expected key=value or a JSON object, got "oops"`)
    })

    it("says where an object begins that has no end", () => {
      const { data, faults } = OutputFile.parse(`a=1\n{\n  "b": 2,\n`)
      assert.deepStrictEqual(data, { a: "1" })
      assert.deepStrictEqual(faults, ["JOBCHAIN_OUTPUT line 2: the JSON object that begins here has no end"])
    })

    it("takes time that grows with the text only", () => {
      assert.lengthOf(OutputFile.parse("{\n".repeat(200_000)).faults, 1)
    })
  })
})
