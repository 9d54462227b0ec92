/**
 * A graph by job ids, as people have it who write their own runner: the ids in an order, and what comes after each.
 */
import * as Graph from "./Graph.ts"

export interface NamedGraph {
  readonly ids: ReadonlyArray<string>
  /** Job id → the jobs right after it. */
  readonly childrenOf: ReadonlyMap<string, ReadonlyArray<string>>
}

export const make = (graph: Graph.Graph): NamedGraph => {
  const ids = Graph.idsOf(graph)
  const children = Graph.reversed(graph)
  return {
    ids,
    childrenOf: new Map(
      ids.map((id, job) => [id, Array.from(Graph.parentsOf(children, job), (child) => ids[child] as string)])
    )
  }
}

/** Returns how many jobs each waits for. */
export const waitsFor = ({ childrenOf, ids }: NamedGraph): Map<string, number> => {
  const counts = new Map<string, number>()
  for (const id of ids) counts.set(id, 0)
  for (const children of childrenOf.values()) {
    for (const child of children) counts.set(child, (counts.get(child) as number) + 1)
  }
  return counts
}
