/**
 * The keys that a schema of job data names, as they are in the data: before they are decoded.
 *
 * @since 0.1.0
 */
import type * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"

export interface SchemaKeys {
  /** Keys that must be there. */
  readonly required: ReadonlyArray<string>
  /** The required ones and those that may be there. */
  readonly all: ReadonlyArray<string>
}

/** Returns the keys of a schema; `undefined` where it names none, or takes others beside them. */
export const make = (schema: Schema.Constraint): SchemaKeys | undefined => {
  const ast = SchemaAST.toEncoded(schema.ast)
  if (ast._tag !== "Objects" || ast.indexSignatures.length > 0) return undefined
  return {
    required: ast.propertySignatures.filter(({ type }) => !SchemaAST.isOptional(type)).map(nameOf),
    all: ast.propertySignatures.map(nameOf)
  }
}

const nameOf = ({ name }: SchemaAST.PropertySignature): string => String(name)
