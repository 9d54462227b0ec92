/**
 * The items of a list that a fan-out goes over, each with the key that tells it from the others and stands in job ids.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"

export interface Item {
  readonly key: string
  readonly value: unknown
}

/** What is wrong with a list: with one item of it, or with all of it. */
export interface BadItem {
  readonly place: number | undefined
  readonly message: string
}

/** Each item becomes jobs, which are all made at once. */
export const itemsMax = 10_000

/**
 * Returns the items of a list, or everything that is wrong with it. A list may be given as JSON text, which is what a command
 * can say.
 *
 * Texts, numbers and booleans are their own keys. Other items are named by their field `keyField`, or where there is none by
 * their place, from 0.
 */
export const read = (
  given: unknown,
  keyField?: string | null
): Result.Result<ReadonlyArray<Item>, ReadonlyArray<BadItem>> => {
  const list = typeof given === "string" ? parsed(given) : given
  if (!Array.isArray(list)) return all(`expected a list, got ${kindOf(list)}`)
  if (list.length > itemsMax) return all(`expected at most ${itemsMax} items, got ${list.length}`)
  const faults: Array<BadItem> = []
  const places = new Map<string, number>()
  const items = list.map((value: unknown, place): Item => {
    const key = keyOf(value, place, keyField ?? undefined)
    const message = key === undefined
      ? `the item has no field "${keyField}" with a text or number`
      : explainKey(key, places.get(key))
    if (message !== undefined) faults.push({ place, message })
    places.set(key ?? "", place)
    return { key: key ?? "", value }
  })
  return faults.length > 0 ? Result.fail(faults) : Result.succeed(items)
}

const parsed = (text: string): unknown => {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : text
  } catch {
    return text
  }
}

const all = (message: string) => Result.fail([{ place: undefined, message }])

const kindOf = (value: unknown): string =>
  value === undefined || value === null
    ? "nothing"
    : typeof value === "object"
    ? "a map"
    : typeof value === "string"
    ? "a text that is no list in JSON"
    : `a ${typeof value}`

const keyOf = (value: unknown, place: number, keyField: string | undefined): string | undefined => {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return String(value)
  if (keyField === undefined) return String(place)
  const key = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[keyField] : undefined
  return typeof key === "string" || typeof key === "number" ? String(key) : undefined
}

const keyLengthMax = 100

// Brackets end a key in a job id; control characters would break the lines that ids stand in.
// oxlint-disable-next-line no-control-regex -- They are what is looked for.
const unfit = /[[\]\u0000-\u001f\u007f]/

const explainKey = (key: string, before: number | undefined): string | undefined => {
  if (key === "" || key.length > keyLengthMax || unfit.test(key)) {
    const shown = JSON.stringify(key.slice(0, keyLengthMax))
    return `${shown} cannot name an item: expected 1 to ${keyLengthMax} characters other than brackets and control characters`
  }
  return before === undefined ? undefined : `${JSON.stringify(key)} names the item with number ${before + 1}, too`
}
