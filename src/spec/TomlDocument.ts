/**
 * Reads TOML 1.0. Dates and times are kept as the text they are written in, since JSON has none.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import { type AST, ParseError, parseTOML } from "toml-eslint-parser"
import * as Document from "./Document.ts"

/** Reads a text. */
export const read = (text: string): Result.Result<Document.Document, ReadonlyArray<Document.SyntaxFault>> => {
  try {
    const value = valueOf(tableOf(text))
    return Result.succeed(Document.make(text, value, () => partOf(tableOf(text))))
  } catch (error) {
    if (!(error instanceof ParseError)) throw error
    const message = error.message.charAt(0).toLowerCase() + error.message.slice(1)
    return Result.fail([{ line: error.lineNumber, column: error.column + 1, message }])
  }
}

/** A value and where it stands. The parser's own way to values follows a key `__proto__` into the prototype of all objects. */
type Branch = Leaf | Table | List

interface Place {
  readonly key: number | undefined
  readonly start: number
}

interface Leaf extends Place {
  readonly kind: "leaf"
  readonly value: unknown
}

interface Table extends Place {
  readonly kind: "table"
  readonly inside: Map<string, Branch>
}

interface List extends Place {
  readonly kind: "list"
  readonly inside: Array<Branch>
}

const valueOf = (branch: Branch): unknown => {
  if (branch.kind === "leaf") return branch.value
  if (branch.kind === "list") return branch.inside.map(valueOf)
  return Object.fromEntries([...branch.inside].map(([key, inner]) => [key, valueOf(inner)]))
}

const partOf = (branch: Branch): Document.Part => {
  const { inside, key, start } = branch.kind === "leaf" ? { ...branch, inside: undefined } : branch
  if (inside === undefined) return { key, start, inside }
  const entries = Array.isArray(inside) ? inside.map((inner, index) => [String(index), inner] as const) : [...inside]
  return Document.partWith({ key, start }, () => entries.map(([name, inner]) => [name, partOf(inner)] as const))
}

const tableOf = (text: string): Table => {
  const whole: Table = { kind: "table", key: undefined, start: 0, inside: new Map() }
  const [{ body }] = parseTOML(text, { tomlVersion: "1.0" }).body
  for (const node of body) {
    if (node.type === "TOMLKeyValue") addKeyValue(whole, node)
    else for (const inner of node.body) addKeyValue(headed(whole, node), inner)
    if (node.type === "TOMLTable" && node.body.length === 0) headed(whole, node)
  }
  return whole
}

/** Tables a header names last, by their header: a header of an array makes a new one once, not for each of its keys. */
const headed = (whole: Table, node: AST.TOMLTable): Table => {
  const { keys } = node.key
  const last = keys.at(-1) as AST.TOMLBare | AST.TOMLQuoted
  const outer = keys.slice(0, -1).reduce(open, whole)
  if (node.kind === "standard") return open(outer, last)
  const list = openList(outer, last)
  const start = offsetOf(node)
  const known = list.inside.find((table): table is Table => table.kind === "table" && table.start === start)
  if (known !== undefined) return known
  const table: Table = { kind: "table", key: undefined, start, inside: new Map() }
  list.inside.push(table)
  return table
}

/** Returns the table of a key, and makes it where there is none; of a list of tables, the last one. */
const open = (outer: Table, key: AST.TOMLBare | AST.TOMLQuoted): Table => {
  const name = nameOf(key)
  const known = outer.inside.get(name)
  if (known?.kind === "table") return known
  const last = known?.kind === "list" ? known.inside.at(-1) : undefined
  if (last?.kind === "table") return last
  const table: Table = { kind: "table", key: offsetOf(key), start: offsetOf(key), inside: new Map() }
  outer.inside.set(name, table)
  return table
}

const openList = (outer: Table, key: AST.TOMLBare | AST.TOMLQuoted): List => {
  const known = outer.inside.get(nameOf(key))
  if (known?.kind === "list") return known
  const list: List = { kind: "list", key: offsetOf(key), start: offsetOf(key), inside: [] }
  outer.inside.set(nameOf(key), list)
  return list
}

const addKeyValue = (table: Table, { key: { keys }, value }: AST.TOMLKeyValue): void => {
  const last = keys.at(-1) as AST.TOMLBare | AST.TOMLQuoted
  keys.slice(0, -1).reduce(open, table).inside.set(nameOf(last), branchOf(value, offsetOf(last)))
}

const branchOf = (node: AST.TOMLContentNode, key: number | undefined): Branch => {
  const place = { key, start: offsetOf(node) }
  if (node.type === "TOMLArray") {
    return { kind: "list", ...place, inside: node.elements.map((element) => branchOf(element, undefined)) }
  }
  if (node.type === "TOMLInlineTable") {
    const table: Table = { kind: "table", ...place, inside: new Map() }
    for (const inner of node.body) addKeyValue(table, inner)
    return table
  }
  return { kind: "leaf", ...place, value: "datetime" in node ? node.datetime : node.value }
}

const nameOf = (key: AST.TOMLBare | AST.TOMLQuoted): string => key.type === "TOMLBare" ? key.name : key.value

const offsetOf = ({ range }: AST.TOMLNode): number => range[0]
