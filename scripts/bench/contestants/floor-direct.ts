/**
 * The least that Effect could do without a queue: the observer of each done job counts parents down and starts the next.
 *
 * Configuration: the graph by job ids, which is what every contestant is given. Timed: counting parents, and running.
 */
import * as Effect from "effect/Effect"
import * as Case from "../Case.ts"
import type { Contestant } from "../GraphWorkload.ts"
import * as NamedGraph from "../NamedGraph.ts"

export const contestant: Contestant = ({ graphs, work }) => {
  const named = graphs.map(NamedGraph.make)
  const job = work === "wait" ? Effect.sleep(1) : Effect.void

  const runGraph = (graph: NamedGraph.NamedGraph) =>
    Effect.flatMap(Effect.context<never>(), (context) =>
      Effect.callback<number>((resume) => {
        const fork = Effect.runForkWith(context)
        const waitsFor = NamedGraph.waitsFor(graph)
        const startable = graph.ids.filter((id) => waitsFor.get(id) === 0)
        let finished = 0
        let isStarting = false

        const onDone = (id: string) => {
          finished++
          for (const child of graph.childrenOf.get(id) as ReadonlyArray<string>) {
            const left = (waitsFor.get(child) as number) - 1
            waitsFor.set(child, left)
            if (left === 0) startable.push(child)
          }
          startAll()
        }
        // A job may end while it is started; its children then wait for the loop, so that a long line is no deep stack.
        const startAll = () => {
          if (isStarting) return
          isStarting = true
          for (let id = startable.pop(); id !== undefined; id = startable.pop()) {
            const started = id
            fork(job).addObserver(() => onDone(started))
          }
          isStarting = false
          if (finished === graph.ids.length) resume(Effect.succeed(finished))
        }
        startAll()
      }))

  const program = Effect.map(
    Effect.forEach(named, runGraph, { concurrency: "unbounded" }),
    (counts) => counts.reduce((sum, count) => sum + count, 0)
  )
  return Case.counting(() => Effect.runPromise(program))
}
