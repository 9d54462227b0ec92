/**
 * The requests of a session: each run of a workload gives its chains ids of their own, and at the end all of them are counted.
 */
import * as Effect from "effect/Effect"
import type { JobChain } from "../../src/domain/JobChain.ts"

export class Requests {
  private readonly ids: Array<string> = []

  /** Runs chains, all at once, each under a new request id. */
  runAll<E, R>(
    chains: ReadonlyArray<JobChain>,
    run: (chain: JobChain & { readonly requestId: string }) => Effect.Effect<unknown, E, R>
  ): Effect.Effect<void, E, R> {
    const requests = chains.map((chain) => {
      const requestId = `request-${this.ids.length}`
      this.ids.push(requestId)
      return { ...chain, requestId }
    })
    return Effect.forEach(requests, run, { concurrency: "unbounded", discard: true })
  }

  /** Returns the sum of what `countOf` says of each request. */
  count<E, R>(countOf: (requestId: string) => Effect.Effect<number, E, R>): Effect.Effect<number, E, R> {
    return Effect.map(Effect.forEach(this.ids, countOf), (counts) => counts.reduce((sum, count) => sum + count, 0))
  }
}
