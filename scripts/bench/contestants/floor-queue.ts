/**
 * The least that Effect could do for the same graph: one fork per job, done jobs through a queue, parents counted down, and
 * nothing else. No states, no tries, no logs, no data, nothing is checked. Each graph is a program of its own.
 *
 * Configuration: the graph by job ids, which is what every contestant is given. Timed: counting parents, and running.
 */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Case from "../Case.ts"
import type { Contestant } from "../GraphWorkload.ts"
import * as NamedGraph from "../NamedGraph.ts"

export const contestant: Contestant = ({ graphs, work }) => {
  const named = graphs.map(NamedGraph.make)
  const job = work === "wait" ? Effect.sleep(1) : Effect.void

  const runGraph = (graph: NamedGraph.NamedGraph) =>
    Effect.scoped(Effect.gen(function*() {
      const scope = yield* Effect.scope
      const done = yield* Queue.unbounded<string>()
      const waitsFor = NamedGraph.waitsFor(graph)
      const start = (id: string) =>
        Effect.map(Effect.forkIn(job, scope), (fiber) => {
          fiber.addObserver(() => Queue.offerUnsafe(done, id))
        })
      for (const id of graph.ids) if (waitsFor.get(id) === 0) yield* start(id)
      let finished = 0
      while (finished < graph.ids.length) {
        for (const id of yield* Queue.takeAll(done)) {
          finished++
          for (const child of graph.childrenOf.get(id) as ReadonlyArray<string>) {
            const left = (waitsFor.get(child) as number) - 1
            waitsFor.set(child, left)
            if (left === 0) yield* start(child)
          }
        }
      }
      return finished
    }))

  const program = Effect.map(
    Effect.forEach(named, runGraph, { concurrency: "unbounded" }),
    (counts) => counts.reduce((sum, count) => sum + count, 0)
  )
  return Case.counting(() => Effect.runPromise(program))
}
