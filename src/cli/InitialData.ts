/**
 * Job data from the command line: what the first job of a chain is given, from which it flows to all.
 *
 * `key=value` is a text, `key:=value` any JSON value.
 *
 * @since 0.1.0
 */
import * as Graph from "../domain/Graph.ts"
import type { JobChain } from "../domain/JobChain.ts"
import type { JobData } from "../domain/JobData.ts"

/** Reads texts of that form, later ones win; throws an `Error` that says what was expected. */
export const parse = (texts: ReadonlyArray<string>): JobData => Object.fromEntries(texts.map(entryOf))

const entryOf = (text: string): readonly [key: string, value: unknown] => {
  const [, key, sign, value = ""] = /^([^=]+?)(:?=)(.*)$/s.exec(text) ?? []
  if (key === undefined) throw new Error(`key=value or key:=json, got ${JSON.stringify(text)}`)
  if (sign === "=") return [key, value]
  try {
    return [key, JSON.parse(value)]
  } catch {
    throw new Error(`JSON after ${key}:=, got ${JSON.stringify(value)}`)
  }
}

/** Returns the chain with the data added to that of its first job. */
export const addTo = (jobChain: JobChain, data: JobData): JobChain => {
  if (Object.keys(data).length === 0) return jobChain
  const graph = Graph.make(jobChain)
  const first = graph.ids[graph.levels.indexOf(0)] as string
  const job = jobChain.jobs?.[first]
  return { ...jobChain, jobs: { ...jobChain.jobs, [first]: { ...job, data: { ...job?.data, ...data } } } }
}
