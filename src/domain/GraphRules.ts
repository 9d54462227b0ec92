/**
 * The rules about who comes before whom: the adjacency list names jobs that are there, each once, and leads from one first job to
 * one last without a circle.
 *
 * @since 0.1.0
 */
import { type Fault, fault, none } from "./Fault.ts"
import * as Graph from "./Graph.ts"
import type { JobChain } from "./JobChain.ts"

/** Returns every fault of a chain's adjacency list. */
export const faults = (chain: JobChain, graph: Graph.Graph): ReadonlyArray<Fault> => [
  ...edgesLeadToJobs(chain, graph),
  ...hasOneFirstJob(graph),
  ...hasOneLastJob(graph),
  ...isAcyclic(graph)
]

const edgesLeadToJobs = (chain: JobChain, graph: Graph.Graph) => {
  // Most chains are whole, and names need not be looked up again.
  if (graph.isWhole) return none
  return Object.entries(chain.adjacencyList ?? {}).flatMap(([from, targets]) => {
    const path = ["adjacencyList", from]
    const known = graph.indexOf.has(from)
    const seen = new Set<string>()
    const faults = known
      ? []
      : [
        fault(
          "unknown-job-in-adjacency-list",
          [from],
          path,
          `The adjacency list names job "${from}", which does not exist`
        )
      ]
    for (const [position, to] of (targets ?? []).entries()) {
      if (!graph.indexOf.has(to)) {
        faults.push(fault(
          "unknown-job-in-adjacency-list",
          [to, from],
          [...path, position],
          `Job "${to}", which is to run after "${from}", does not exist`
        ))
      } else if (to === from) {
        faults.push(fault("self-edge", [from], [...path, position], `Job "${from}" is to run after itself`))
      } else if (seen.has(to)) {
        const message = `Job "${to}" is listed more than once as running after "${from}"`
        faults.push(fault("duplicate-edge", [from, to], [...path, position], message))
      }
      seen.add(to)
    }
    return faults
  })
}

const jobsWithout = (graph: Graph.Graph, adjacency: Graph.Adjacency): ReadonlyArray<string> =>
  graph.ids.filter((_, job) => Graph.degree(adjacency, job) === 0)

const hasOneFirstJob = (graph: Graph.Graph) => {
  const first = jobsWithout(graph, graph.previous)
  if (graph.ids.length === 0 || first.length === 1) return []
  return first.length === 0
    ? [fault("no-first-job", [], ["adjacencyList"], "Every job runs after another one: there is no first job")]
    : [fault("several-first-jobs", first, ["adjacencyList"], `Exactly one job may be the first, not ${quoted(first)}`)]
}

const hasOneLastJob = (graph: Graph.Graph) => {
  const last = jobsWithout(graph, graph.next)
  if (graph.ids.length === 0 || last.length === 1) return []
  return last.length === 0
    ? [fault("no-last-job", [], ["adjacencyList"], "Every job has another one after it: there is no last job")]
    : [fault("several-last-jobs", last, ["adjacencyList"], `Exactly one job may be the last, not ${quoted(last)}`)]
}

const isAcyclic = (graph: Graph.Graph) => {
  const unsorted = graph.levels.indexOf(-1)
  if (unsorted < 0) return []
  // Every job without a level has a job without a level before it, so walking backwards must come round.
  const seen = new Map<number, number>()
  const walk: Array<number> = []
  let job = unsorted
  while (!seen.has(job)) {
    seen.set(job, walk.length)
    walk.push(job)
    job = parentWithoutLevel(graph, job)
  }
  const cycle = walk.slice(seen.get(job)).toReversed().map((index) => graph.ids[index] as string)
  const shown = cycle.length > 20 ? [...cycle.slice(0, 20), "…"] : cycle
  const message = `The jobs run in a circle: ${[...shown, cycle[0]].join(" → ")}`
  return [fault("cycle", cycle, ["adjacencyList", cycle[0] as string], message)]
}

const parentWithoutLevel = ({ levels, previous }: Graph.Graph, job: number): number =>
  Graph.neighbours(previous, job).find((parent) => levels[parent] === -1) ??
    job

const quoted = (ids: ReadonlyArray<string>): string => {
  const shown = ids.slice(0, 10).map((id) => `"${id}"`).join(", ")
  return ids.length > 10 ? `${shown} and ${ids.length - 10} more` : shown
}
