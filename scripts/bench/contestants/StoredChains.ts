/**
 * jobchain with a store, as an application has it: each checkpoint of a chain, with the logs of its jobs, is a commit.
 *
 * Configuration: chains as a Request Manager sends them. Timed, for each: the chain is checked and compiled, taken into the
 * store, runs, and its final state is committed.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import type { JobChain } from "../../../src/domain/JobChain.ts"
import { TraverserFactory } from "../../../src/engine/TraverserFactory.ts"
import { ChainStore } from "../../../src/storage/ChainStore.ts"
import type * as Store from "../../../src/storage/Store.ts"
import type { Session } from "../Case.ts"
import type { Contestant, GraphWorkload } from "../GraphWorkload.ts"
import type { Place } from "../Place.ts"
import { Requests } from "../Requests.ts"
import * as Services from "../Services.ts"
import * as WireChain from "../WireChain.ts"

export interface Options<E> {
  readonly place: () => Promise<Place>
  readonly store: (location: string) => Layer.Layer<Store.Services, E>
}

export const make = <E>(options: Options<E>): Contestant => (workload) => {
  const chains = workload.graphs.map((graph) => WireChain.make(graph, workload))
  return { open: () => open(options, workload, chains) }
}

const open = async <E>(
  { place: makePlace, store }: Options<E>,
  workload: GraphWorkload,
  chains: ReadonlyArray<JobChain>
): Promise<Session> => {
  const place = await makePlace()
  const runtime = ManagedRuntime.make(Services.stored(workload, store(place.location)))
  const chainStore = await runtime.runPromise(Effect.service(ChainStore))
  const requests = new Requests()
  return {
    run: () => runtime.runPromise(requests.runAll(chains, runChain)),
    close: async () => {
      const count = await runtime.runPromise(requests.count((requestId) => countOf(chainStore, requestId)))
      await runtime.dispose()
      await place.remove()
      return count
    }
  }
}

const runChain = Effect.fnUntraced(function*(jobChain: JobChain) {
  const factory = yield* TraverserFactory
  const traverser = yield* factory.make(jobChain)
  yield* traverser.run
})

/** Returns how many jobs ran, by their logs in the store. */
const countOf = Effect.fnUntraced(function*(store: ChainStore["Service"], requestId: string) {
  const { state } = yield* store.status(requestId)
  if (state !== "COMPLETE") throw new Error(`${requestId} is ${state}`)
  const logs = yield* store.logs(requestId)
  return logs.length
})
