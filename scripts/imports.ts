/**
 * Finds what a TypeScript file imports and exports, types included, for the checks.
 */
import { type ESTree, parseSync } from "rolldown/utils"

export interface ImportedModule {
  readonly specifier: string
  /** Where it is in the text. */
  readonly start: number
  /** What is imported by name; empty for `import *` and for `import("…")`. */
  readonly names: ReadonlyArray<string>
}

/** Returns the syntax tree of a file, and throws at its first syntax error. */
export const parseProgram = (path: string, text: string): ESTree.Program => {
  const { errors, program } = parseSync(path, text, { lang: path.endsWith(".d.ts") ? "dts" : "ts" })
  if (errors[0] !== undefined) throw new Error(`${path}: ${errors[0].message}`)
  return program
}

/** Returns each import, `export … from`, `import("…")` and type `import("…").T` of a program. */
export const importsOf = (program: ESTree.Program): ReadonlyArray<ImportedModule> => {
  const found: Array<ImportedModule> = []
  visit(program, (node) => {
    const { source } = node
    if (!importing.has(node.type) || !isNode(source) || typeof source.value !== "string") return
    found.push({ specifier: source.value, start: source.start, names: namesOf(node) })
  })
  return found
}

const importing: ReadonlySet<string> = new Set([
  "ImportDeclaration",
  "ExportNamedDeclaration",
  "ExportAllDeclaration",
  "ImportExpression",
  "TSImportType"
])

interface Node {
  readonly type: string
  readonly start: number
  readonly [field: string]: unknown
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string"

const visit = (value: unknown, onNode: (node: Node) => void): void => {
  if (Array.isArray(value)) return value.forEach((element) => visit(element, onNode))
  if (!isNode(value)) return
  onNode(value)
  for (const field of Object.values(value)) visit(field, onNode)
}

const namesOf = (node: Node): ReadonlyArray<string> =>
  (Array.isArray(node.specifiers) ? node.specifiers : []).flatMap((specifier: Node) => {
    const name = node.type === "ExportNamedDeclaration" ? specifier.local : specifier.imported
    return isNode(name) ? [String(name.name ?? name.value)] : []
  })

/** Returns the names that a file of re-exports gives: those of `export * as A` and `export { B }`. */
export const exportsOf = (program: ESTree.Program): ReadonlyArray<string> =>
  program.body.flatMap((statement) => {
    if (statement.type === "ExportAllDeclaration") {
      return statement.exported === null
        ? []
        : [nameOf(statement.exported)]
    }
    if (statement.type !== "ExportNamedDeclaration") return []
    return statement.specifiers.map(({ exported }) => nameOf(exported))
  })

const nameOf = (name: ESTree.ModuleExportName): string => name.type === "Literal" ? name.value : name.name
