/**
 * How what is remarkable about the job data of a chain is shown: for people, and as JSON.
 *
 * @since 0.1.0
 */
import type { DataFinding } from "../domain/DataKeys.ts"
import { flagOf } from "./DataCheck.ts"
import { listed } from "./Listed.ts"

/** Returns the findings as they are in the document of `--output json`. */
export const toJson = (findings: ReadonlyArray<DataFinding>): ReadonlyArray<object> =>
  findings.map(({ job, key, kind, neededBy, setBy }) => ({
    kind,
    key,
    job,
    ...(neededBy !== undefined && { neededBy }),
    ...(setBy !== undefined && { setBy })
  }))

/** Returns a line for each key and what is to be said of it; nothing where there is nothing to say. */
export const pretty = (findings: ReadonlyArray<DataFinding>): string => {
  const alike = Map.groupBy(
    findings,
    ({ key, kind, neededBy, setBy }) => [kind, key, neededBy, ...setBy ?? []].join("\n")
  )
  const all = Array.from(alike.values(), (same) => say(same[0] as DataFinding, listed(same.map(({ job }) => job))))
  const more = all.length - linesMax
  const lines = more > 0 ? [...all.slice(0, linesMax), `and ${more} more, see --output json`] : all
  return lines.map((line, place) => `${place === 0 ? "data: " : "      "}${line}\n`).join("")
}

const linesMax = 20

const say = (finding: DataFinding, jobs: string): string => {
  const { key, kind, neededBy, setBy } = finding
  switch (kind) {
    case "never-set":
      return `nothing sets ${key}, which ${needing[neededBy ?? "type"]} ${jobs}; ${flagOf(finding)} gives it`
    case "never-read":
      return `nothing reads ${key}, which is set by ${jobs}`
    case "either-wins":
      return `${key} comes to ${jobs} from ${setBy?.join(" or ")}, whichever is complete last`
    default:
      return kind satisfies never
  }
}

const needing: Readonly<Record<NonNullable<DataFinding["neededBy"]>, string>> = {
  type: "is needed by",
  list: "is the list of",
  condition: "is looked at by the condition of"
}
