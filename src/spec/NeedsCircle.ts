/**
 * Finds needs that lead in a circle: one fault for each group of jobs and sequences that wait for one another.
 *
 * Every step is two nodes, its begin and its end. A sequence begins before what is inside of it and ends after it.
 *
 * @since 0.1.0
 */
import * as Graph from "effect/Graph"
import type { SpecFault } from "./SpecFault.ts"
import type { Need, Step } from "./Step.ts"

/** Returns the faults of needs that lead in a circle. */
export const faults = (steps: ReadonlyArray<Step>): ReadonlyArray<SpecFault> => {
  const { edges, size } = edgesOf(steps)
  if (isAcyclic(edges, size)) return []
  return circles(edges, size).map((group) => explain(group, steps, edges))
}

interface Edge {
  readonly from: number
  readonly to: number
  /** The need that makes the edge, and whose it is; absent where the edge says what a sequence holds. */
  readonly need?: readonly [step: Step, need: Need]
}

const edgesOf = (steps: ReadonlyArray<Step>): { readonly edges: ReadonlyArray<Edge>; readonly size: number } => {
  const begins = new Map(steps.map((step, index) => [step, 2 * index]))
  const begin = (step: Step): number => begins.get(step) as number
  const edges: Array<Edge> = []
  for (const step of steps) {
    edges.push({ from: begin(step), to: begin(step) + 1 })
    for (const need of step.needs) edges.push({ from: begin(need.step) + 1, to: begin(step), need: [step, need] })
    const sequence = step.outer
    if (sequence === undefined) continue
    edges.push({ from: begin(sequence), to: begin(step) }, { from: begin(step) + 1, to: begin(sequence) + 1 })
  }
  return { edges, size: 2 * steps.length }
}

/** Takes away nodes nothing leads to until none is left; on a circle there always is something. */
const isAcyclic = (edges: ReadonlyArray<Edge>, size: number): boolean => {
  const unmet = new Int32Array(size)
  const next = Array.from({ length: size }, (): Array<number> => [])
  for (const { from, to } of edges) {
    unmet[to] = (unmet[to] as number) + 1
    next[from]?.push(to)
  }
  const free = [...unmet.keys()].filter((node) => unmet[node] === 0)
  for (let i = 0; i < free.length; i++) {
    for (const to of next[free[i] as number] ?? []) {
      unmet[to] = (unmet[to] as number) - 1
      if (unmet[to] === 0) free.push(to)
    }
  }
  return free.length === size
}

/** Groups of nodes that all lead to one another. */
const circles = (edges: ReadonlyArray<Edge>, size: number): ReadonlyArray<ReadonlySet<number>> => {
  const graph = Graph.directed<null, null>((mutable) => {
    for (let node = 0; node < size; node++) Graph.addNode(mutable, null)
    for (const { from, to } of edges) Graph.addEdge(mutable, from, to, null)
  })
  return Graph.stronglyConnectedComponents(graph).filter((group) => group.length > 1).map((group) => new Set(group))
}

/** Walks a group backwards from need to need until it comes round. */
const explain = (group: ReadonlySet<number>, steps: ReadonlyArray<Step>, edges: ReadonlyArray<Edge>): SpecFault => {
  const before = new Map<number, Edge>()
  for (const edge of edges) {
    if (group.has(edge.from) && group.has(edge.to) && !before.has(edge.to)) before.set(edge.to, edge)
  }
  const walk: Array<Edge> = []
  const seen = new Map<number, number>()
  let node = Math.min(...group)
  while (!seen.has(node)) {
    seen.set(node, walk.length)
    const edge = before.get(node) as Edge
    walk.push(edge)
    node = edge.from
  }
  const needs = walk.slice(seen.get(node)).flatMap(({ need }) => need === undefined ? [] : [need])
  const order = (step: Step) => steps.indexOf(step)
  const first = needs.reduce(
    (least, [step], index) => order(step) < order(needs[least]?.[0] as Step) ? index : least,
    0
  )
  const turned = [...needs.slice(first), ...needs.slice(0, first)]
  return {
    kind: "cycle",
    path: turned[0]?.[1].path ?? [],
    at: "value",
    message: `the needs lead in a circle: ${describe(turned)}`
  }
}

const describe = (needs: ReadonlyArray<readonly [step: Step, need: Need]>): string => {
  const words = needs.map(([step, need], index) => {
    const previous = needs[index - 1]?.[1].step
    // A need on a sequence is a need on all that it holds, and what is needed there comes round from inside.
    const from = previous === undefined || previous === step ? "" : ` (with "${step.id}" in it)`
    return `${index === 0 ? `"${step.id}"` : from} needs "${need.step.id}"`
  })
  const last = needs.at(-1)?.[1].step
  const first = needs[0]?.[0]
  return words.join("") + (last === first ? "" : ` (with "${first?.id}" in it)`)
}
