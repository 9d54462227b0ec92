import { assert, describe, it } from "@effect/vitest"
import { check, isStableInEffect, sources } from "../scripts/rooms.ts"

/** Checks files given by path and text, and returns the violations as one prints them. */
const violationsOf = (files: Readonly<Record<string, string>>): ReadonlyArray<string> =>
  check(Object.entries(files).map(([path, text]) => ({ path, text })), isStableInEffect)
    .map(({ file, line, why }) => `${file}:${line}: ${why}`)

const chain = { "src/domain/Chain.ts": "export interface Chain {}\nexport const make = (): Chain => ({})\n" }

describe("the rooms of src", () => {
  it("are kept", () => {
    assert.deepStrictEqual(check(sources(), isStableInEffect), [])
  })
})

describe("check", () => {
  it("lets a room import what the table allows", () => {
    assert.deepStrictEqual(
      violationsOf({
        ...chain,
        "src/engine/Traverser.ts":
          `import { Effect, pipe, Schema } from "effect"\nimport * as Chain from "../domain/Chain.ts"\nexport const x = [Effect, pipe, Schema, Chain]\n`,
        "src/http/ChainServer.ts": `export * from "../spec/ChainFile.ts"\nexport const port = 80\n`,
        "src/index.ts": `export * as Chain from "./domain/Chain.ts"\n`,
        "src/spec/ChainFile.ts": `import { parse } from "yaml"\nexport const decode = parse\n`
      }),
      []
    )
  })

  it("finds an import that the table forbids", () => {
    assert.deepStrictEqual(
      violationsOf({
        "src/domain/Chain.ts": `\nimport { run } from "../engine/Traverser.ts"\nexport const x = run\n`,
        "src/engine/Traverser.ts": "export const run = 1\n"
      }),
      ["src/domain/Chain.ts:2: domain must not import engine (../engine/Traverser.ts)"]
    )
  })

  it.each([
    ["import type", `import type { Chain } from "../cli/Run.ts"\nexport type X = Chain\n`],
    ["a type's import()", `export type X = import("../cli/Run.ts").Chain\n`],
    ["export from", `export { Chain } from "../cli/Run.ts"\nexport const x = 1\n`],
    ["a dynamic import", `export const x = import("../cli/Run.ts")\n`]
  ])("counts %s", (_, text) => {
    assert.deepStrictEqual(
      violationsOf({ "src/cli/Run.ts": "export class Chain {}\n", "src/engine/Traverser.ts": text }),
      [
        "src/engine/Traverser.ts:1: engine must not import cli (../cli/Run.ts)"
      ]
    )
  })

  it("finds a cycle of types", () => {
    assert.deepStrictEqual(
      violationsOf({
        "src/engine/A.ts": `import type { B } from "./B.ts"\nexport type A = B\n`,
        "src/engine/B.ts": `import type { C } from "./C.ts"\nexport type B = C\n`,
        "src/engine/C.ts": `import type { A } from "./A.ts"\nexport type C = A | 1\n`
      }),
      ["src/engine/C.ts:1: import cycle: engine/A.ts → engine/B.ts → engine/C.ts → engine/A.ts"]
    )
  })

  it.each([
    ["effect's Graph by name", `import { Graph } from "effect"`, "effect/Graph, which Effect does not call stable"],
    ["effect/Graph", `import * as Graph from "effect/Graph"`, "effect/Graph, which Effect does not call stable"],
    ["effect/http", `import { HttpClient } from "effect/http"`, "effect/http, which Effect does not call stable"],
    ["a Node module", `import * as Fs from "node:fs"`, "Node's node:fs"],
    ["another package", `import { parse } from "yaml"`, "the package yaml"]
  ])("finds %s in the engine", (_, line, what) => {
    assert.deepStrictEqual(violationsOf({ "src/engine/A.ts": `${line}\nexport const x = 1\n` }), [
      `src/engine/A.ts:1: engine must not import ${what}`
    ])
  })

  it("finds a barrel that is no entry point", () => {
    assert.deepStrictEqual(violationsOf({ ...chain, "src/domain/index.ts": `export * from "./Chain.ts"\n` }), [
      "src/domain/index.ts:1: only re-exports; import from the files themselves"
    ])
  })

  it("finds a file outside of the rooms and an import that leads nowhere", () => {
    assert.deepStrictEqual(
      violationsOf({ "src/utils/A.ts": `import "../domain/Gone.ts"\nimport "../../test/B.ts"\n` }),
      [
        "src/utils/A.ts:1: no room is called utils; the rooms are in scripts/rooms.ts",
        "src/utils/A.ts:1: ../domain/Gone.ts is no file of the project; imports end in .ts",
        "src/utils/A.ts:2: ../../test/B.ts is outside of src"
      ]
    )
  })
})
