/**
 * Finds needs that lead in a circle: one fault for each group of jobs and sequences that wait for one another.
 *
 * Every step is two nodes, its begin and its end. A sequence begins before what is inside of it and ends after it.
 *
 * @since 0.1.0
 */
import * as Graph from "effect/Graph"
import type { SpecFault } from "./SpecFault.ts"
import { lookUp, namesNeeded, pathOfNeed, type Step } from "./Step.ts"

/** Returns the faults of needs that lead in a circle. */
export const faults = (steps: ReadonlyArray<Step>): ReadonlyArray<SpecFault> => {
  if (leadBack(steps) || isAcyclic(steps)) return []
  const edges: Array<Edge> = []
  visitEdges(steps, (from, to, step, need) => {
    edges.push({ from, to, need: step === undefined || need === undefined ? undefined : [step, need] })
  })
  return circles(edges, 2 * steps.length).map((group) => explain(group, edges))
}

interface Edge {
  readonly from: number
  readonly to: number
  /** The step whose need makes the edge, and what it needs; absent where the edge says what a sequence holds. */
  readonly need: Need | undefined
}

type Need = readonly [step: Step, needed: Step]

type Visit = (from: number, to: number, step?: Step, needed?: Step) => void

const visitEdges = (steps: ReadonlyArray<Step>, visit: Visit): void => {
  for (const step of steps) {
    const begin = 2 * step.index
    visit(begin, begin + 1)
    for (const needed of step.needs) visit(2 * needed.index + 1, begin, step, needed)
    if (step.outer === undefined) continue
    visit(2 * step.outer.index, begin)
    visit(begin + 1, 2 * step.outer.index + 1)
  }
}

/**
 * In most chains each step needs only what is written before it. As it is never part of what it needs, what it needs is then
 * written before it with all that is inside; and who begins and ends in the order in which it is written waits for nobody later.
 */
const leadBack = (steps: ReadonlyArray<Step>): boolean =>
  steps.every(({ index, needs }) => needs.every((needed) => needed.index < index))

/** Takes away nodes nothing leads to until none is left; on a circle there always is something. */
const isAcyclic = (steps: ReadonlyArray<Step>): boolean => {
  const size = 2 * steps.length
  const unmet = new Int32Array(size)
  // The edges from a node are a list in two arrays: the latest one, and for each edge the one before it.
  const latest = new Int32Array(size).fill(-1)
  const before: Array<number> = []
  const targets: Array<number> = []
  visitEdges(steps, (from, to) => {
    unmet[to] = (unmet[to] as number) + 1
    before.push(latest[from] as number)
    latest[from] = targets.push(to) - 1
  })
  const free = new Int32Array(size)
  let found = 0
  for (let node = 0; node < size; node++) if (unmet[node] === 0) free[found++] = node
  for (let taken = 0; taken < found; taken++) {
    for (let edge = latest[free[taken] as number] as number; edge >= 0; edge = before[edge] as number) {
      const to = targets[edge] as number
      unmet[to] = (unmet[to] as number) - 1
      if (unmet[to] === 0) free[found++] = to
    }
  }
  return found === size
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
const explain = (group: ReadonlySet<number>, edges: ReadonlyArray<Edge>): SpecFault => {
  const before = new Map<number, Edge>()
  for (const edge of edges) {
    if (group.has(edge.from) && group.has(edge.to) && !before.has(edge.to)) before.set(edge.to, edge)
  }
  const walk: Array<Edge> = []
  const seen = new Map<number, number>()
  let node = [...group].reduce((least, other) => Math.min(least, other))
  while (!seen.has(node)) {
    seen.set(node, walk.length)
    const edge = before.get(node) as Edge
    walk.push(edge)
    node = edge.from
  }
  const needs = walk.slice(seen.get(node)).flatMap(({ need }) => need === undefined ? [] : [need])
  const first = needs.reduce((least, [step], at) => step.index < (needs[least] as Need)[0].index ? at : least, 0)
  const turned = [...needs.slice(first), ...needs.slice(0, first)]
  return {
    kind: "cycle",
    path: placeOf(turned[0] as Need),
    at: "value",
    message: `the needs lead in a circle: ${describe(turned)}`
  }
}

const placeOf = ([step, needed]: Need): SpecFault["path"] =>
  pathOfNeed(step, namesNeeded(step).findIndex((name) => lookUp(name, step) === needed))

const describe = (needs: ReadonlyArray<Need>): string => {
  const words = needs.map(([step, needed], index) => {
    const previous = needs[index - 1]?.[1]
    // A need on a sequence is a need on all that it holds, and what is needed there comes round from inside.
    const from = previous === undefined || previous === step ? "" : ` (with "${step.id}" in it)`
    return `${index === 0 ? `"${step.id}"` : from} needs "${needed.id}"`
  })
  const last = needs.at(-1)?.[1]
  const first = needs[0]?.[0]
  return words.join("") + (last === first ? "" : ` (with "${first?.id}" in it)`)
}
