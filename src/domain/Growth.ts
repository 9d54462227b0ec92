/**
 * How a chain gets more jobs while it runs, and how jobs leave it.
 *
 * Indices are for ever, so a job that leaves is only ABSENT: nothing waits for it, nobody outside sees it, and it can come
 * back. Its tries go on then: a job of the same id never has the same try twice.
 *
 * @since 0.1.0
 */
import * as DataFlow from "./DataFlow.ts"
import * as Graph from "./Graph.ts"
import { grown } from "./GrowingArray.ts"
import * as JobState from "./JobState.ts"
import * as Progress from "./Progress.ts"
import * as Sequences from "./Sequences.ts"

/** Adds jobs, which are PENDING, and edges, in time of what is added. No job that an edge leads to may have started. */
export const append = (chain: Progress.Chain, growth: Graph.Growth): void => {
  const before = chain.jobs.length
  Graph.append(chain.graph, growth)
  const size = chain.jobs.length
  chain.states = grown(chain.states, size).fill(JobState.PENDING, before)
  chain.unmetParents = grown(chain.unmetParents, size)
  chain.latestTries = grown(chain.latestTries, size)
  chain.totalTries = grown(chain.totalTries, size)
  chain.sequenceTries = grown(chain.sequenceTries, size)
  chain.completions = grown(chain.completions, size)
  chain.rewinding = grown(chain.rewinding, size)
  chain.data.completions = chain.completions
  Sequences.append(chain.sequences)
  for (let job = before; job < size; job++) {
    Progress.count(chain, job)
    if (chain.jobs[job]?.parallel) chain.limitedFanOuts.push(job)
  }
  for (const [from, to] of growth.edges) {
    if (to < before && !Progress.isMet(chain, from)) Progress.changeUnmet(chain, to, 1)
  }
  if (chain.formerTries.size === 0) return
  for (let job = before; job < size; job++) {
    chain.totalTries[job] = chain.formerTries.get(chain.graph.ids[job] as string) ?? 0
  }
}

/** Takes a PENDING job out of the chain. */
export const leave = (chain: Progress.Chain, job: number): void => {
  Progress.setState(chain, job, JobState.ABSENT)
  Progress.addUnmet(chain, job, -1)
}

/** Takes a job that is ABSENT into the chain again, PENDING. */
export const rejoin = (chain: Progress.Chain, job: number): void => {
  Progress.setState(chain, job, JobState.PENDING)
  Progress.addUnmet(chain, job, 1)
  DataFlow.reset(chain.data, job)
}
