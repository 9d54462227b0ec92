import { assert, describe, it } from "@effect/vitest"
import * as ShellEnvironment from "../../src/jobs/ShellEnvironment.ts"
import { TryContext } from "./TryContext.ts"

describe("ShellEnvironment", () => {
  describe("variablesOf", () => {
    it("names variables after keys", () => {
      assert.deepStrictEqual(
        ShellEnvironment.variablesOf({ version: "1.2", "build-id": 7, größe: [1, { a: null }], "": true }),
        {
          JOBCHAIN_DATA_VERSION: "1.2",
          JOBCHAIN_DATA_BUILD_ID: "7",
          JOBCHAIN_DATA_GR_SSE: `[1,{"a":null}]`,
          JOBCHAIN_DATA_: "true"
        }
      )
    })

    it("leaves out all keys that would share a name", () => {
      assert.deepStrictEqual(ShellEnvironment.variablesOf({ "a-b": 1, "a_b": 2, "A.B": 3, c: 4 }), {
        JOBCHAIN_DATA_C: "4"
      })
    })

    it("leaves out what no variable can hold", () => {
      const fits = "x".repeat(128 * 1024 - "JOBCHAIN_DATA_FITS".length - 2)
      assert.deepStrictEqual(ShellEnvironment.variablesOf({ large: `${fits}xx`, nul: "a\0b", none: undefined, fits }), {
        JOBCHAIN_DATA_FITS: fits
      })
    })

    it("holds all of them together to a bound", () => {
      const data = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`key${n}`, "x".repeat(10_000)]))
      const size = Object.entries(ShellEnvironment.variablesOf(data)).flat().join("").length
      assert.isTrue(size > 100_000 && size < 128 * 1024)
    })
  })

  describe("make", () => {
    const files = { data: "/data.json", output: "/output" }

    it("names the try over everything else, and passes the engine's own variables", () => {
      const environment = ShellEnvironment.make(new TryContext(), { a: 1 }, files, {
        JOBCHAIN_TRY: "mine",
        JOBCHAIN_DATA_A: "mine"
      })
      assert.strictEqual(environment["PATH"], process.env["PATH"])
      assert.strictEqual(environment["JOBCHAIN_TRY"], "2")
      assert.strictEqual(environment["JOBCHAIN_IDEMPOTENCY_KEY"], "request/job/2")
      assert.strictEqual(environment["JOBCHAIN_DATA_A"], "mine")
    })

    it("does not pass on the data of a job the engine itself runs in", () => {
      process.env["JOBCHAIN_DATA_OUTER"] = "1"
      try {
        assert.notProperty(ShellEnvironment.make(new TryContext(), {}, files, {}), "JOBCHAIN_DATA_OUTER")
      } finally {
        delete process.env["JOBCHAIN_DATA_OUTER"]
      }
    })
  })
})
