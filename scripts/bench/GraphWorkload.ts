/**
 * A workload that is one graph of jobs or many at once, for everything that can run graphs.
 *
 * `contestants/` has one file for each contestant, which makes a `Case` of such a workload.
 */
import { basename } from "node:path"
import type { Case } from "./Case.ts"
import type { Graph } from "./Graph.ts"

/** What each job does: nothing at all, wait for a millisecond, or set one key of data, where there is data. */
export type Work = "nothing" | "wait" | "setData"

/** Jobs that are tried again as a whole: all from its first to its last job. */
export interface Sequence {
  readonly first: number
  readonly last: number
}

export interface GraphWorkload {
  /** Run at once. */
  readonly graphs: ReadonlyArray<Graph>
  readonly work: Work
  /** In each graph, the outer ones before the inner ones. Only `jobchain` has such. */
  readonly sequences: ReadonlyArray<Sequence>
  /** How often the last job fails before it completes, with its sequence tried again each time. */
  readonly failures: number
}

export const make = (graphs: ReadonlyArray<Graph>, options: Partial<Omit<GraphWorkload, "graphs">> = {}) => ({
  graphs,
  work: "nothing",
  sequences: [],
  failures: 0,
  ...options
} satisfies GraphWorkload as GraphWorkload)

/** Makes a case of a workload. */
export type Contestant = (workload: GraphWorkload) => Case

/**
 * Returns a contestant by name; its file is called the same, but for the scope of a package. Only its own modules are loaded, so
 * that memory and start say something of it alone.
 */
export const contestant = async (name: string): Promise<Contestant> => {
  const module: { readonly contestant: Contestant } = await import(`./contestants/${basename(name)}.ts`)
  return module.contestant
}
