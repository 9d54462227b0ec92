/**
 * Makes the template of what is repeated, of jobs that were made as if it was there once.
 *
 * In a template ids are without that of what is repeated, and a job that is called by its id has no name: both are known only
 * when an instance is made. `Instance` makes them.
 *
 * @since 0.1.0
 */
import type { Job, Template } from "../domain/JobChain.ts"

/** Returns the template of a job; `sequenceId` is of the sequence around it, which all its instances belong to. */
export const ofJob = (job: Job, sequenceId: string | undefined): Template => {
  const own = sequenceId === undefined ? {} : { sequenceId }
  return { jobs: { "": { ...withoutOwnName(job), id: "", ...own } }, adjacencyList: {} }
}

/** Returns the template of a sequence called `id`. */
export const ofSequence = (id: string, { adjacencyList, jobs }: Template): Template => {
  const prefix = `${id}.`
  const partOf = (jobId: string) => jobId.startsWith(prefix) ? jobId.slice(id.length) : jobId
  return {
    jobs: Object.fromEntries(
      Object.values(jobs ?? {}).map((job) => [partOf(job.id ?? ""), { ...inTemplate(withoutOwnName(job), partOf) }])
    ),
    adjacencyList: Object.fromEntries(
      Object.entries(adjacencyList ?? {}).map(([from, next]) => [partOf(from), (next ?? []).map(partOf)])
    )
  }
}

const withoutOwnName = ({ name, ...job }: Job): Job => name === job.id || name == null ? job : { ...job, name }

const inTemplate = (job: Job, partOf: (jobId: string) => string): Job => ({
  ...job,
  id: partOf(job.id ?? ""),
  ...(job.sequenceId && { sequenceId: partOf(job.sequenceId) }),
  ...(job.each?.template && { each: { ...job.each, template: inOuter(job.each.template, partOf) } })
})

/** A job that is repeated in a template belongs to a sequence of that one. */
const inOuter = ({ adjacencyList, jobs }: Template, partOf: (jobId: string) => string): Template => ({
  jobs: Object.fromEntries(
    Object.entries(jobs ?? {}).map(([part, job]) => [part, { ...inTemplate(job, partOf), id: part }])
  ),
  adjacencyList: adjacencyList ?? {}
})
