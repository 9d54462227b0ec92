/**
 * What a shell job appends to the file `JOBCHAIN_OUTPUT` to hand data on: `key=value` lines and JSON objects.
 *
 * Everything that can be read counts, in its order, later values over earlier ones; each line that cannot is a fault
 * that names it. Pure: `JobFiles` reads the file.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import type { JobData } from "../domain/JobData.ts"

export interface HandedOn {
  readonly data: JobData
  /** One sentence for each line, or object over several lines, that could not be read. */
  readonly faults: ReadonlyArray<string>
}

/** Nothing handed on. */
export const nothing: HandedOn = { data: {}, faults: [] }

/** Reads the file's text. */
export const parse = (text: string): HandedOn => {
  const values = new Map<string, unknown>()
  const faults: Array<string> = []
  const lines = text.split("\n").map((line) => line.endsWith("\r") ? line.slice(0, -1) : line)
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? ""
    if (line.trim() === "") continue
    const isObject = line.trimStart().startsWith("{")
    const last: number | undefined = isObject ? endOfObject(lines, at) : at
    const read = last === undefined
      ? Result.fail("the JSON object that begins here has no end")
      : isObject
      ? entriesOf(lines.slice(at, last + 1).join("\n"))
      : entryOf(line)
    if (Result.isFailure(read)) faults.push(`JOBCHAIN_OUTPUT line ${at + 1}: ${read.failure}`)
    else for (const [key, value] of read.success) values.set(key, value)
    // What comes after an object without an end may be part of it, and cannot be told from the rest.
    at = last ?? lines.length
  }
  // From entries, so that a key such as `__proto__` stays a key.
  return { data: Object.fromEntries(values), faults }
}

type Entries = ReadonlyArray<readonly [string, unknown]>

/** Returns the line on which the object that begins on line `from` closes its last brace. */
const endOfObject = (lines: ReadonlyArray<string>, from: number): number | undefined => {
  let depth = 0
  for (let at = from; at < lines.length; at++) {
    depth += depthOf(lines[at] ?? "")
    if (depth <= 0) return at
  }
  return undefined
}

/** Returns how many braces a line opens more than it closes; those in strings do not count. */
const depthOf = (line: string): number => {
  let depth = 0
  // A JSON string never goes over the end of its line.
  for (const [token] of line.matchAll(/"(?:[^"\\]|\\.)*"?|[{}]/g)) {
    if (token === "{") depth++
    else if (token === "}") depth--
  }
  return depth
}

const entriesOf = (json: string): Result.Result<Entries, string> =>
  Result.try({
    try: () => Object.entries(JSON.parse(json) as object),
    catch: (error) => `not a JSON object: ${(error as SyntaxError).message}`
  })

const keyAndValue = /^([\p{L}\p{N}_.-]+)=(.*)$/su

const entryOf = (line: string): Result.Result<Entries, string> => {
  const [, key, value] = keyAndValue.exec(line) ?? []
  return key === undefined
    ? Result.fail(`expected key=value or a JSON object, got ${JSON.stringify(shorten(line))}`)
    : Result.succeed([[key, value]])
}

const shorten = (line: string): string => line.length > 80 ? `${line.slice(0, 79)}…` : line
