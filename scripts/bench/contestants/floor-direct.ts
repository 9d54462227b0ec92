/**
 * The least that Effect could do without a queue: the observer of each done job counts parents down and starts the next.
 * Many graphs at once are one graph of many first jobs to it.
 *
 * Configuration: who comes after whom, and how many parents each job has.
 */
import * as Effect from "effect/Effect"
import * as Case from "../Case.ts"
import * as Graph from "../Graph.ts"
import type { Contestant } from "../GraphWorkload.ts"

export const contestant: Contestant = ({ graphs, work }) => {
  const graph = Graph.joined(graphs)
  const children = Graph.reversed(graph)
  const degrees = Graph.degreesOf(graph)
  const job = work === "wait" ? Effect.sleep(1) : Effect.void

  const program = Effect.flatMap(Effect.context<never>(), (context) =>
    Effect.callback<number>((resume) => {
      const fork = Effect.runForkWith(context)
      const waitsFor = degrees.slice()
      const startable = Array.from(degrees.keys()).filter((index) => degrees[index] === 0)
      let finished = 0
      let isStarting = false

      const onDone = (index: number) => {
        finished++
        Graph.forEachParent(children, index, (child) => {
          const left = (waitsFor[child] as number) - 1
          waitsFor[child] = left
          if (left === 0) startable.push(child)
        })
        startAll()
      }
      // A job may end while it is started; its children then wait for the loop, so that a long line is no deep stack.
      const startAll = () => {
        if (isStarting) return
        isStarting = true
        while (startable.length > 0) {
          const index = startable.pop() as number
          fork(job).addObserver(() => onDone(index))
        }
        isStarting = false
        if (finished === graph.size) resume(Effect.succeed(finished))
      }
      startAll()
    }))

  return Case.counting(() => Effect.runPromise(program))
}
