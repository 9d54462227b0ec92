/**
 * What is wrong with a chain as people write it, and where: for `ChainFile` a line and column, for `ChainBuilder` a path.
 *
 * @since 0.1.0
 */
import leven, { closestMatch } from "leven"
import type { FaultKind } from "../domain/Validation.ts"

/** Where in a value: keys of maps and positions in lists, from the outside in. */
export type Path = ReadonlyArray<string | number>

export interface SpecFault {
  readonly kind: FaultKind
  readonly path: Path
  /** What is wrong: the key that the path ends with, or what stands there. */
  readonly at: "key" | "value"
  readonly message: string
  /** What was probably meant. */
  readonly hint?: string | undefined
  /** Whether the message says by itself what it is about, and needs no key before it. */
  readonly whole?: boolean
}

/** Returns the faults, each path and message once. */
export const unique = (faults: ReadonlyArray<SpecFault>): ReadonlyArray<SpecFault> => [
  ...new Map(faults.map((fault) => [JSON.stringify([fault.path, fault.message]), fault])).values()
]

/** Returns a value as messages show it, in a few words. */
export const show = (value: unknown): string => {
  if (typeof value === "object" && value !== null) {
    const kind = Array.isArray(value) ? "list" : "map"
    const keys = Object.keys(value)
    if (keys.length === 0) return `an empty ${kind}`
    return kind === "list"
      ? "a list"
      : `a map with ${keys.slice(0, 3).map(show).join(", ")}${keys.length > 3 ? ", …" : ""}`
  }
  if (typeof value !== "string") return String(value)
  return JSON.stringify(value.length > shownMax ? `${value.slice(0, shownMax)}…` : value)
}

/** Longer texts in messages are cut: they are to be found, not to be read. */
const shownMax = 60

/** Returns the candidate that was probably meant by a misspelt word, if there is one. */
export const meant = (word: string, candidates: Iterable<string>): string | undefined => {
  const known = [...candidates].filter((candidate) => candidate !== word)
  const plain = plainly(word)
  const same = known.find((candidate) => plainly(candidate) === plain)
  if (same !== undefined) return same
  // Two of five letters: as much as two swapped ones.
  const maxDistance = Math.min(3, Math.ceil(word.length * 0.4))
  // A short word is as near to any other short one.
  const near = known.filter((candidate) => leven(word, candidate, { maxDistance }) < candidate.length)
  return closestMatch(word, near, { maxDistance })
}

const plainly = (word: string): string => word.toLowerCase().replaceAll(/[-_. ]/g, "")

/** Returns the hint for a misspelt word. */
export const didYouMean = (word: string, candidates: Iterable<string>): string | undefined => {
  const known = meant(word, candidates)
  return known === undefined ? undefined : `did you mean "${known}"?`
}
