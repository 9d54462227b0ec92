/**
 * A row that does not hold what the store has put there.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/** What a row of the store says makes no sense: somebody else has changed it, or the disk has. */
export class DamagedRow extends Schema.TaggedError<DamagedRow>()("DamagedRow", {
  table: Schema.String,
  requestId: Schema.String,
  /** The job it belongs to; absent where it belongs to the whole chain. */
  jobId: Schema.optionalKey(Schema.String),
  reason: Schema.String
}) {
  override get message(): string {
    const whose = this.jobId === undefined ? "" : `job "${this.jobId}" of `
    return `The row of ${whose}request "${this.requestId}" in table ${this.table} is damaged: ${this.reason}`
  }
}

export interface Place {
  readonly table: string
  readonly requestId: string
  readonly jobId?: string
}

/** Reads a JSON object; throws a `DamagedRow`. */
export const jsonObject = (text: string, place: Place): Readonly<Record<string, unknown>> => {
  const value = json(text, place)
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new DamagedRow({ ...place, reason: `expected a JSON object, found ${shortened(text)}` })
  }
  return value as Readonly<Record<string, unknown>>
}

/** Reads a JSON array of strings, or `null`; throws a `DamagedRow`. */
export const jsonStrings = (text: string, place: Place): ReadonlyArray<string> | null => {
  const value = json(text, place)
  if (value === null || (Array.isArray(value) && value.every((item) => typeof item === "string"))) return value
  throw new DamagedRow({ ...place, reason: `expected an array of job ids, found ${shortened(text)}` })
}

const json = (text: string, place: Place): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new DamagedRow({ ...place, reason: `${(error as Error).message}, in ${shortened(text)}` })
  }
}

const shortened = (text: string): string => text.length <= 80 ? text : `${text.slice(0, 80)}…`
