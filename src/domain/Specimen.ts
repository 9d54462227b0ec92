/**
 * A chain in which each list that is not known yet has one item, to look at what its jobs would do.
 *
 * @since 0.1.0
 */
import * as Graph from "./Graph.ts"
import * as Instance from "./Instance.ts"
import { hasFanOuts, type Job, type JobChain } from "./JobChain.ts"

/** What stands for the key of an item in the ids of the jobs: `host[*].stop`. */
const anyKey = "*"

/** Returns the chain itself where it has no such list. */
export const make = (jobChain: JobChain): JobChain => {
  if (!hasFanOuts(jobChain)) return jobChain
  const jobs: Record<string, Job> = {}
  const next = new Map(Object.entries(jobChain.adjacencyList ?? {}))
  const add = (id: string, job: Job) => {
    jobs[id] = job
    if (job.each) { for (const inside of specimenOf(id, job.each, next)) add(inside.id, inside) }
  }
  for (const [id, job] of Object.entries(jobChain.jobs ?? {})) add(id, job)
  return { ...jobChain, jobs, adjacencyList: Object.fromEntries(next) }
}

/** Returns the jobs of one instance, and puts them between the job that begins it and what comes after that. */
const specimenOf = (
  begin: string,
  { as, template }: NonNullable<Job["each"]>,
  next: Map<string, ReadonlyArray<string> | null>
): ReadonlyArray<Instance.InstanceJob> => {
  const mould = Instance.mould({ begin, template: template ?? {}, variable: as ?? "" })
  const { first, graph, last } = mould
  const jobs = Instance.jobsOf(mould, { key: anyKey, value: null })
  const idAt = (index: number) => jobs[index]?.id ?? ""
  const after = next.get(begin) ?? []
  for (const [index, { id }] of jobs.entries()) {
    next.set(id, index === last ? after : Array.from(Graph.neighbours(graph.next, index), idAt))
  }
  next.set(begin, [...after, idAt(first)])
  return jobs
}
