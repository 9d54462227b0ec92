/**
 * Chains as a Request Manager sends them, made of the graphs of a workload.
 */
import type { Job, JobChain } from "../../src/domain/JobChain.ts"
import * as JobState from "../../src/domain/JobState.ts"
import * as Graph from "./Graph.ts"
import type { GraphWorkload } from "./GraphWorkload.ts"

/** Returns a chain without a request id. */
export const make = (graph: Graph.Graph, { failures, sequences, work }: GraphWorkload): JobChain => {
  const children = Graph.reversed(graph)
  const ids = Graph.idsOf(graph)
  const firstOf = new Map<number, number>()
  for (const { first, last } of sequences) firstOf.set(first, first).set(last, first)
  const jobs: Record<string, Job> = {}
  const adjacencyList: Record<string, ReadonlyArray<string>> = {}
  for (const [job, id] of ids.entries()) {
    const type = failures > 0 && job === graph.size - 1 ? "failFirst" : work
    const first = firstOf.get(job)
    jobs[id] = {
      id,
      name: id,
      type,
      state: JobState.PENDING,
      ...(first === undefined ? {} : { sequenceId: Graph.idOf(first) }),
      ...(first === job ? { sequenceRetry: failures } : {})
    }
    adjacencyList[id] = Array.from(Graph.parentsOf(children, job), (child) => ids[child] as string)
  }
  return { jobs, adjacencyList }
}
