/**
 * A graph of jobs as plain data, from which each contestant makes its own form.
 *
 * Jobs are numbers, each higher than those of its parents. Compact, so that a million jobs take little of the memory that is
 * measured. Which graphs there are is in `Shape.ts`.
 */

export interface Graph {
  readonly size: number
  /** The parents of job `j` are `parents[offsets[j]]` up to, not including, `parents[offsets[j + 1]]`. */
  readonly offsets: Int32Array
  readonly parents: Int32Array
}

/** Returns what a job is called, for contestants that know jobs by name. */
export const idOf = (job: number): string => `job-${job}`

/** Returns the ids of all jobs. */
export const idsOf = ({ size }: Graph): Array<string> => Array.from({ length: size }, (_, job) => idOf(job))

/** Returns the parents of a job. */
export const parentsOf = ({ offsets, parents }: Graph, job: number): Int32Array =>
  parents.subarray(offsets[job], offsets[job + 1])

/** Calls a function with each parent of a job: for loops that are timed, as it makes nothing. */
export const forEachParent = ({ offsets, parents }: Graph, job: number, visit: (parent: number) => void): void => {
  const end = offsets[job + 1] as number
  for (let edge = offsets[job] as number; edge < end; edge++) visit(parents[edge] as number)
}

/** Returns the same graph the other way round: the children of job `j` where `parents` has its parents. */
export const reversed = (graph: Graph): Graph => {
  const { parents, size } = graph
  const ends = new Int32Array(size + 1)
  for (const parent of parents) ends[parent + 1] = (ends[parent + 1] as number) + 1
  for (let job = 0; job < size; job++) ends[job + 1] = (ends[job + 1] as number) + (ends[job] as number)
  const free = ends.slice()
  const children = new Int32Array(parents.length)
  for (let job = 0; job < size; job++) {
    forEachParent(graph, job, (parent) => {
      const place = free[parent] as number
      free[parent] = place + 1
      children[place] = job
    })
  }
  return { size, offsets: ends, parents: children }
}

/** Returns several graphs as one, which has as many first and last jobs. */
export const joined = (graphs: ReadonlyArray<Graph>): Graph => {
  const edges = new Edges()
  for (const graph of graphs) {
    const start = edges.size
    for (let job = 0; job < graph.size; job++) edges.add(parentsOf(graph, job).map((parent) => start + parent))
  }
  return edges.graph
}

/** Returns how many parents each job has. */
export const degreesOf = ({ offsets, size }: Graph): Int32Array =>
  Int32Array.from({ length: size }, (_, job) => (offsets[job + 1] as number) - (offsets[job] as number))

/** Returns the jobs of each level: those whose longest way from the first job is that long. */
export const levelsOf = (graph: Graph): Array<Array<number>> => {
  const levelOf = new Int32Array(graph.size)
  const levels: Array<Array<number>> = []
  for (let job = 0; job < graph.size; job++) {
    const level = parentsOf(graph, job).reduce((max, parent) => Math.max(max, (levelOf[parent] as number) + 1), 0)
    levelOf[job] = level
    const jobs = levels[level]
    if (jobs === undefined) levels.push([job])
    else jobs.push(job)
  }
  return levels
}

/** Collects a graph, job by job. */
export class Edges {
  private readonly offsets = [0]
  private readonly parents: Array<number> = []

  get size(): number {
    return this.offsets.length - 1
  }

  add(parents: Iterable<number>): void {
    for (const parent of parents) this.parents.push(parent)
    this.offsets.push(this.parents.length)
  }

  get graph(): Graph {
    const { offsets, parents } = this
    return { size: this.size, offsets: Int32Array.from(offsets), parents: Int32Array.from(parents) }
  }
}
