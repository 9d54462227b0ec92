/**
 * The shapes that graphs of workloads have. Each has one first and one last job.
 */
import * as Graph from "./Graph.ts"

/** A graph of jobs one after another. */
export const linear = (size: number): Graph.Graph => {
  const edges = new Graph.Edges()
  for (let job = 0; job < size; job++) edges.add(job === 0 ? [] : [job - 1])
  return edges.graph
}

/** A graph of one job, then `width` at once, then one. */
export const fan = (width: number): Graph.Graph => layered({ jobs: width, width, seed: 0 })

export interface Layers {
  /** How many there are between the first and the last job. */
  readonly jobs: number
  readonly width: number
  readonly seed: number
}

/** A graph of one job, then layers of jobs that have 2 or 3 parents in the layer before, then one: the same for each seed. */
export const layered = ({ jobs, seed, width }: Layers): Graph.Graph => {
  const random = randomOf(seed)
  const edges = new Graph.Edges()
  edges.add([])
  const hasChild = new Uint8Array(1 + jobs)
  for (let job = 1; job <= jobs; job++) {
    const start = 1 + (Math.ceil(job / width) - 2) * width
    const parents = start < 0 ? [0] : pick(random, start, width)
    for (const parent of parents) hasChild[parent] = 1
    edges.add(parents)
  }
  // Jobs of the last layer have no children, and others may not have been picked by anyone.
  edges.add(Array.from(hasChild.keys()).filter((job) => job > 0 && hasChild[job] === 0))
  return edges.graph
}

/** Returns 2 or 3 different jobs of a layer. */
const pick = (random: () => number, start: number, width: number): ReadonlyArray<number> => {
  const count = Math.min(width, random() < 0.5 ? 2 : 3)
  const picked = new Set<number>()
  while (picked.size < count) picked.add(start + Math.floor(random() * width))
  return [...picked]
}

/** Mulberry32. */
const randomOf = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
}
