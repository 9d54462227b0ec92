/**
 * A chain driven by hand, step by step, as the engine drives it.
 */
import { Effect } from "effect"
import * as Chain from "../../src/domain/Chain.ts"
import type { JobChain } from "../../src/domain/JobChain.ts"
import type { JobLog } from "../../src/domain/JobLog.ts"
import * as Progress from "../../src/domain/Progress.ts"
import type { ChainRepo } from "../../src/engine/ChainRepo.ts"
import { checkpointOf } from "../../src/testing/index.ts"

export const logOf = (requestId: string, jobId: string, jobTry: number): JobLog => ({
  requestId,
  jobId,
  try: jobTry,
  name: jobId,
  type: "noop",
  startedAt: 1,
  finishedAt: 2.5,
  state: "COMPLETE",
  exit: 0,
  error: "",
  stdout: "",
  stderr: ""
})

export const add = Effect.fnUntraced(function*(repo: ChainRepo["Service"], jobChain: JobChain) {
  const chain = Chain.make(jobChain)
  yield* repo.add(chain)
  return chain
})

export const start = (repo: ChainRepo["Service"], chain: Chain.Chain, job: number) =>
  Effect.suspend(() => {
    Progress.start(chain, job)
    return repo.set(checkpointOf(chain, { starting: [job] }))
  })

/** Ends a chain for good, and lets go of it. */
export const end = Effect.fnUntraced(function*(repo: ChainRepo["Service"], chain: Chain.Chain) {
  yield* repo.set(checkpointOf(chain, { outcome: { state: "COMPLETE", finishedJobs: 0, suspended: undefined } }))
  yield* repo.remove(chain.requestId)
})
