/**
 * Bare promises: each job waits for its parents, then does its work.
 *
 * Configuration: who comes after whom.
 */
import * as Graph from "../Graph.ts"
import type { Contestant } from "../GraphWorkload.ts"
import { PromiseJob } from "./PromiseJob.ts"

export const contestant: Contestant = ({ graphs, work }) => {
  const graph = Graph.joined(graphs)
  const parents = Array.from({ length: graph.size }, (_, index) => [...Graph.parentsOf(graph, index)])
  return {
    open: () => {
      const job = new PromiseJob(work)
      return {
        run: () => {
          const done: Array<Promise<void>> = []
          for (const before of parents) done.push(Promise.all(before.map((parent) => done[parent])).then(job.run))
          return Promise.all(done)
        },
        close: () => job.count
      }
    }
  }
}
