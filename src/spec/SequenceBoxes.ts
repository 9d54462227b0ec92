/**
 * The boxes of a drawing: each sequence with its jobs and the sequences in it. `ChainGraph` draws them.
 *
 * What lies in several extents stands in the smallest of them.
 *
 * @since 0.1.0
 */
import * as Graph from "../domain/Graph.ts"
import type { Job, JobChain } from "../domain/JobChain.ts"
import * as Nesting from "../domain/Nesting.ts"
import * as Sequences from "../domain/Sequences.ts"

export interface Box {
  /** The sequence's first job; `undefined` for the chain itself. */
  readonly first: Node | undefined
  /** In an order in which they could run one by one. A box stands where its first job would. */
  readonly content: Array<Node | Box>
}

export interface Node {
  readonly index: number
  readonly id: string
  readonly job: Job
  readonly next: ReadonlyArray<number>
  readonly previous: ReadonlyArray<number>
}

export interface Drawing {
  /** In the order of the wire value's keys. */
  readonly nodes: ReadonlyArray<Node>
  readonly chain: Box
}

export const isBox = (item: Node | Box): item is Box => "content" in item

/** Returns the boxes of a chain that is valid, in time of its jobs, edges and extents. */
export const make = (jobChain: JobChain): Drawing => {
  const graph = Graph.make(jobChain)
  const nodes = graph.ids.map((id, index): Node => ({
    index,
    id,
    job: jobChain.jobs?.[id] as Job,
    next: Array.from(Graph.neighbours(graph.next, index)),
    previous: Array.from(Graph.neighbours(graph.previous, index))
  }))
  const sequences = Sequences.make(graph, nodes.map(({ job }) => job))
  const firsts = [...nodes.keys()].filter((job) => Sequences.isFirst(sequences, job))
  const { innermost, outerOf } = Nesting.make(sequences, firsts)
  const boxes = new Map(outerOf.keys().map((first): [number, Box] => [first, { first: nodes[first], content: [] }]))
  const chain: Box = { first: undefined, content: [] }
  const byLevel = nodes.toSorted((left, right) =>
    Graph.at(graph.levels, left.index) - Graph.at(graph.levels, right.index)
  )
  for (const node of byLevel) {
    const box = boxes.get(node.index)
    if (box !== undefined) (boxes.get(outerOf.get(node.index) as number) ?? chain).content.push(box)
    ;(boxes.get(Graph.at(innermost, node.index)) ?? chain).content.push(node)
  }
  return { nodes, chain }
}
