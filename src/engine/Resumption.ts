/**
 * What a store knows, beyond the chain itself, of a chain whose process was cut off.
 *
 * Given to `TraverserFactory.makeFromChain`. A chain that was suspended in good order needs none of it.
 *
 * @since 0.1.0
 */
import type { Graph } from "../domain/Graph.ts"

export interface Resumption {
  /**
   * Ids of the jobs whose try was cut off. Their counts in the chain are those before that try, which runs again
   * under the same number and idempotency key, with `recovered` set.
   */
  readonly recovered?: ReadonlySet<string>
  /** Job id → when its wait, or its sequence's, is over, in Unix milliseconds. A wait keeps its deadline. */
  readonly waits?: ReadonlyMap<string, number>
  /**
   * Job id → why it is not to run again. Such a job has failed for good when its turn comes, whatever tries it or its
   * sequence has left.
   */
  readonly givenUp?: ReadonlyMap<string, string>
}

export const none: Resumption = {}

/** A resumption by the indices of the jobs. Whoever takes it takes out what is done with. */
export interface Indexed {
  readonly recovered: Map<number, string>
  readonly waits: Map<number, number>
  readonly givenUp: ReadonlyMap<number, string>
}

/** Returns a resumption by the indices of the jobs; what is not of the chain is left out. */
export const indexed = ({ givenUp, recovered, waits }: Resumption, graph: Graph): Indexed => ({
  recovered: byIndex(graph, recovered?.entries()),
  waits: byIndex(graph, waits),
  givenUp: byIndex(graph, givenUp)
})

/** Shared, as most chains come without a resumption. Nothing is ever put in. */
const noJobs = new Map<number, never>()

const byIndex = <A>({ indexOf }: Graph, byId: Iterable<readonly [string, A]> | undefined): Map<number, A> => {
  if (byId === undefined) return noJobs
  const found = new Map<number, A>()
  for (const [id, value] of byId) {
    const job = indexOf.get(id)
    if (job !== undefined) found.set(job, value)
  }
  return found
}
