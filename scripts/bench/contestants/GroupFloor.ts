/**
 * The least that a durable store could do for the same graphs: of all that is ready, one commit keeps which jobs have completed
 * and which are about to run. No logs, no data, no tries, no graphs; nothing is checked, and nobody could take it over.
 *
 * Configuration: who comes after whom. Timed: counting parents, running, and the commits.
 */
import type { Case, Session } from "../Case.ts"
import * as Graph from "../Graph.ts"
import type { GraphWorkload } from "../GraphWorkload.ts"

/** A job of a chain. */
export type Job = readonly [chain: number, job: number]

export const states = { running: 1, complete: 2 } as const

/** What has become of jobs and chains since the last commit. */
export interface Changes {
  readonly begun: ReadonlyArray<number>
  readonly starting: ReadonlyArray<Job>
  readonly completed: ReadonlyArray<Job>
  readonly ended: ReadonlyArray<number>
}

export interface Store {
  /** Is over when all of it is on the disk. */
  readonly commit: (changes: Changes) => void | Promise<void>
  /** Answers how many jobs have completed, and throws where a chain has not ended. */
  readonly completed: () => number | Promise<number>
  readonly close: () => Promise<void>
}

export const make = ({ graphs }: GraphWorkload, openStore: () => Promise<Store>): Case => {
  const children = graphs.map(Graph.reversed)
  return {
    open: async (): Promise<Session> => {
      const store = await openStore()
      let chains = 0
      return {
        run: async () => {
          const first = chains
          chains += graphs.length
          await run(store, first, graphs, children)
        },
        close: async () => {
          const completed = await store.completed()
          await store.close()
          return completed
        }
      }
    }
  }
}

const run = async (
  store: Store,
  first: number,
  graphs: ReadonlyArray<Graph.Graph>,
  children: ReadonlyArray<Graph.Graph>
): Promise<void> => {
  const waitsFor = graphs.map(Graph.degreesOf)
  const left = graphs.map(({ size }) => size)
  const begun = graphs.map((_, index) => first + index)
  let starting = waitsFor.flatMap((counts, index) =>
    Array.from(counts.entries()).flatMap(([job, count]): ReadonlyArray<Job> =>
      count === 0 ? [[first + index, job]] : []
    )
  )
  await store.commit({ begun, starting, completed: [], ended: [] })
  while (starting.length > 0) {
    // The jobs do nothing: they have run.
    const completed = starting
    const next: Array<Job> = []
    const ended: Array<number> = []
    for (const [chain, job] of completed) {
      const index = chain - first
      const counts = waitsFor[index] as Int32Array
      Graph.forEachParent(children[index] as Graph.Graph, job, (child) => {
        const count = (counts[child] as number) - 1
        counts[child] = count
        if (count === 0) next.push([chain, child])
      })
      const jobsLeft = (left[index] as number) - 1
      left[index] = jobsLeft
      if (jobsLeft === 0) ended.push(chain)
    }
    starting = next
    await store.commit({ begun: [], starting, completed, ended })
  }
}
