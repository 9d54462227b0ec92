/**
 * jobchain in memory with its full semantics, and a Request Manager that keeps every request and job log.
 *
 * Configuration: chains as a Request Manager sends them. Timed, for each: the request is created, the chain is checked and
 * compiled, the request is started, the chain runs, and its final state is accepted. Each session has services of its own.
 */
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import type { JobChain } from "../../../src/domain/JobChain.ts"
import { RequestManager } from "../../../src/engine/RequestManager.ts"
import { TraverserFactory } from "../../../src/engine/TraverserFactory.ts"
import type { Session } from "../Case.ts"
import type { Contestant, GraphWorkload } from "../GraphWorkload.ts"
import { Requests } from "../Requests.ts"
import * as Services from "../Services.ts"
import * as WireChain from "../WireChain.ts"

export const contestant: Contestant = (workload) => {
  const chains = workload.graphs.map((graph) => WireChain.make(graph, workload))
  return { open: () => open(workload, chains) }
}

const open = async (workload: GraphWorkload, chains: ReadonlyArray<JobChain>): Promise<Session> => {
  const runtime = ManagedRuntime.make(Services.layer(workload))
  const manager = await runtime.runPromise(Effect.service(RequestManager))
  const requests = new Requests()
  return {
    run: () => runtime.runPromise(requests.runAll(chains, runChain)),
    close: async () => {
      const count = await runtime.runPromise(requests.count((requestId) => countOf(manager, requestId)))
      await runtime.dispose()
      return count
    }
  }
}

const runChain = Effect.fnUntraced(function*(jobChain: JobChain & { readonly requestId: string }) {
  const { requestId } = jobChain
  const manager = yield* RequestManager
  const factory = yield* TraverserFactory
  yield* manager.createRequest({ jobChain })
  const traverser = yield* factory.make(jobChain)
  yield* manager.startRequest(requestId)
  yield* traverser.run
})

/** Returns how many jobs ran, by their logs. */
const countOf = Effect.fnUntraced(function*(manager: RequestManager["Service"], requestId: string) {
  const { state } = yield* manager.getRequest(requestId)
  if (state !== "COMPLETE") throw new Error(`${requestId} is ${state}`)
  const logs = yield* manager.getJobLogs(requestId)
  return logs.length
})
