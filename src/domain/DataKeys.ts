/**
 * Which keys of job data are read but set by nobody, set but read by nobody, or set by two of which either may win.
 *
 * It goes by what job types, conditions and lists say of data: see `DataUse`. A job of which it is not known what it sets may set anything,
 * so that nothing is missing after it; one of which it is not known what it reads may read anything, so that nothing before it is in
 * vain.
 *
 * @since 0.1.0
 */
import * as DataUse from "./DataUse.ts"
import * as Graph from "./Graph.ts"
import { at, neighbours } from "./Graph.ts"
import type { JobChain } from "./JobChain.ts"
import * as Specimen from "./Specimen.ts"

export type { ConditionKeys, Sources, TypeKeys } from "./DataUse.ts"

export interface DataFinding {
  /**
   * `never-set`: the job needs the key, and nothing before it sets it. `never-read`: the job sets the key or starts with it, and
   * nothing reads it. `either-wins`: two jobs before the job set the key, and what it sees is from the one whose data comes last.
   */
  readonly kind: "never-set" | "never-read" | "either-wins"
  readonly job: string
  readonly key: string
  /** What of the job needs the key that is never set. */
  readonly neededBy?: DataUse.Needing
  /** The two jobs of which either wins. */
  readonly setBy?: readonly [string, string]
}

/**
 * Returns what is remarkable in a chain that is valid, in time of its jobs and edges for each key that types, conditions and lists
 * name. Jobs that a list brings which is not known yet are called by any item, `host[*].stop`.
 */
export const find = (jobChain: JobChain, sources: DataUse.Sources): ReadonlyArray<DataFinding> => {
  const subject = subjectOf(Graph.make(Specimen.make(jobChain)), sources)
  const followed = keysToFollow(subject)
  return [...Array.from(followed).flatMap((key) => findingsOf(key, subject)), ...unreadData(subject, followed)]
}

interface Subject {
  readonly graph: Graph.Graph
  readonly uses: ReadonlyArray<DataUse.DataUse>
  /** Every job after those before it. */
  readonly order: ReadonlyArray<number>
  /** Job index → 1 where something before it may set anything, and where something after it may read anything. */
  readonly anySetBefore: Uint8Array
  readonly anyReadAfter: Uint8Array
}

const subjectOf = (graph: Graph.Graph, sources: DataUse.Sources): Subject => {
  const uses = DataUse.make(graph, sources)
  const order = Array.from(uses.keys()).toSorted((left, right) => at(graph.levels, left) - at(graph.levels, right))
  const spread = (jobs: ReadonlyArray<number>, along: Graph.Adjacency, field: "sets" | "reads"): Uint8Array => {
    const may = new Uint8Array(uses.length)
    for (const job of jobs) {
      const isAny = neighbours(along, job).some((other) => may[other] === 1 || uses[other]?.[field] === undefined)
      may[job] = isAny ? 1 : 0
    }
    return may
  }
  return {
    graph,
    uses,
    order,
    anySetBefore: spread(order, graph.previous, "sets"),
    anyReadAfter: spread(order.toReversed(), graph.next, "reads")
  }
}

/** Keys of which something may be found. In most chains commands may set and read anything, and there are few. */
const keysToFollow = ({ anySetBefore, uses }: Subject): ReadonlySet<string> => {
  const named = new Set(uses.flatMap(({ reads }) => [...reads ?? []]))
  const found = new Set<string>()
  for (const [job, { given, needs, sets }] of uses.entries()) {
    if (anySetBefore[job] === 0) { for (const key of needs.keys()) found.add(key) }
    for (const key of sets ?? []) found.add(key)
    for (const key of given) if (named.has(key)) found.add(key)
  }
  return found
}

/** What jobs start with of which nobody knows: nothing has to be followed, as only who may read anything could read it. */
const unreadData = (
  { anyReadAfter, graph, uses }: Subject,
  followed: ReadonlySet<string>
): ReadonlyArray<DataFinding> =>
  uses.flatMap(({ given, reads }, job) =>
    reads === undefined || anyReadAfter[job] === 1
      ? []
      : Array.from(given).filter((key) => !followed.has(key))
        .map((key) => ({ kind: "never-read", job: graph.ids[job] as string, key }))
  )

const nobody = -1
const several = -2

const findingsOf = (key: string, subject: Subject): ReadonlyArray<DataFinding> => {
  const { anySetBefore, graph, order, uses } = subject
  const readAfter = readAfterOf(key, subject)
  const findings: Array<DataFinding> = []
  // Job index → who has set what those after the job see.
  const setBy = new Int32Array(uses.length).fill(nobody)
  for (const job of order) {
    const { given, item, needs, reads, sets } = uses[job] as DataUse.DataUse
    const id = graph.ids[job] as string
    const { other, seen } = merge(Array.from(neighbours(graph.previous, job), (parent) => at(setBy, parent)))
    const isRead = reads === undefined || reads.has(key)
    const neededBy = needs.get(key)
    const isThere = seen !== nobody || given.has(key) || item.has(key) || anySetBefore[job] === 1
    if (neededBy !== undefined && !isThere) findings.push({ kind: "never-set", job: id, key, neededBy })
    if (other !== undefined && (isRead || (!sets?.has(key) && readAfter[job] === 1))) {
      findings.push({
        kind: "either-wins",
        job: id,
        key,
        setBy: [graph.ids[seen] as string, graph.ids[other] as string]
      })
    }
    const isInVain = sets?.has(key) || (given.has(key) && !isRead)
    if (isInVain && readAfter[job] === 0) findings.push({ kind: "never-read", job: id, key })
    const handedOn = other === undefined ? seen : several
    const isOwn = sets?.has(key) || item.has(key) || (seen === nobody && given.has(key))
    setBy[job] = isOwn ? job : handedOn
  }
  return findings
}

/** Returns who has set what a job sees, and another one who may have, where it is the first to see both. */
const merge = (parents: ReadonlyArray<number>): { readonly seen: number; readonly other: number | undefined } => {
  const known = parents.filter((origin) => origin !== nobody)
  if (known.includes(several)) return { seen: several, other: undefined }
  const seen = known[0] ?? nobody
  return { seen, other: known.find((origin) => origin !== seen) }
}

/** Job index → 1 where a job after it may read what it hands on under a key. */
const readAfterOf = (key: string, { graph, order, uses }: Subject): Uint8Array => {
  const readAfter = new Uint8Array(uses.length)
  for (const job of order.toReversed()) {
    const isRead = neighbours(graph.next, job).some((child) => {
      const { reads, sets } = uses[child] as DataUse.DataUse
      return reads === undefined || reads.has(key) || (!sets?.has(key) && readAfter[child] === 1)
    })
    readAfter[job] = isRead ? 1 : 0
  }
  return readAfter
}
