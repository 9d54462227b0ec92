/**
 * Looks whether a value has the shape of a `ChainSpec`, and nothing else.
 *
 * `SpecDecoder` asks here first: the schema takes many times as long, and says what is wrong, which seldom anything is. What
 * fits here is its own decoding. A shape that is not known here is no fault: it is left to the schema.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as GoDuration from "../domain/GoDuration.ts"
import { type ChainSpec, isVariable } from "./ChainSpec.ts"

/** Returns whether a value surely is a spec. */
export const fits = (value: unknown): value is ChainSpec => isPlain(value) && has(value, "jobs") && keep(value, ofChain)

type Rule = (value: unknown) => boolean
type Rules = ReadonlyMap<string, Rule>

// By `for … in`, here and below: it makes no list of the keys, which is most of what looking at a small object costs.
const keep = (value: Plain, rules: Rules): boolean => {
  for (const key in value) {
    const rule = rules.get(key)
    if (rule === undefined || !rule(value[key])) return false
  }
  return true
}

type Plain = Readonly<Record<string, unknown>>

/** Others may have keys that are not their own, which `for … in` would find. */
const isPlain = (value: unknown): value is Plain => {
  if (typeof value !== "object" || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

const has = (value: Plain, key: string): boolean => value[key] !== undefined

const isText: Rule = (value) => typeof value === "string"

const isNonEmptyText: Rule = (value) => typeof value === "string" && value !== ""

const isNeeds: Rule = (value) => typeof value === "string" || (Array.isArray(value) && value.every(isText))

const isCount: Rule = (value) => Number.isSafeInteger(value) && (value as number) >= 0

const isWait: Rule = (value) => typeof value === "string" && (GoDuration.parse(value) ?? -1) >= 0

const keepAll = (value: Plain, rule: Rule): boolean => {
  for (const key in value) if (!rule(value[key])) return false
  return true
}

const isObject: Rule = (value) => isPlain(value) && keepAll(value, isJson)

const isJson: Rule = (value) => {
  if (typeof value === "object") return value === null || isJsonTree(value)
  return typeof value === "string" || typeof value === "boolean" || Number.isFinite(value)
}

const isJsonTree = Schema.is(Schema.Json)

const isJobs: Rule = (value) => {
  if (!isPlain(value)) return false
  let count = 0
  for (const name in value) {
    if (!isEntry(value[name])) return false
    count++
  }
  return count > 0
}

const isEntry: Rule = (value) => {
  if (!isPlain(value)) return false
  if (has(value, "run")) return keep(value, ofCommand)
  return has(value, "type") ? keep(value, ofJob) : has(value, "sequence") && keep(value, ofSequence)
}

const isList: Rule = (value) => isNonEmptyText(value) || (Array.isArray(value) && isJsonTree(value))

const isEach: Rule = (value) => isList(value) || (isPlain(value) && has(value, "of") && keep(value, ofEach))

const ofEach: Rules = new Map([
  ["of", isList],
  ["as", (value) => typeof value === "string" && isVariable(value)],
  ["key", isNonEmptyText],
  ["parallel", (value) => isCount(value) && value !== 0]
])

const common: ReadonlyArray<readonly [key: string, rule: Rule]> = [
  ["needs", isNeeds],
  ["when", isNonEmptyText],
  ["each", isEach],
  ["retry", isCount],
  ["retryWait", isWait]
]

const isLimit: Rule = (value) => typeof value === "string" && (GoDuration.parse(value) ?? 0) > 0

const isBetween = (least: number, most: number): Rule => (value) =>
  typeof value === "number" && value >= least && value <= most

const isNumberOfJobs: Rule = (value) => isCount(value) && value !== 0

const isJobsByName: Rule = (value) => isPlain(value) && keepAll(value, isNumberOfJobs)

const isMapOf = (rules: Rules): Rule => (value) => isPlain(value) && keep(value, rules)

const isRetryPolicy = isMapOf(
  new Map([
    ["factor", isBetween(1, Number.MAX_VALUE)],
    ["maxWait", isWait],
    ["jitter", isBetween(0, 1)],
    ["maxElapsed", isLimit],
    ["exits", (value) => Array.isArray(value) && value.every(Number.isSafeInteger)],
    ["errors", (value) => Array.isArray(value) && value.every(isText)]
  ])
)

const ofAnyJob: typeof common = [
  ...common,
  ["name", isNonEmptyText],
  ["data", isObject],
  ["retryPolicy", isRetryPolicy],
  ["timeout", isLimit],
  ["totalTimeout", isLimit],
  ["stopGrace", isWait],
  ["stopTimeout", isLimit],
  ["priority", Number.isSafeInteger],
  ["concurrencyKey", isNonEmptyText]
]

const ofCommand: Rules = new Map([...ofAnyJob, ["run", isNonEmptyText]])

const ofJob: Rules = new Map([...ofAnyJob, ["type", isNonEmptyText], ["args", isObject]])

const ofSequence: Rules = new Map([
  ...common,
  ["retryPolicy", isRetryPolicy],
  ["timeout", isLimit],
  ["siblings", (value) => value === "interrupt" || value === "finish"],
  ["sequence", isJobs]
])

const isLimits = isMapOf(new Map([["jobs", isNumberOfJobs], ["types", isJobsByName], ["keys", isJobsByName]]))

const ofChain: Rules = new Map([
  ["$schema", isText],
  ["name", isNonEmptyText],
  ["timeout", isLimit],
  ["limits", isLimits],
  ["jobs", isJobs]
])
