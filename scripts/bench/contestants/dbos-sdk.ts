/**
 * DBOS: a workflow whose jobs are steps.
 *
 * Configuration: the workflow. Timed: calling it, until it returns. DBOS is one for the process, so each session launches it on
 * a database of its own.
 */
import { DBOS } from "@dbos-inc/dbos-sdk"
import type { Session } from "../Case.ts"
import type { Contestant } from "../GraphWorkload.ts"
import * as Place from "../Place.ts"
import { PromiseJob } from "./PromiseJob.ts"
import * as StepGraph from "./StepGraph.ts"

export const contestant: Contestant = ({ graphs, work }) => {
  const stepGraphs = graphs.map(StepGraph.make)
  let job = new PromiseJob(work)
  const runGraph = DBOS.registerWorkflow(
    (graph: number) =>
      StepGraph.run(stepGraphs[graph] as StepGraph.StepGraph, (name) => DBOS.runStep(() => job.run(), { name })),
    { name: "runGraph" }
  )
  return {
    open: async (): Promise<Session> => {
      job = new PromiseJob(work)
      const place = await Place.postgres()
      DBOS.setConfig({ name: "bench", systemDatabaseUrl: place.location, logLevel: "error" })
      await DBOS.launch()
      return {
        run: () => Promise.all(stepGraphs.map((_, graph) => runGraph(graph))),
        close: async () => {
          await DBOS.shutdown()
          await place.remove()
          return job.count
        }
      }
    }
  }
}
