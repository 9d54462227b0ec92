/**
 * Turns what Schema says about a value into faults, one for each place, with a hint for each misspelt key.
 *
 * @since 0.1.0
 */
import type * as SchemaAST from "effect/SchemaAST"
import * as SchemaIssue from "effect/SchemaIssue"
import { didYouMean, meant, type Path, show, type SpecFault, unique } from "./SpecFault.ts"

/** Says which member of a union a value was meant to be, where several are possible. */
export type Choose = (union: SchemaAST.Union, value: unknown) => SchemaAST.AST | undefined

/** Returns the faults that an issue about `value` consists of. */
export const make = (issue: SchemaIssue.Issue, value: unknown, choose: Choose): ReadonlyArray<SpecFault> =>
  unique(walk(issue, { path: [], value, choose }))

interface Place {
  readonly path: Path
  readonly value: unknown
  readonly choose: Choose
}

const walk = (issue: SchemaIssue.Issue, place: Place): ReadonlyArray<SpecFault> => {
  switch (issue._tag) {
    case "Pointer":
      return walk(issue.issue, issue.path.reduce(step, place))
    case "Encoding":
      return walk(issue.issue, place)
    case "Composite":
      return withoutGuesses(issue.issues).flatMap((inner) => walk(inner, place))
    case "AnyOf":
      return anyOf(issue, place)
    case "Filter":
      return issue.issue._tag === "Pointer" ? walk(issue.issue, place) : [wrong(issue, place)]
    default:
      return [wrong(issue, place)]
  }
}

const step = ({ choose, path, value }: Place, key: PropertyKey): Place => ({
  choose,
  path: [...path, typeof key === "symbol" ? String(key) : key],
  value: (value as Readonly<Record<PropertyKey, unknown>> | null | undefined)?.[key]
})

const anyOf = (issue: SchemaIssue.AnyOf, place: Place): ReadonlyArray<SpecFault> => {
  const { ast, issues } = issue
  if (issues.length === 1) return issues.flatMap((inner) => walk(inner, place))
  const member = place.choose(ast, place.value)
  const chosen = issues.find((inner) => "ast" in inner && inner.ast === member)
  return chosen === undefined ? [wrong(new SchemaIssue.AnyOf(ast, []), place)] : walk(chosen, place)
}

/** A key that is missing because it is misspelt is one fault, not two. */
const withoutGuesses = (issues: ReadonlyArray<SchemaIssue.Issue>): ReadonlyArray<SchemaIssue.Issue> => {
  const guesses = new Set(issues.flatMap((issue) => {
    if (issue._tag !== "Pointer" || issue.issue._tag !== "UnexpectedKey") return []
    return [meant(String(issue.path[0]), keysOf(issue.issue.ast))]
  }))
  return issues.filter((issue) =>
    issue._tag !== "Pointer" || issue.issue._tag !== "MissingKey" || !guesses.has(String(issue.path[0]))
  )
}

const wrong = (issue: SchemaIssue.Issue, { path, value }: Place): SpecFault => {
  const key = String(path.at(-1))
  if (issue._tag === "UnexpectedKey") {
    const keys = keysOf(issue.ast)
    const hint = didYouMean(key, keys) ?? `the keys here are ${keys.join(", ")}`
    return { kind: "malformed", path, at: "key", message: `unknown key "${key}"`, hint }
  }
  if (issue._tag === "MissingKey") {
    return { kind: "malformed", path: path.slice(0, -1), at: "value", message: `"${key}" is missing` }
  }
  return { kind: "malformed", path, at: "value", message: `${expected(issue)}, got ${show(value)}` }
}

const keysOf = (ast: SchemaAST.AST): ReadonlyArray<string> =>
  ast._tag === "Objects" ? ast.propertySignatures.map(({ name }) => String(name)) : []

const expected = (issue: SchemaIssue.Issue): string => {
  const annotated = "ast" in issue ? issue.ast.annotations?.expected : undefined
  if (typeof annotated === "string") return `expected ${annotated}`
  const message = format(issue).issues[0]?.message ?? "Expected something else"
  return message.charAt(0).toLowerCase() + message.slice(1)
}

const format = SchemaIssue.makeFormatterStandardSchemaV1()
