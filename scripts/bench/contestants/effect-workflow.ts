/**
 * Effect's own workflow engine, in memory: a workflow whose jobs are activities that start when those of their parents are
 * done.
 *
 * Configuration: the workflow with its handler. Timed: executing it. Each session has an engine of its own, as engines keep
 * what every execution did.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Schema from "effect/Schema"
import * as Activity from "effect/workflow/Activity"
import * as Workflow from "effect/workflow/Workflow"
import * as WorkflowEngine from "effect/workflow/WorkflowEngine"
import * as Graph from "../Graph.ts"
import type { Contestant } from "../GraphWorkload.ts"

const RunGraph = Workflow.make("RunGraph", {
  payload: { requestId: Schema.String, graph: Schema.Number },
  idempotencyKey: ({ requestId }) => requestId
})

export const contestant: Contestant = ({ graphs, work }) => {
  const ids = graphs.map(Graph.idsOf)
  return {
    open: () => {
      let count = 0
      let requests = 0
      const counted = Effect.sync(() => {
        count++
      })
      const job = work === "wait" ? Effect.andThen(Effect.sleep(1), counted) : counted
      const handler = RunGraph.toLayer(({ graph }) => runGraph(graphs[graph] as Graph.Graph, ids[graph] ?? [], job))
      const runtime = ManagedRuntime.make(Layer.provideMerge(handler, WorkflowEngine.layerMemory))
      const execute = Effect.forEach(
        graphs,
        (_, graph) => RunGraph.execute({ requestId: `request-${requests++}`, graph }),
        { concurrency: "unbounded", discard: true }
      )
      return {
        run: () => runtime.runPromise(execute),
        close: async () => {
          await runtime.dispose()
          return count
        }
      }
    }
  }
}

const runGraph = (graph: Graph.Graph, ids: ReadonlyArray<string>, job: Effect.Effect<void>) =>
  Effect.suspend(() => {
    const done = ids.map(() => Deferred.makeUnsafe<void>())
    const runJob = Effect.fnUntraced(function*(index: number) {
      for (const parent of Graph.parentsOf(graph, index)) yield* Deferred.await(done[parent] as Deferred.Deferred<void>)
      yield* Activity.make({ name: ids[index] as string, execute: job })
      yield* Deferred.succeed(done[index] as Deferred.Deferred<void>, undefined)
    })
    return Effect.forEach(ids, (_, index) => runJob(index), { concurrency: "unbounded", discard: true })
  })
