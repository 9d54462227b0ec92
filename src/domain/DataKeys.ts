/**
 * Which keys of job data are read but set by nobody, set but read by nobody, or set by two of which either may win.
 *
 * It goes by what job types say of their data. A type that does not say what it sets may set anything, so that nothing is
 * missing after it; one that does not say what it reads may read anything, so that nothing before it is in vain.
 *
 * @since 0.1.0
 */
import { at, type Graph, neighbours } from "./Graph.ts"
import type { Job } from "./JobChain.ts"

/** What a job type says of its data. What is absent is not known. */
export interface TypeKeys {
  /** Keys that must be there when it starts. */
  readonly needs?: ReadonlyArray<string>
  /** Keys that it looks at, those it needs among them. */
  readonly reads?: ReadonlyArray<string>
  readonly sets?: ReadonlyArray<string>
}

export interface DataFinding {
  /**
   * `never-set`: the job needs the key, and nothing before it sets it. `never-read`: the job sets the key, and nothing
   * after it reads it. `either-wins`: two jobs before the job set the key, and what it sees is from the one whose data comes last.
   */
  readonly kind: "never-set" | "never-read" | "either-wins"
  readonly job: string
  readonly key: string
  /** The two jobs of which either wins. */
  readonly setBy?: readonly [string, string]
}

/** Returns what is remarkable in a chain that is valid, in time of its jobs and edges for each key that types name. */
export const find = (graph: Graph, keysOf: (type: string) => TypeKeys | undefined): ReadonlyArray<DataFinding> => {
  const uses = graph.jobs.map((job) => useOf(job, keysOf(job.type ?? "") ?? {}))
  const keys = new Set(uses.flatMap(({ needs, sets }) => [...needs ?? [], ...sets ?? []]))
  if (keys.size === 0) return []
  const order = Array.from(uses.keys()).toSorted((left, right) => at(graph.levels, left) - at(graph.levels, right))
  const subject: Subject = { graph, uses, order, anySetBefore: anySetBefore(graph, uses, order) }
  return Array.from(keys).flatMap((key) => findingsOf(key, subject))
}

interface Use {
  readonly needs: ReadonlySet<string> | undefined
  readonly reads: ReadonlySet<string> | undefined
  readonly sets: ReadonlySet<string> | undefined
  /** What its own data in the chain holds. */
  readonly starts: ReadonlySet<string>
}

const useOf = ({ data, each, item, sequenceWhen, when }: Job, { needs, reads, sets }: TypeKeys): Use => ({
  needs: setOf(needs),
  // A condition may look at anything, and the jobs of a list that is not known yet may do anything.
  reads: when || sequenceWhen || each ? undefined : setOf(reads),
  sets: each ? undefined : setOf(sets),
  starts: new Set(Object.keys({ ...data, ...item }))
})

const setOf = (keys: ReadonlyArray<string> | undefined) => keys === undefined ? undefined : new Set(keys)

interface Subject {
  readonly graph: Graph
  readonly uses: ReadonlyArray<Use>
  /** Every job after those before it. */
  readonly order: ReadonlyArray<number>
  /** Job index → 1 where something before it may set anything. */
  readonly anySetBefore: Uint8Array
}

const anySetBefore = ({ previous }: Graph, uses: ReadonlyArray<Use>, order: ReadonlyArray<number>): Uint8Array => {
  const may = new Uint8Array(uses.length)
  for (const job of order) {
    const isAny = neighbours(previous, job).some((parent) => may[parent] === 1 || uses[parent]?.sets === undefined)
    may[job] = isAny ? 1 : 0
  }
  return may
}

const nobody = -1
const several = -2

const findingsOf = (key: string, subject: Subject): ReadonlyArray<DataFinding> => {
  const { anySetBefore, graph, order, uses } = subject
  const readAfter = readAfterOf(key, subject)
  const findings: Array<DataFinding> = []
  // Job index → who has set what those after the job see.
  const setBy = new Int32Array(uses.length).fill(nobody)
  for (const job of order) {
    const { needs, reads, sets, starts } = uses[job] as Use
    const id = graph.ids[job] as string
    const { other, seen } = merge(Array.from(neighbours(graph.previous, job), (parent) => at(setBy, parent)))
    const isRead = reads === undefined || reads.has(key)
    if (needs?.has(key) && seen === nobody && !starts.has(key) && anySetBefore[job] === 0) {
      findings.push({ kind: "never-set", job: id, key })
    }
    if (other !== undefined && (isRead || (!sets?.has(key) && readAfter[job] === 1))) {
      findings.push({
        kind: "either-wins",
        job: id,
        key,
        setBy: [graph.ids[seen] as string, graph.ids[other] as string]
      })
    }
    if (sets?.has(key) && readAfter[job] === 0) findings.push({ kind: "never-read", job: id, key })
    const handedOn = other === undefined ? seen : several
    setBy[job] = sets?.has(key) || (seen === nobody && starts.has(key)) ? job : handedOn
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
      const { reads, sets } = uses[child] as Use
      return reads === undefined || reads.has(key) || (!sets?.has(key) && readAfter[child] === 1)
    })
    readAfter[job] = isRead ? 1 : 0
  }
  return readAfter
}
