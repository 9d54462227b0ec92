/**
 * Writes the JSON Schema of chain files, from the Schema that decodes them. `--check` only says whether it is up to date.
 */
import { Schema } from "effect"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import * as Path from "node:path"
import { ChainSpec } from "../src/spec/ChainSpec.ts"

const path = Path.join(import.meta.dirname, "../schema/chain-file.schema.json")
const { definitions, schema } = Schema.toJsonSchemaDocument(ChainSpec)
const text = `${
  JSON.stringify({ $schema: "https://json-schema.org/draft/2020-12/schema", ...schema, $defs: definitions }, null, 2)
}\n`

if (!process.argv.includes("--check")) {
  mkdirSync(Path.dirname(path), { recursive: true })
  writeFileSync(path, text)
} else if (!existsSync(path) || readFileSync(path, "utf8") !== text) {
  console.error(`${path} is not up to date: run "npm run schema"`)
  process.exitCode = 1
}
