/**
 * Writes the JSON Schema of chain files, from the Schema that decodes them; `test/spec/schema.test.ts` compares the two.
 */
import { Schema } from "effect"
import { mkdirSync, writeFileSync } from "node:fs"
import * as Path from "node:path"
import { ChainSpec } from "../src/spec/ChainSpec.ts"

/** Where it is, from the project. */
export const file = "schema/chain-file.schema.json"

// Unknown keys are faults in a chain file, so editors mark them, too.
const { definitions, schema } = Schema.toJsonSchemaDocument(ChainSpec, { onExcessProperty: "error" })

export const text = `${
  JSON.stringify({ $schema: "https://json-schema.org/draft/2020-12/schema", ...schema, $defs: definitions }, null, 2)
}\n`

if (process.argv[1] === import.meta.filename) {
  const path = Path.join(import.meta.dirname, "..", file)
  mkdirSync(Path.dirname(path), { recursive: true })
  writeFileSync(path, text)
}
