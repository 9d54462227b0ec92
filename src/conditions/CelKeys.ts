/**
 * Which keys of job data a condition in CEL looks at, as far as its text says.
 *
 * @since 0.1.0
 */
import type { ASTNode } from "@marcbachmann/cel-js"
import type { ConditionKeys } from "../engine/Conditions.ts"

/** Returns the keys of an expression; `undefined` where it looks at data as a whole, and so at any key. */
export const make = (expression: ASTNode): ConditionKeys | undefined => {
  const found: Found = { asked: new Set(), taken: new Set(), isWhole: false }
  visit(found, expression, false)
  if (found.isWhole) return undefined
  // Who asks for a key somewhere takes it only where it is there.
  return {
    needs: [...found.taken].filter((key) => !found.asked.has(key)),
    reads: [...new Set([...found.taken, ...found.asked])]
  }
}

interface Found {
  /** Keys of which it only asks whether they are there, or that may be missing. */
  readonly asked: Set<string>
  readonly taken: Set<string>
  isWhole: boolean
}

/** `isAsking` is whether the node stands in `has(…)`. */
const visit = (found: Found, node: ASTNode, isAsking: boolean): void => {
  const selected = selectionOf(node)
  if (selected !== undefined) {
    const { isOptional, key } = selected
    const keys = isAsking || isOptional ? found.asked : found.taken
    keys.add(key)
    return
  }
  if (isData(node)) found.isWhole = true
  const isHas = node.op === "call" && node.args[0] === "has"
  for (const inner of nodesIn(node.args)) visit(found, inner, isAsking || isHas)
}

interface Selection {
  readonly key: string
  readonly isOptional: boolean
}

/** `data.key`, `data["key"]`, both also with `?`, and `"key" in data`. */
const selectionOf = (node: ASTNode): Selection | undefined => {
  switch (node.op) {
    case ".":
    case ".?":
      return isData(node.args[0]) ? { key: node.args[1], isOptional: node.op === ".?" } : undefined
    case "[]":
    case "[?]":
      return selectionBy(node.args[1], node.args[0], node.op === "[?]")
    case "in":
      return selectionBy(node.args[0], node.args[1], true)
    default:
      return undefined
  }
}

const selectionBy = (key: ASTNode, of: ASTNode, isOptional: boolean): Selection | undefined =>
  isData(of) && key.op === "value" && typeof key.args === "string" ? { key: key.args, isOptional } : undefined

const isData = (node: ASTNode): boolean => node.op === "id" && node.args === "data"

const nodesIn = (args: unknown): ReadonlyArray<ASTNode> => {
  if (Array.isArray(args)) return args.flatMap(nodesIn)
  return typeof args === "object" && args !== null && "op" in args ? [args as ASTNode] : []
}
