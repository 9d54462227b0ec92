/**
 * The least that Effect could do for the same graph: one fork per job, done jobs through a queue, parents counted down, and
 * nothing else. No states, no tries, no logs, no data. Many graphs at once are one graph of many first jobs to it.
 *
 * Configuration: who comes after whom, and how many parents each job has.
 */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Case from "../Case.ts"
import * as Graph from "../Graph.ts"
import type { Contestant } from "../GraphWorkload.ts"

export const contestant: Contestant = ({ graphs, work }) => {
  const graph = Graph.joined(graphs)
  const children = Graph.reversed(graph)
  const degrees = Graph.degreesOf(graph)
  const job = work === "wait" ? Effect.sleep(1) : Effect.void

  const program = Effect.scoped(Effect.gen(function*() {
    const scope = yield* Effect.scope
    const done = yield* Queue.unbounded<number>()
    const waitsFor = degrees.slice()
    const start = (index: number) =>
      Effect.map(Effect.forkIn(job, scope), (fiber) => {
        fiber.addObserver(() => Queue.offerUnsafe(done, index))
      })
    for (const [index, degree] of degrees.entries()) if (degree === 0) yield* start(index)
    let finished = 0
    while (finished < graph.size) {
      for (const index of yield* Queue.takeAll(done)) {
        finished++
        const end = children.offsets[index + 1] as number
        for (let edge = children.offsets[index] as number; edge < end; edge++) {
          const child = children.parents[edge] as number
          const left = (waitsFor[child] as number) - 1
          waitsFor[child] = left
          if (left === 0) yield* start(child)
        }
      }
    }
    return finished
  }))

  return Case.counting(() => Effect.runPromise(program))
}
