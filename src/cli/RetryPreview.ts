/**
 * What a retry would run, for people and as a JSON document.
 *
 * @since 0.1.0
 */
import type { RetriedJob, Retry } from "../domain/Retry.ts"
import * as Output from "./Output.ts"
import * as Table from "./Table.ts"

/** Writes what would run, in which order, why, and with which data, to stdout. */
export const write = (retry: Retry, format: "pretty" | "json" | "ndjson"): void => {
  if (format === "pretty") return Output.out(`${toHead(retry)}\n${toTable(retry)}`)
  const { jobs, suspended: { requestId } } = retry
  Output.out(`${JSON.stringify({ requestId, keptJobs: keptIn(retry), jobs }, null, 2)}\n`)
}

/** Returns in one line what would run. */
export const toHead = (retry: Retry): string =>
  `${retry.suspended.requestId}: ${retry.jobs.length} of ${sizeOf(retry)} jobs run, ${keptIn(retry)} stay COMPLETE\n`

const toTable = ({ jobs }: Retry): string =>
  Table.render(["JOB", "WHY", "TRIES", "AFTER", "DATA"], jobs.map(rowOf), process.stdout.columns)

const rowOf = ({ after, data, id, tries, why }: RetriedJob): ReadonlyArray<string> => [
  id,
  why === "sequence" ? "its sequence runs again" : why,
  String(tries),
  after.length === 0 ? "-" : after.join(" "),
  // What the jobs before it will hand on is not known yet.
  `${JSON.stringify(data)}${after.length === 0 ? "" : " …"}`
]

const sizeOf = ({ suspended }: Retry): number => Object.keys(suspended.jobChain?.jobs ?? {}).length

const keptIn = ({ suspended }: Retry): number => suspended.jobChain?.finishedJobs ?? 0
