/**
 * OpenWorkflow on SQLite: a workflow whose jobs are steps.
 *
 * Configuration: the workflow. Timed: scheduling its runs, starting the worker, and the runs until their last step is stored.
 * An idle worker looks for runs once a second at most, and so does whoever waits for a result: that says nothing of how fast
 * it is, so the worker starts when there is something to do, and results are only looked at when the time is over.
 */
import { OpenWorkflow } from "openworkflow"
import { BackendSqlite } from "openworkflow/sqlite"
import type { Session } from "../Case.ts"
import type { Contestant, GraphWorkload } from "../GraphWorkload.ts"
import * as Place from "../Place.ts"
import { PromiseJob } from "./PromiseJob.ts"
import * as StepGraph from "./StepGraph.ts"

export const contestant: Contestant = (workload) => {
  const graphs = workload.graphs.map(StepGraph.make)
  return { open: () => open(workload, graphs) }
}

/** How many runs the worker is at, at most. */
const concurrency = 100

const open = async ({ work }: GraphWorkload, graphs: ReadonlyArray<StepGraph.StepGraph>): Promise<Session> => {
  const place = await Place.sqlite()
  const backend = BackendSqlite.connect(place.location)
  const workflows = new OpenWorkflow({ backend })
  const job = new PromiseJob(work)
  let unfinished = 0
  let ended = Promise.withResolvers<void>()
  const workflow = workflows.defineWorkflow<{ readonly graph: number }, void>(
    { name: "run-graph" },
    async ({ input, step }) => {
      await StepGraph.run(graphs[input.graph] as StepGraph.StepGraph, (name) => step.run({ name }, job.run))
      unfinished--
      if (unfinished === 0) ended.resolve()
    }
  )
  const worker = workflows.newWorker({ concurrency })
  const results: Array<() => Promise<void>> = []
  return {
    run: async () => {
      ended = Promise.withResolvers()
      unfinished = graphs.length
      const handles = await Promise.all(graphs.map((_, graph) => workflow.run({ graph })))
      results.push(...handles.map((handle) => () => handle.result()))
      await worker.start()
      await ended.promise
    },
    close: async () => {
      await worker.stop()
      for (const result of results) await result()
      await backend.stop()
      await place.remove()
      return job.count
    }
  }
}
