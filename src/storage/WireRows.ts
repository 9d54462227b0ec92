/**
 * The wire value of a chain as rows: a head, which is never changed, and a row for each job. When a fan-out is expanded its
 * jobs get rows, too.
 *
 * Any wire chain can be kept, also one that would not pass `Validation`: what it says of jobs that it does not have
 * stays in the head.
 *
 * @since 0.1.0
 */
import * as Graph from "../domain/Graph.ts"
import type { Job, JobChain } from "../domain/JobChain.ts"
import type { Chain } from "../domain/Progress.ts"
import * as Checksum from "./Checksum.ts"
import { jsonObject, jsonStrings } from "./DamagedRow.ts"
import * as RowsStatement from "./RowsStatement.ts"
import * as Sql from "./Sql.ts"

/** A row of `jobs`. */
export interface JobRow {
  readonly job: number
  readonly id: string
  readonly spec: string
  /** The ids of the jobs right after it; NULL where the wire value says nothing of them. */
  readonly next: string | null
}

/** A row of `jobs` as it is read. */
export interface StoredJobRow extends JobRow {
  readonly checksum: number | null
}

/** What a row of `chains` has of the wire value. */
export interface HeadRow {
  readonly wire: string
  readonly checksum: number | null
}

/** Returns the head of a chain as a row has it. */
export const headRowOf = (requestId: string, jobChain: JobChain): HeadRow => {
  const wire = headOf(jobChain)
  return { wire, checksum: Checksum.of([requestId, wire]) }
}

/** Returns the wire value without its jobs and what comes after them. */
const headOf = ({ adjacencyList, jobs, ...rest }: JobChain): string =>
  JSON.stringify({
    ...rest,
    jobs: jobs && {},
    adjacencyList: adjacencyList &&
      Object.fromEntries(Object.entries(adjacencyList).filter(([id]) => !Object.hasOwn(jobs ?? {}, id)))
  })

/** Returns the rows of the jobs `ids`, to be inserted, the first of which is number `start`. */
export const insertJobs = (
  chain: number,
  { adjacencyList, jobs }: JobChain,
  ids: ReadonlyArray<string>,
  start: number
): Sql.WriteRows =>
  Sql.rowsFor(
    insertRows,
    ids.map((id, index) =>
      valuesOf(chain, {
        job: start + index,
        id,
        spec: JSON.stringify(jobs?.[id]),
        next: adjacencyList != null && Object.hasOwn(adjacencyList, id) ? JSON.stringify(adjacencyList[id]) : null
      })
    )
  )

const valuesOf = (chain: number, { id, job, next, spec }: JobRow) => [
  chain,
  job,
  id,
  spec,
  next,
  Checksum.of([job, id, spec, next])
]

const table = {
  table: "jobchain_jobs",
  columns: { chain: "integer", job: "integer", id: "text", spec: "text", next: "text", checksum: "integer" }
} as const

const insertRows = RowsStatement.insert(table)

const upsertRows = RowsStatement.insert({
  ...table,
  onConflict: "(chain, job) DO UPDATE SET spec = excluded.spec, next = excluded.next, checksum = excluded.checksum"
})

/** Returns the row of a job that has joined a chain, or that others have joined right after. */
export const rowOf = ({ graph, jobs }: Chain, job: number): JobRow => ({
  job,
  id: graph.ids[job] as string,
  spec: JSON.stringify(jobs[job]),
  next: JSON.stringify(Graph.nextIds(graph, job))
})

/** Returns such rows, to be written. */
export const upsertJobs = (chain: number, rows: ReadonlyArray<JobRow>): Sql.WriteRows =>
  Sql.rowsFor(upsertRows, rows.map((row) => valuesOf(chain, row)))

/** Reads the rows of some jobs in their order. */
export const selectJobs = (chain: number, start: number, countMax: number): Sql.Script<ReadonlyArray<StoredJobRow>> =>
  Sql.all<StoredJobRow>(
    "SELECT job, id, spec, next, checksum FROM jobchain_jobs WHERE chain = ? AND job >= ? AND job < ? ORDER BY job",
    chain,
    start,
    start + countMax
  )

/** Puts a wire value together again from its parts; throws a `DamagedRow`. */
export class Assembly {
  private readonly requestId: string
  private readonly jobs: Array<readonly [string, Job]> = []
  private readonly next: Array<readonly [string, ReadonlyArray<string> | null]> = []

  constructor(requestId: string) {
    this.requestId = requestId
  }

  add({ checksum, id, job, next, spec }: StoredJobRow): void {
    const place = { table: "jobchain_jobs", requestId: this.requestId, jobId: id }
    this.jobs.push([id, jsonObject(spec, place)])
    if (next !== null) this.next.push([id, jsonStrings(next, place)])
    Checksum.check(checksum, [job, id, spec, next], place)
  }

  get size(): number {
    return this.jobs.length
  }

  /** Returns the whole. */
  finish({ checksum, wire }: HeadRow): JobChain {
    const place = { table: "jobchain_chains", requestId: this.requestId }
    const { adjacencyList, jobs, ...rest } = jsonObject(wire, place) as JobChain
    Checksum.check(checksum, [this.requestId, wire], place)
    return {
      ...rest,
      ...(jobs === undefined ? {} : { jobs: jobs && Object.fromEntries(this.jobs) }),
      ...(adjacencyList === undefined
        ? {}
        : { adjacencyList: adjacencyList && Object.fromEntries([...Object.entries(adjacencyList), ...this.next]) })
    }
  }
}
