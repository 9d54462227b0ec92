/**
 * Reads YAML 1.2: one document, with anchors and merge keys.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import {
  type Document as YamlAst,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap
} from "yaml"
import * as Document from "./Document.ts"

/** Reads a text. */
export const read = (text: string): Result.Result<Document.Document, ReadonlyArray<Document.SyntaxFault>> => {
  const ast = parse(text)
  const faults = [
    // An unknown tag is a warning to the parser, which drops it.
    ...[...ast.errors, ...ast.warnings].map(({ message, pos: [offset] }) => ({ offset, message: plain(message) })),
    ...repeatedKeys(ast.contents)
  ]
  const value = faults.length > 0 ? Result.fail(faults) : valueOf(ast)
  if (Result.isFailure(value)) {
    const positionAt = Document.positionsIn(text)
    return Result.fail(value.failure.map(({ message, offset }) => ({ ...positionAt(offset), message })))
  }
  return Result.succeed(Document.make(text, value.success, () => {
    const again = parse(text)
    return partOf(again, again.contents, undefined, 0)
  }))
}

type Ast = YamlAst.Parsed

// The parser's own search for repeated keys compares each with each; `repeatedKeys` looks at each once.
const parse = (text: string): Ast => parseDocument(text, { merge: true, prettyErrors: false, uniqueKeys: false })

const plain = (message: string): string => {
  if (/call stack/.test(message)) return "the values nest too deep"
  const sentence = message.replace(/; please use .*$/, "")
  return sentence.charAt(0).toLowerCase() + sentence.slice(1)
}

interface Fault {
  readonly offset: number
  readonly message: string
}

/** Aliases in aliases can make a small text a huge value. A chain needs few for each job. */
const aliasCountMax = 1_000_000

const valueOf = (ast: Ast): Result.Result<unknown, ReadonlyArray<Fault>> => {
  try {
    return Result.succeed(ast.toJS({ maxAliasCount: aliasCountMax }))
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error
    const dangling = danglingAliases(ast)
    return Result.fail(
      dangling.length > 0 ? dangling : [{ offset: 0, message: "the aliases make far too large a value" }]
    )
  }
}

/** An alias of what it stands in leads nowhere, too. */
const danglingAliases = (ast: Ast): ReadonlyArray<Fault> => {
  const faults: Array<Fault> = []
  const anchors = new Set<string>()
  visit(ast, {
    Alias: (_, alias, path) => {
      const isOpen = path.some((outer) => isCollection(outer) && outer.anchor === alias.source)
      if (anchors.has(alias.source) && !isOpen) return
      faults.push({ offset: startOf(alias), message: `there is no anchor "&${alias.source}" before this alias` })
    },
    Value: (_, { anchor }) => {
      if (anchor !== undefined) anchors.add(anchor)
    }
  })
  return faults
}

const repeatedKeys = (contents: Node | null): ReadonlyArray<Fault> => {
  const faults: Array<Fault> = []
  const open: Array<unknown> = [contents]
  for (let node = open.pop(); open.length > 0 || node !== undefined; node = open.pop()) {
    if (!isCollection(node)) continue
    const seen = new Set<string>()
    for (const item of node.items) {
      open.push(isPair(item) ? item.value : item)
      if (!isPair(item)) continue
      const key = keyOf(item)
      if (seen.has(key)) faults.push({ offset: startOf(item.key), message: `the key "${key}" stands twice in one map` })
      seen.add(key)
    }
  }
  return faults
}

const keyOf = (pair: Pair): string => isScalar(pair.key) ? String(pair.key.value ?? "") : String(pair.key)

const startOf = (node: unknown): number => (node as Node | null | undefined)?.range?.[0] ?? 0

/** Parts of an alias are found where its anchor is, parts of a merge key likewise. */
const partOf = (ast: Ast, node: unknown, key: number | undefined, around: number): Document.Part => {
  const target = isAlias(node) ? node.resolve(ast) : node
  const start = (node as Node | null)?.range?.[0] ?? key ?? around
  if (isMap(target)) {
    return Document.partWith({ key, start }, () =>
      pairsOf(ast, target).map((pair) => {
        const inner = startOf(pair.key)
        return [keyOf(pair), partOf(ast, pair.value, inner, inner)]
      }))
  }
  if (isSeq(target)) {
    return Document.partWith(
      { key, start },
      () => target.items.map((item, index) => [String(index), partOf(ast, item, undefined, start)])
    )
  }
  // Nothing at all stands nowhere: its key is nearer than the end of the line.
  const isNothing = target === null || (isScalar(target) && target.value === null && target.source === "")
  return { key, start: isNothing ? key ?? start : start, inside: undefined }
}

/** The pairs of a map, those it merges first, so that its own win. */
const pairsOf = (ast: Ast, map: YAMLMap): ReadonlyArray<Pair> => [
  ...map.items.filter((pair) => keyOf(pair) === "<<").flatMap(({ value }) => {
    const source = isAlias(value) ? value.resolve(ast) : value
    const sources = isSeq(source) ? source.items.map((item) => isAlias(item) ? item.resolve(ast) : item) : [source]
    return sources.toReversed().flatMap((merged) => isMap(merged) ? pairsOf(ast, merged) : [])
  }),
  ...map.items
]
