/**
 * Draws a chain: for Mermaid, for Graphviz (dot), or as text. Sequences are boxes, one in another where they nest.
 *
 * @since 0.1.0
 */
import * as Graph from "../domain/Graph.ts"
import type { Job, JobChain } from "../domain/JobChain.ts"
import * as Sequences from "../domain/Sequences.ts"

export type Format = "mermaid" | "dot" | "text"

/** Returns a drawing of a chain that is valid. */
export const render = (jobChain: JobChain, format: Format): string => {
  const drawing = draw(jobChain)
  return format === "mermaid" ? mermaid(drawing) : format === "dot" ? dot(drawing) : text(drawing)
}

interface Box {
  /** The sequence's first job; `undefined` for the chain itself. */
  readonly first: Node | undefined
  readonly boxes: Array<Box>
  readonly nodes: Array<Node>
}

interface Node {
  readonly index: number
  readonly id: string
  readonly job: Job
  readonly next: ReadonlyArray<number>
  readonly previous: ReadonlyArray<number>
}

interface Drawing {
  readonly nodes: ReadonlyArray<Node>
  readonly chain: Box
}

const draw = (jobChain: JobChain): Drawing => {
  const graph = Graph.make(jobChain)
  const jobs = graph.ids.map((id) => jobChain.jobs?.[id] as Job)
  const nodes = graph.ids.map((id, index): Node => ({
    index,
    id,
    job: jobs[index] as Job,
    next: neighbours(graph.next, index),
    previous: neighbours(graph.previous, index)
  }))
  const sequences = Sequences.make(graph, jobs)
  const firsts = nodes.filter(({ index }) => Sequences.isFirst(sequences, index))
  const boxes = new Map<number, Box>(firsts.map((first) => [first.index, { first, boxes: [], nodes: [] }]))
  const chain: Box = { first: undefined, boxes: [], nodes: [] }
  // The smallest extent around something is the box it stands in.
  const around = firsts.map(({ index }) => ({ index, extent: new Set(Sequences.extent(sequences, index)) }))
    .toSorted((left, right) => left.extent.size - right.extent.size)
  const boxAround = (index: number, self?: number): Box =>
    boxes.get(around.find((other) => other.index !== self && other.extent.has(index))?.index ?? -1) ?? chain
  for (const [index, box] of boxes) boxAround(index, index).boxes.push(box)
  const byLevel = nodes.toSorted((left, right) =>
    Graph.at(graph.levels, left.index) - Graph.at(graph.levels, right.index)
  )
  for (const node of byLevel) boxAround(node.index).nodes.push(node)
  return { nodes, chain }
}

const neighbours = ({ offsets, targets }: Graph.Adjacency, index: number): ReadonlyArray<number> =>
  Array.from(targets.subarray(offsets[index], offsets[index + 1]))

const retries = (retry: number | null | undefined, wait: string | null | undefined): string =>
  retry ? `retry ${retry}${wait ? ` after ${wait}` : ""}` : ""

const labelOf = ({ id, job }: Node): string => {
  const what = job.type === "shell" && typeof job.args?.command === "string" ? job.args.command : job.type ?? ""
  return [id, what.length > 40 ? `${what.slice(0, 39)}…` : what, retries(job.retry, job.retryWait)]
    .filter((part) => part !== "").join("\n")
}

const titleOf = ({ first }: Box): string => {
  const extra = retries(first?.job.sequenceRetry, first?.job.sequenceRetryWait)
  return `sequence ${first?.id}${extra === "" ? "" : `, ${extra}`}`
}

const inMermaid = (label: string): string =>
  `"${label.replaceAll("#", "#35;").replaceAll("\"", "#quot;").replaceAll("<", "#lt;").replaceAll("\n", "<br/>")}"`

const inDot = (label: string): string =>
  `"${label.replaceAll("\\", "\\\\").replaceAll("\"", "\\\"").replaceAll("\n", "\\n")}"`

const mermaid = ({ chain, nodes }: Drawing): string => {
  const box = (inside: Box, indent: string): ReadonlyArray<string> => [
    ...inside.nodes.map((node) => `${indent}n${node.index}[${inMermaid(labelOf(node))}]`),
    ...inside.boxes.flatMap((inner) => [
      `${indent}subgraph s${inner.first?.index} [${inMermaid(titleOf(inner))}]`,
      ...box(inner, `${indent}  `),
      `${indent}end`
    ])
  ]
  const edges = nodes.flatMap(({ index, next }) => next.map((to) => `  n${index} --> n${to}`))
  return `${["flowchart TD", ...box(chain, "  "), ...edges].join("\n")}\n`
}

const dot = ({ chain, nodes }: Drawing): string => {
  const box = (inside: Box, indent: string): ReadonlyArray<string> => [
    ...inside.nodes.map((node) => `${indent}n${node.index} [label=${inDot(labelOf(node))}]`),
    ...inside.boxes.flatMap((inner) => [
      `${indent}subgraph cluster_${inner.first?.index} {`,
      `${indent}  label=${inDot(titleOf(inner))}`,
      ...box(inner, `${indent}  `),
      `${indent}}`
    ])
  ]
  const edges = nodes.flatMap(({ index, next }) => next.map((to) => `  n${index} -> n${to}`))
  return `${["digraph chain {", "  node [shape=box]", ...box(chain, "  "), ...edges, "}"].join("\n")}\n`
}

/** Jobs in an order in which they could run one by one, each with what it waits for. */
const text = ({ chain, nodes }: Drawing): string => {
  const lines = (inside: Box, indent: string): ReadonlyArray<readonly [order: number, line: string]> =>
    [
      ...inside.nodes.map((node) => [nodes.indexOf(node), indent + lineOf(node, nodes)] as const),
      ...inside.boxes.map((inner) => {
        const content = lines(inner, `${indent}  `).map(([, line]) => line)
        return [nodes.indexOf(inner.first as Node), [`${indent}${titleOf(inner)}:`, ...content].join("\n")] as const
      })
    ].toSorted(([left], [right]) => left - right)
  return `${lines(chain, "").map(([, line]) => line).join("\n")}\n`
}

const lineOf = (node: Node, nodes: ReadonlyArray<Node>): string => {
  const after = node.previous.map((index) => nodes[index]?.id ?? "").join(", ")
  const parts = [after === "" ? "" : `after ${after}`, retries(node.job.retry, node.job.retryWait)]
  return [node.id, ...parts.filter((part) => part !== "")].join("  ")
}
