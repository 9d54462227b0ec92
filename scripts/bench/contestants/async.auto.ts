/**
 * `auto` of async, as its documentation shows it: an object of tasks, each an array of what it needs and a function.
 *
 * Configuration: the object of tasks. Timed: `auto`, which checks it and runs it.
 */
import { auto } from "async"
import * as Graph from "../Graph.ts"
import type { Contestant } from "../GraphWorkload.ts"
import { PromiseJob } from "./PromiseJob.ts"

export const contestant: Contestant = ({ graphs, work }) => ({
  open: () => {
    const job = new PromiseJob(work)
    const tasks = graphs.map((graph) => tasksOf(graph, job.run))
    return { run: () => Promise.all(tasks.map((tasksOfGraph) => auto(tasksOfGraph))), close: () => job.count }
  }
})

type Tasks = Record<string, any>

const tasksOf = (graph: Graph.Graph, run: () => Promise<void>): Tasks => {
  const ids = Graph.idsOf(graph)
  const task = async () => run()
  return Object.fromEntries(
    ids.map((id, job) => {
      const parents = Array.from(Graph.parentsOf(graph, job), (parent) => ids[parent] as string)
      return [id, parents.length === 0 ? task : [...parents, task]]
    })
  )
}
