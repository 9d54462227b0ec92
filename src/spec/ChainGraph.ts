/**
 * Draws a chain: for Mermaid, for Graphviz (dot), or as text. Sequences are boxes, one in another where they nest.
 *
 * @since 0.1.0
 */
import type { Job, JobChain } from "../domain/JobChain.ts"
import { type Box, type Drawing, isBox, make, type Node } from "./SequenceBoxes.ts"

export type Format = "mermaid" | "dot" | "text"

/** Returns a drawing of a chain that is valid. */
export const render = (jobChain: JobChain, format: Format): string => formats[format](make(jobChain))

const mermaid = ({ chain, nodes }: Drawing): string => {
  const draw = ({ content }: Box, indent: string): ReadonlyArray<string> =>
    content.flatMap((item) =>
      isBox(item)
        ? [
          `${indent}subgraph s${item.first?.index} [${inMermaid(titleOf(item))}]`,
          ...draw(item, `${indent}  `),
          `${indent}end`
        ]
        : [`${indent}n${item.index}[${inMermaid(labelOf(item))}]`]
    )
  const edges = nodes.flatMap(({ index, next }) => next.map((to) => `  n${index} --> n${to}`))
  return `${["flowchart TD", ...draw(chain, "  "), ...edges].join("\n")}\n`
}

const dot = ({ chain, nodes }: Drawing): string => {
  const draw = ({ content }: Box, indent: string): ReadonlyArray<string> =>
    content.flatMap((item) =>
      isBox(item)
        ? [
          `${indent}subgraph cluster_${item.first?.index} {`,
          `${indent}  label=${inDot(titleOf(item))}`,
          ...draw(item, `${indent}  `),
          `${indent}}`
        ]
        : [`${indent}n${item.index} [label=${inDot(labelOf(item))}]`]
    )
  const edges = nodes.flatMap(({ index, next }) => next.map((to) => `  n${index} -> n${to}`))
  return `${["digraph chain {", "  node [shape=box]", ...draw(chain, "  "), ...edges, "}"].join("\n")}\n`
}

/** One job a line, after those it waits for. */
const text = ({ chain, nodes }: Drawing): string => {
  const draw = ({ content }: Box, indent: string): ReadonlyArray<string> =>
    content.flatMap((item) =>
      isBox(item)
        ? [`${indent}${titleOf(item)}:`, ...draw(item, `${indent}  `)]
        : linesOf(item, nodes, indent)
    )
  return `${draw(chain, "").join("\n")}\n`
}

const formats: Readonly<Record<Format, (drawing: Drawing) => string>> = { mermaid, dot, text }

const columns = 80
/** Of a job that waits for thousands, the first say enough. */
const parentsShownMax = 12

const linesOf = ({ id, job, previous }: Node, nodes: ReadonlyArray<Node>, indent: string): ReadonlyArray<string> => {
  const parents = previous.slice(0, parentsShownMax).map((index) => nodes[index]?.id ?? "")
  const more = previous.length - parents.length
  const last = parents.length - 1
  const notes = [repeated(job), retries(job.retry, job.retryWait)]
  const words = [
    ...parents.map((parent, index) => `${index === 0 ? "after " : ""}${parent}${index < last ? "," : ""}`),
    ...(more > 0 ? [`and ${more} more`] : []),
    ...notes
  ].filter((word) => word !== "")
  const lines = [`${indent}${id}`]
  for (const [index, word] of words.entries()) {
    const gap = index === 0 || notes.includes(word) ? "  " : " "
    const line = `${lines.at(-1)}${gap}${word}`
    if (line.length <= columns) lines[lines.length - 1] = line
    else lines.push(`${indent}    ${word}`)
  }
  return lines
}

const retries = (retry: number | null | undefined, wait: string | null | undefined): string =>
  retry ? `retry ${retry}${wait ? ` after ${wait}` : ""}` : ""

/** What comes right after such a job is known only when it is COMPLETE. */
const repeated = ({ each }: Job): string => {
  const jobs = Object.keys(each?.template?.jobs ?? {}).length
  return each ? `${jobs} ${jobs === 1 ? "job" : "jobs"} for each of ${each.from}` : ""
}

const labelOf = ({ id, job }: Node): string => {
  const command = job.type === "shell" && typeof job.args?.command === "string" ? job.args.command : job.type ?? ""
  const [line = "", ...others] = command.trim().split("\n")
  const what = line.length > 40 || others.length > 0 ? `${line.slice(0, 39)}…` : line
  return [id, what, repeated(job), retries(job.retry, job.retryWait)].filter((part) => part !== "").join("\n")
}

const titleOf = ({ first }: Box): string => {
  const extra = retries(first?.job.sequenceRetry, first?.job.sequenceRetryWait)
  return `sequence ${first?.id}${extra === "" ? "" : `, ${extra}`}`
}

const inMermaid = (label: string): string =>
  `"${label.replaceAll("#", "#35;").replaceAll("\"", "#quot;").replaceAll("<", "#lt;").replaceAll("\n", "<br/>")}"`

const inDot = (label: string): string =>
  `"${label.replaceAll("\\", "\\\\").replaceAll("\"", "\\\"").replaceAll("\n", "\\n")}"`
