/**
 * Compares what came of a vector with what it expects: only the keys it has, lists whole.
 */
import type { SuspendedJobChain } from "../../src/domain/JobChain.ts"

/** Returns every difference, each with its place; an empty list when all is as expected. */
export const differences = (
  expected: Readonly<Record<string, unknown>>,
  actual: Readonly<Record<string, unknown>>
): ReadonlyArray<string> =>
  Object.entries(expected).flatMap(([key, value]) => {
    if (key === "jobLogs") return differencesInList(key, value, actual[key], subset)
    if (key === "suspendRequests") return differencesInList(key, value, actual[key], suspended)
    return subset(key, value, actual[key])
  })

type Compare = (path: string, expected: unknown, actual: unknown) => ReadonlyArray<string>

const differencesInList = (path: string, expected: unknown, actual: unknown, compare: Compare) => {
  const wanted = expected as ReadonlyArray<unknown>
  const found = actual as ReadonlyArray<unknown>
  const count = wanted.length === found.length
    ? []
    : [`${path}: expected ${wanted.length} entries, got ${found.length}`]
  return [...count, ...wanted.flatMap((entry, index) => compare(`${path}[${index}]`, entry, found[index]))]
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Objects by the keys that are expected, everything else whole. */
const subset: Compare = (path, expected, actual) => {
  if (isRecord(expected) && path.split(".").length <= 2 && !/^jobData\.|^jobDataSeen\./.test(path)) {
    if (!isRecord(actual)) return [`${path}: expected an object, got ${JSON.stringify(actual)}`]
    return Object.entries(expected).flatMap(([key, value]) => subset(`${path}.${key}`, value, actual[key]))
  }
  return same(path, expected, actual)
}

const same: Compare = (path, expected, actual) =>
  canonical(expected) === canonical(actual)
    ? []
    : [`${path}: expected ${canonical(expected)}, got ${canonical(actual)}`]

const canonical = (value: unknown): string =>
  JSON.stringify(
    value,
    (_, part: unknown) =>
      isRecord(part)
        ? Object.fromEntries(Object.entries(part).toSorted(([left], [right]) => left < right ? -1 : 1))
        : part
  ) ?? "nothing"

const ours = new Set(["completion", "initialData"])

const isZero = (value: unknown): boolean => value === null || value === 0 || value === "" || canonical(value) === "{}"

/** Suspended chains in a form in which what is absent has its zero value, without our additions to the wire format. */
const suspended: Compare = (path, expected, actual) => {
  const wanted = expected as { readonly ok: boolean; readonly suspendedJobChain: SuspendedJobChain }
  const found = actual as typeof wanted | undefined
  if (found === undefined) return [`${path}: expected a suspended chain`]
  return [
    ...same(`${path}.ok`, wanted.ok, found.ok),
    ...same(`${path}.suspendedJobChain`, filled(wanted.suspendedJobChain), filled(found.suspendedJobChain))
  ]
}

const filled = ({ jobChain, latestRunJobTries, requestId, sequenceTries, totalJobTries }: SuspendedJobChain) => ({
  requestId,
  counts: [latestRunJobTries, sequenceTries, totalJobTries].map((counts) =>
    Object.fromEntries(Object.entries(counts ?? {}).filter(([, count]) => count !== 0))
  ),
  jobChain: {
    ...jobChain,
    adjacencyList: Object.fromEntries(
      Object.entries(jobChain?.adjacencyList ?? {}).filter(([, next]) => (next ?? []).length > 0)
    ),
    jobs: Object.fromEntries(
      Object.entries(jobChain?.jobs ?? {}).map(([id, job]) => [
        id,
        Object.fromEntries(Object.entries(job).filter(([key, value]) => !ours.has(key) && !isZero(value)))
      ])
    )
  }
})
