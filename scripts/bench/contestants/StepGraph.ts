/**
 * A graph as a workflow of steps, for those who write workflows as functions: each step starts when those of its parents have
 * ended.
 */
import * as Graph from "../Graph.ts"

export interface StepGraph {
  readonly ids: ReadonlyArray<string>
  readonly parents: ReadonlyArray<Int32Array>
}

export const make = (graph: Graph.Graph): StepGraph => {
  const ids = Graph.idsOf(graph)
  return { ids, parents: ids.map((_, job) => Graph.parentsOf(graph, job)) }
}

/** Runs every step, each under the id of its job. */
export const run = async ({ ids, parents }: StepGraph, step: (id: string) => Promise<unknown>): Promise<void> => {
  const done: Array<Promise<unknown>> = []
  for (const [job, id] of ids.entries()) {
    const before = Array.from(parents[job] ?? [], (parent) => done[parent])
    done.push(before.length === 0 ? step(id) : Promise.all(before).then(() => step(id)))
  }
  await Promise.all(done)
}
