/**
 * A suspended chain on its way from one store to another: with a version, and checksums that show whether it has arrived as
 * it was sent, and if not, where it was altered.
 *
 * The checksums are of values, not of text: another layout, or another order of keys, is no alteration.
 *
 * @since 0.1.0
 */
import { createHash } from "node:crypto"
import type { SuspendedJobChain } from "../domain/JobChain.ts"

/** The word by which an envelope says what it is. */
export const format = "jobchain-export"
const version = 1

export interface Envelope {
  readonly format: typeof format
  readonly version: number
  /** ISO 8601. */
  readonly exportedAt: string
  readonly chain: SuspendedJobChain
  readonly checksums: Checksums
}

/** SHA-256 in hexadecimal. */
interface Checksums {
  /** Of everything but itself. */
  readonly all: string
  /** Of each part of the chain, by its path: the beginnings, enough to tell which one was altered. */
  readonly parts: Readonly<Record<string, string>>
}

/** What came out of an envelope. */
export interface Opened {
  /** Not looked at any further. */
  readonly chain: unknown
  /** What is not as it was sent, a line each; empty where all is. */
  readonly alterations: ReadonlyArray<string>
}

/** Puts a chain into an envelope. */
export const seal = (chain: SuspendedJobChain, exportedAt: Date): Envelope => {
  const parts = Object.fromEntries(partsOf(chain).map(([path, part]) => [path, partDigest(part)]))
  const head = { format, version, exportedAt: exportedAt.toISOString(), chain } as const
  return { ...head, checksums: { all: digest({ ...head, checksums: { parts } }), parts } }
}

/** Takes the chain out; throws an `Error` that says what is wrong where it cannot. */
export const open = (text: string): Opened => {
  const envelope: unknown = parse(text)
  if (!isObject(envelope) || envelope["format"] !== format) throw new Error("damaged: it is no exported chain")
  const { chain, checksums, ...head } = envelope
  if (head["version"] !== version) {
    const found = JSON.stringify(head["version"])
    throw new Error(`it has version ${found} of the format of exported chains, and this program knows ${version}`)
  }
  const { all, parts = {} } = isObject(checksums) ? checksums : {}
  if (all === digest({ ...head, chain, checksums: { parts } })) return { chain, alterations: [] }
  const found = alterationsOf(chain, isObject(parts) ? parts : {})
  return { chain, alterations: found.length > 0 ? found : ["what is around the chain: altered"] }
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Error(`damaged: ${(error as Error).message}`, { cause: error })
  }
}

const alterationsOf = (chain: unknown, sent: Readonly<Record<string, unknown>>): ReadonlyArray<string> => {
  const now = new Map(partsOf(chain))
  return [
    ...Array.from(now).flatMap(([path, part]) =>
      !Object.hasOwn(sent, path) ? [`${path}: added`] : sent[path] === partDigest(part) ? [] : [`${path}: altered`]
    ),
    ...Object.keys(sent).filter((path) => !now.has(path)).map((path) => `${path}: removed`)
  ]
}

/** The parts of a chain by their paths: each job, what comes after each, and every other field. */
const partsOf = (chain: unknown): ReadonlyArray<readonly [path: string, part: unknown]> =>
  entriesOf(chain).flatMap(([key, part]) =>
    key !== "jobChain" ? [[key, part] as const] : entriesOf(part).flatMap(([key, part]) => {
      const path = `jobChain.${key}`
      const isByJob = key === "jobs" || key === "adjacencyList"
      return isByJob && isObject(part)
        ? Object.entries(part).map(([id, one]) => [`${path}.${id}`, one] as const)
        : [[path, part] as const]
    })
  )

const entriesOf = (value: unknown): ReadonlyArray<readonly [string, unknown]> =>
  isObject(value) ? Object.entries(value).filter(([, part]) => part !== undefined) : []

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const partDigest = (value: unknown): string => digest(value).slice(0, 16)

const digest = (value: unknown): string => createHash("sha256").update(canonical(value)).digest("hex")

/** JSON with the keys of every object in order. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    isObject(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([left], [right]) => left < right ? -1 : 1))
      : inner) ?? ""
