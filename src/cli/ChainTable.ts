/**
 * Chains of the store as a table, for people, or as a JSON array.
 *
 * @since 0.1.0
 */
import type { StoredChainInfo } from "../storage/ChainList.ts"
import * as ChainStanding from "./ChainStanding.ts"
import * as Output from "./Output.ts"
import * as Table from "./Table.ts"
import * as Times from "./Times.ts"

export type Format = "pretty" | "json"

/** What a row has to say. */
export interface Column {
  readonly head: string
  readonly cell: (info: StoredChainInfo) => string
}

export const request: Column = { head: "REQUEST", cell: ({ requestId }) => requestId }
export const state: Column = { head: "STATE", cell: ChainStanding.word }
export const jobs: Column = { head: "JOBS", cell: ({ finishedJobs, totalJobs }) => `${finishedJobs}/${totalJobs}` }
export const started: Column = {
  head: "STARTED",
  cell: ({ createdAt, startedAt }) => Times.dateTime(startedAt ?? createdAt)
}

/** Writes chains to stdout. Where there are none, people are told so on stderr. */
export const write = (
  chains: ReadonlyArray<StoredChainInfo>,
  { columns, format, none }: {
    readonly format: Format
    readonly columns: ReadonlyArray<Column>
    /** What to say where there are none. */
    readonly none: string
  }
): void => {
  if (format === "json") return Output.out(`${JSON.stringify(chains.map(ChainStanding.toJson), null, 2)}\n`)
  if (chains.length === 0) return Output.err(`${none}\n`)
  const rows = chains.map((info) => columns.map(({ cell }) => cell(info)))
  Output.out(Table.render(columns.map(({ head }) => head), rows))
}
