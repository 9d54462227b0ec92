/**
 * A text that holds one value, and where in the text each part of the value stands.
 *
 * Each format makes one of these. Positions are looked for only when a fault needs them, by parsing the text once more, so
 * that reading a good text costs little beside its parser and nothing is kept of it.
 *
 * @since 0.1.0
 */
import type { Path } from "./SpecFault.ts"

export interface Document {
  readonly value: unknown
  /** Returns where a part of the value stands, or where it is missing; the place of its key where that is asked. */
  readonly positionOf: (path: Path, at: "key" | "value") => Position
}

/** Both counted from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** What is wrong with a text as such. */
export interface SyntaxFault extends Position {
  readonly message: string
}

/** A part of a text's value. Offsets are counted from 0. */
export interface Part {
  /** Where its key starts; `undefined` for elements of lists and for the whole. */
  readonly key: number | undefined
  readonly start: number
  /** Key or index → part, of a map or list; `undefined` for everything else. */
  readonly inside: (() => ReadonlyMap<string, Part>) | undefined
}

/** Returns a document of a text, whose parts are found when first asked for. */
export const make = (text: string, value: unknown, wholeOf: () => Part): Document => {
  let whole: Part | undefined
  let positionAt: ((offset: number) => Position) | undefined
  return {
    value,
    positionOf: (path, at) => {
      whole ??= wholeOf()
      positionAt ??= positionsIn(text)
      return positionAt(offsetOf(whole, path, at))
    }
  }
}

/** Maps and lists are pointed at by their key, which says more than the first thing in them. */
const offsetOf = (whole: Part, path: Path, at: "key" | "value"): number => {
  let part = whole
  for (const key of path) {
    const inner = part.inside?.().get(String(key))
    if (inner === undefined) return part.key ?? part.start
    part = inner
  }
  return at === "value" && part.inside === undefined ? part.start : part.key ?? part.start
}

/** Returns a part that holds others, which are looked for once, when first asked for. */
export const partWith = (
  { key, start }: Pick<Part, "key" | "start">,
  find: () => Iterable<readonly [key: string, part: Part]>
): Part => {
  let found: ReadonlyMap<string, Part> | undefined
  return { key, start, inside: () => found ??= new Map(find()) }
}

/** Returns a function from offsets in a text to positions. */
export const positionsIn = (text: string): (offset: number) => Position => {
  const lineStarts = [0]
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lineStarts.push(at + 1)
  return (offset) => {
    let low = 0
    let high = lineStarts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((lineStarts[middle] as number) <= offset) low = middle
      else high = middle
    }
    return { line: low + 1, column: offset - (lineStarts[low] as number) + 1 }
  }
}
