import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as InputFile from "../../src/cli/InputFile.ts"

/** What is wrong with a file, a line each, without the name of its folder. */
const faultsOf = (name: string, text: string) =>
  Effect.scoped(Effect.gen(function*() {
    const folder = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "jobchain-"))),
      (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
    )
    writeFileSync(join(folder, name), text)
    const { message } = yield* Effect.flip(InputFile.read(join(folder, name)))
    return message.replaceAll(`${folder}/`, "").split("\n")
  }))

describe("InputFile.read", () => {
  it.effect("finds all that is wrong at once: the form of a file, its types, args and conditions", () =>
    Effect.gen(function*() {
      const text = `limits: { types: { shel: 2, http: 1 } }
timeout: soon
jobs:
  a: { run: x, retry: lots }
  b: { type: shel, needs: [none] }
  c: { type: http, args: { ur: 3 }, retryWait: never }
  d: { run: x, when: "data.x =" }
  e:
    each: [1]
    when: "dat.y"
    sequence: { f: { type: nop }, g: { type: http, args: { url: "\${item}" } } }
  h: { type: http, args: 3 }
  i: { run: x, type: nop }
`
      assert.deepStrictEqual(yield* faultsOf("chain.yaml", text), [
        `chain.yaml:1:26: limits.types: there is no job type "shel"; did you mean "shell"?`,
        `chain.yaml:2:10: timeout: expected a duration > 0 such as "500ms", "5s" or "1m30s", got "soon"`,
        `chain.yaml:4:23: retry: expected a whole number ≥ 0, got "lots"`,
        `chain.yaml:5:14: job "b": there is no job type "shel"; did you mean "shell"?`,
        `chain.yaml:5:28: needs: there is no job or sequence "none" on this level or further out`,
        `chain.yaml:6:20: job "c": args.url: Missing key`,
        `chain.yaml:6:32: job "c": args.ur: Unknown key, expected one of url, method, headers, body, expectedStatus, timeout`,
        `chain.yaml:6:48: retryWait: expected a duration ≥ 0 such as "500ms", "5s" or "1m30s", got "never"`,
        `chain.yaml:7:22: The condition of job "d": Unexpected character: =, at character 8`,
        `chain.yaml:10:11: The condition of the sequence of job "e": Unknown variable: dat, at character 1`,
        `chain.yaml:11:28: job "e.f": there is no job type "nop"; did you mean "noop"?`,
        `chain.yaml:12:26: args: expected a map, got 3`,
        `chain.yaml:13:16: "type" does not go with the other keys here`
      ])
    }))

  it.effect("finds all that is wrong at once: the rules of a chain on the wire, and its types", () =>
    Effect.gen(function*() {
      const job = { id: "a", type: "shel", state: 1, retryWait: "never" }
      const text = JSON.stringify({ requestId: "r", jobs: { a: job }, adjacencyList: { a: ["b"] }, state: 1 })
      assert.lengthOf(yield* faultsOf("chain.json", text), 3)
    }))

  it.effect("says nothing of limits for types that are there", () =>
    Effect.gen(function*() {
      const faults = yield* faultsOf("chain.yaml", `limits: { types: { wait: 1 } }\njobs: { a: { type: nop } }\n`)
      assert.lengthOf(faults, 1)
    }))
})
