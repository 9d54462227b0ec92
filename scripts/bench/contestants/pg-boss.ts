/**
 * pg-boss: each graph is a flow of jobs in one queue.
 *
 * Configuration: the flows, with the queue. Timed: sending the flows, until the last job is completed. A worker that pg-boss
 * runs looks for jobs twice a second at most, and flows go on once a second at most, which says nothing of how fast it is: so
 * jobs are fetched and completed by hand, as many as there are, and flows are told to go on right after that.
 */
import { type FlowJob, PgBoss } from "pg-boss"
import type { Session } from "../Case.ts"
import type { Contestant, GraphWorkload } from "../GraphWorkload.ts"
import * as Place from "../Place.ts"
import { PromiseJob } from "./PromiseJob.ts"
import * as StepGraph from "./StepGraph.ts"

export const contestant: Contestant = (workload) => {
  const flows = workload.graphs.map((graph) => flowOf(StepGraph.make(graph)))
  return { open: () => open(workload, flows) }
}

const queue = "jobs"
const batchSize = 1000

type Flow = ReadonlyArray<FlowJob>

const flowOf = ({ ids, parents }: StepGraph.StepGraph): Flow =>
  ids.map((ref, job) => ({
    ref,
    name: queue,
    dependsOn: Array.from(parents[job] ?? [], (parent) => ids[parent] as string)
  }))

const open = async ({ work }: GraphWorkload, flows: ReadonlyArray<Flow>): Promise<Session> => {
  const place = await Place.postgres()
  const boss = new PgBoss(place.location)
  boss.on("error", (error) => {
    throw error
  })
  await boss.start()
  await boss.createQueue(queue)
  const job = new PromiseJob(work)

  const runSome = async (): Promise<number> => {
    const jobs = await boss.fetch(queue, { batchSize })
    await Promise.all(jobs.map(() => job.run()))
    await boss.complete(queue, jobs.map(({ id }) => id))
    await boss.resolveFlow()
    return jobs.length
  }
  return {
    run: async () => {
      let unfinished = flows.reduce((sum, flow) => sum + flow.length, 0)
      await Promise.all(flows.map((flow) => boss.flow([...flow])))
      while (unfinished > 0) unfinished -= await runSome()
    },
    close: async () => {
      await boss.stop()
      await place.remove()
      return job.count
    }
  }
}
