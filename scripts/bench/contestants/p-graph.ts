/**
 * p-graph, as its README shows it: a map of nodes and a list of dependencies, which make a graph that is run.
 *
 * Configuration: the nodes and dependencies. Timed: making the graph, which checks it, and running it.
 */
import { type DependencyList, PGraph, type PGraphNodeRecord } from "p-graph"
import * as Graph from "../Graph.ts"
import type { Contestant } from "../GraphWorkload.ts"
import { PromiseJob } from "./PromiseJob.ts"

export const contestant: Contestant = ({ graphs, work }) => {
  const dependencies = graphs.map(dependenciesOf)
  return {
    open: () => {
      const job = new PromiseJob(work)
      const nodes = graphs.map((graph): PGraphNodeRecord =>
        Object.fromEntries(Graph.idsOf(graph).map((id) => [id, { run: job.run }]))
      )
      return {
        run: () =>
          Promise.all(nodes.map((nodeMap, index) => new PGraph(nodeMap, dependencies[index] as DependencyList).run())),
        close: () => job.count
      }
    }
  }
}

const dependenciesOf = (graph: Graph.Graph): DependencyList => {
  const ids = Graph.idsOf(graph)
  return ids.flatMap((id, job) =>
    Array.from(Graph.parentsOf(graph, job), (parent): [string, string] => [ids[parent] as string, id])
  )
}
