/**
 * Reads JSON by `JSON.parse`; a second parser, which knows positions, is asked when there is something to say.
 *
 * @since 0.1.0
 */
import { type MemberNode, parse as parseAst, type ValueNode } from "@humanwhocodes/momoa"
import * as Result from "effect/Result"
import * as Document from "./Document.ts"

/** Reads a text. */
export const read = (text: string): Result.Result<Document.Document, ReadonlyArray<Document.SyntaxFault>> => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return Result.fail([explain(text, error)])
  }
  // `JSON.parse` keeps the last of several members with one key, which would lose jobs in silence.
  const repeated = countKeysIn(text) === countKeysOf(value) ? [] : repeatedKeys(text)
  return repeated.length > 0
    ? Result.fail(repeated)
    : Result.succeed(Document.make(text, value, () => partOf(parse(text), undefined)))
}

const parse = (text: string): ValueNode => parseAst(text, { mode: "json" }).body

const explain = (text: string, error: unknown): Document.SyntaxFault => {
  const positionAt = Document.positionsIn(text)
  try {
    parse(text)
  } catch (placed) {
    const { message, offset } = placed as { readonly message?: string; readonly offset?: number }
    if (/end of input/.test(message ?? "")) return { ...positionAt(text.length), message: "the text ends too early" }
    if (offset !== undefined) return { ...positionAt(offset), message: `unexpected ${tokenAt(text, offset)}` }
  }
  // Where the second parser is more lenient, or gives up, the words of the first must do.
  const { message } = error as Error
  const [shown = "", line = 1, column = 1] = / \(line (\d+) column (\d+)\)$/.exec(message) ?? []
  return { line: Number(line), column: Number(column), message: message.slice(0, message.length - shown.length) }
}

const tokenAt = (text: string, offset: number): string =>
  /^(?:"(?:[^"\\\n]|\\.)*"|[\w.+-]+|.)/su.exec(text.slice(offset, offset + 40))?.[0] ?? "text"

const quote = 0x22
const colon = 0x3a
const backslash = 0x5c

/** Counts the members of all objects of a text that is JSON: the strings before a colon. */
const countKeysIn = (text: string): number => {
  let count = 0
  for (let open = text.indexOf("\""); open >= 0; open = text.indexOf("\"", open)) {
    let close = text.indexOf("\"", open + 1)
    while (isEscaped(text, close)) close = text.indexOf("\"", close + 1)
    open = close + 1
    while (text.charCodeAt(open) <= 0x20) open++
    if (text.charCodeAt(open) === colon) count++
    if (text.charCodeAt(open) !== quote) open++
  }
  return count
}

const isEscaped = (text: string, offset: number): boolean => {
  let start = offset
  while (text.charCodeAt(start - 1) === backslash) start--
  return (offset - start) % 2 === 1
}

const countKeysOf = (value: unknown): number => {
  if (typeof value !== "object" || value === null) return 0
  let count = 0
  if (Array.isArray(value)) {
    for (const element of value) if (typeof element === "object") count += countKeysOf(element)
    return count
  }
  // Without a list of the keys or values, which for 100,000 members takes longer than all the rest.
  for (const key in value) {
    count++
    const member: unknown = value[key as never]
    if (typeof member === "object") count += countKeysOf(member)
  }
  return count
}

const repeatedKeys = (text: string): ReadonlyArray<Document.SyntaxFault> => {
  const positionAt = Document.positionsIn(text)
  const faults: Array<Document.SyntaxFault> = []
  const open = [parse(text)]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.type === "Array") { for (const element of node.elements) open.push(element.value) }
    if (node.type !== "Object") continue
    const seen = new Set<string>()
    for (const member of node.members) {
      const key = keyOf(member)
      if (seen.has(key)) {
        const place = positionAt(member.name.loc.start.offset)
        faults.push({ ...place, message: `the key "${key}" stands twice in one object` })
      }
      seen.add(key)
      open.push(member.value)
    }
  }
  return faults
}

const keyOf = ({ name }: MemberNode): string => name.type === "String" ? name.value : name.name

const partOf = (node: ValueNode, key: number | undefined): Document.Part => {
  const start = node.loc.start.offset
  if (node.type === "Object") {
    return Document.partWith(
      { key, start },
      () => node.members.map((member) => [keyOf(member), partOf(member.value, member.name.loc.start.offset)])
    )
  }
  if (node.type === "Array") {
    return Document.partWith(
      { key, start },
      () => node.elements.map(({ value }, index) => [String(index), partOf(value, undefined)])
    )
  }
  return { key, start, inside: undefined }
}
