/**
 * Job data: the JSON object that jobs hand to the jobs after them.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/** Schema for job data: any JSON object. */
export const JobData = Schema.Record(Schema.String, Schema.Unknown)
/** A snapshot of a job's data. Values are shared, not copied: they are never changed in place. */
export type JobData = Readonly<Record<string, unknown>>

/** No data. */
export const empty: JobData = Object.freeze({})

/** Returns whether two snapshots hold the same values under the same keys, by identity of the values. */
export const same = (left: JobData, right: JobData): boolean => {
  if (left === right) return true
  const keys = Object.keys(left)
  if (keys.length !== Object.keys(right).length) return false
  return keys.every((key) => Object.hasOwn(right, key) && Object.is(left[key], right[key]))
}

/** Puts values under their keys into data that nobody else has yet, and returns it. Under `__proto__`, too, like any other. */
export const assign = (data: Record<string, unknown>, values: JobData | undefined): Record<string, unknown> => {
  // Assigned, `__proto__` would not be set but change what kind of object it is.
  if (values === undefined || !Object.hasOwn(values, "__proto__")) return Object.assign(data, values)
  for (const [key, value] of Object.entries(values)) {
    Object.defineProperty(data, key, { value, enumerable: true, configurable: true, writable: true })
  }
  return data
}
