/**
 * How long a chain, its jobs and its sequences have run, where a limit or a retry policy asks for it.
 *
 * In milliseconds, over all runs of the chain: time spent suspended does not count, nor what a crash has cut off. Only what is
 * asked for is kept; a chain without limits has none of it. The engine's `Stopwatches` add to it.
 *
 * @since 0.1.0
 */
import * as GoDuration from "./GoDuration.ts"
import type { Graph } from "./Graph.ts"
import type { WireElapsed } from "./JobChain.ts"
import { SparseMap } from "./Sparse.ts"

export interface Elapsed {
  chain: number
  /** Job index → milliseconds. */
  readonly jobs: SparseMap<number, number>
  /** Index of a sequence's first job → milliseconds. */
  readonly sequences: SparseMap<number, number>
}

/** Returns the times a suspended chain brings along. */
export const make = (graph: Graph, wire: WireElapsed | null | undefined): Elapsed => ({
  chain: wire?.chain ?? 0,
  jobs: byIndex(graph, wire?.jobs),
  sequences: byIndex(graph, wire?.sequences)
})

/** Returns the times for a suspended chain; `undefined` where there are none. */
export const toWire = ({ chain, jobs, sequences }: Elapsed, { ids }: Graph): WireElapsed | undefined => {
  if (chain === 0 && jobs.size === 0 && sequences.size === 0) return undefined
  const byId = (times: ReadonlyMap<number, number>) =>
    Object.fromEntries(Array.from(times, ([job, time]) => [ids[job] as string, time]))
  return {
    ...(chain === 0 ? {} : { chain }),
    ...(jobs.size === 0 ? {} : { jobs: byId(jobs) }),
    ...(sequences.size === 0 ? {} : { sequences: byId(sequences) })
  }
}

/** Returns what to say of a chain that has used up its time; `undefined` where it has not. */
export const ofChainUsedUp = ({ chain }: Elapsed, timeout: string | null | undefined): string | undefined =>
  timeout && chain >= (GoDuration.parse(timeout) ?? Number.POSITIVE_INFINITY)
    ? `the chain took longer than ${timeout}`
    : undefined

const byIndex = (
  { indexOf }: Graph,
  wire: Readonly<Record<string, number>> | null | undefined
): SparseMap<number, number> => {
  const found = new SparseMap<number, number>()
  for (const [id, time] of Object.entries(wire ?? {})) {
    const job = indexOf.get(id)
    if (job !== undefined) found.set(job, time)
  }
  return found
}
