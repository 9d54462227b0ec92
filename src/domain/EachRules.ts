/**
 * The rules of fan-outs over lists that are known only at run time. `Validation` has the rules of chains.
 *
 * @since 0.1.0
 */
import { Fault } from "./Fault.ts"
import * as Graph from "./Graph.ts"
import type { Each, Job } from "./JobChain.ts"

/** Finds the faults of jobs and edges that are to become part of a chain. */
export type FindFaults = (source: Graph.Source) => ReadonlyArray<Fault>

/** Returns the faults of a fan-out that a job of a chain, or of a template in it, begins. */
export const faults = (graph: Graph.Graph, id: string, each: Each, find: FindFaults): ReadonlyArray<Fault> => {
  const path = ["jobs", id, "each"]
  const fault = (field: string, message: string) =>
    new Fault({ kind: "bad-each", jobIds: [id], path: [...path, field], message })
  return [
    ...(each.from
      ? []
      : [fault("from", `The each of job "${id}" names no list, expected a key of its data in "from"`)]),
    ...(isVariable.test(each.as ?? "")
      ? []
      : [fault("as", `The each of job "${id}" calls an item "${each.as ?? ""}", expected letters, digits, _ and -`)]),
    ...hasOneEnd(graph, id),
    ...faultsOfTemplate(graph, id, each, find)
  ]
}

const isVariable = /^[A-Za-z_][A-Za-z0-9_-]*$/

const hasOneEnd = ({ indexOf, jobs, next }: Graph.Graph, id: string): ReadonlyArray<Fault> => {
  const index = indexOf.get(id) as number
  const after = Graph.neighbours(next, index).filter((job) => !jobs[job]?.item)
  if (after.length === 1) return []
  const message = `Exactly one job may come right after job "${id}", where its instances end, not ${after.length}`
  return [new Fault({ kind: "bad-each", jobIds: [id], path: ["adjacencyList", id], message })]
}

const faultsOfTemplate = (
  graph: Graph.Graph,
  id: string,
  { template }: Each,
  find: FindFaults
): ReadonlyArray<Fault> => {
  const found = find(template ?? {})
  return found.filter((fault) => !isSequenceOutside(graph, template?.jobs, fault)).map((fault) =>
    new Fault({
      kind: fault.kind,
      jobIds: [id, ...fault.jobIds],
      path: ["jobs", id, "each", "template", ...fault.path],
      message: `In what job "${id}" repeats: ${fault.message}`
    })
  )
}

/** A job of a template may belong to a sequence around it. */
const isSequenceOutside = (
  graph: Graph.Graph,
  jobs: Readonly<Record<string, Job>> | null | undefined,
  { jobIds, kind, path }: Fault
): boolean => {
  if (kind !== "unknown-sequence-id" || path.length !== 3) return false
  const sequenceId = jobs?.[jobIds[0] ?? ""]?.sequenceId ?? ""
  const first = graph.indexOf.get(sequenceId)
  return first !== undefined && graph.jobs[first]?.sequenceId === sequenceId
}
