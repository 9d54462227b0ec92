/**
 * How a chain and its jobs stand, as events tell it.
 *
 * @since 0.1.0
 */
import * as Chain from "../domain/Chain.ts"
import * as Ending from "../domain/Ending.ts"
import { at } from "../domain/Graph.ts"
import * as JobState from "../domain/JobState.ts"
import * as Progress from "../domain/Progress.ts"
import type { JobSnapshot } from "./ChainEvent.ts"
import type { NewEvent } from "./EventHub.ts"

/** Returns how a job stands. */
export const ofJob = (
  { endings, graph, jobs, states, totalTries }: Chain.Chain,
  job: number
): typeof JobSnapshot.Type => ({
  id: graph.ids[job] as string,
  name: jobs[job]?.name ?? "",
  type: jobs[job]?.type ?? "",
  state: JobState.fromCode(at(states, job)),
  tries: at(totalTries, job),
  ...(Ending.isSkipped(endings.get(job)) ? { skipped: true } : {})
})

/** Returns the event that tells a new listener how all jobs of a chain stand. */
export const ofChain = (chain: Chain.Chain): NewEvent => ({
  _tag: "snapshot",
  state: Chain.state(chain),
  finishedJobs: chain.finishedJobs,
  jobs: [...chain.jobs.keys()].filter((job) => Progress.isPresent(chain, job)).map((job) => ofJob(chain, job))
})
