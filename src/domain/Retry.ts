/**
 * Trying again what failed: from a chain that is over, a chain that keeps what is COMPLETE and runs the rest again.
 *
 * A retry does by hand what the engine does while tries are left. A job that has failed goes back with its sequence, the
 * nearest one around it that may be tried again, whose jobs are tried together or not at all; a job in no such sequence
 * goes back alone, and so does one that was stopped, because a stop cost no try. All limits start afresh. All tries so far
 * stay counted, so that (request, job, try) never repeats.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Chain from "./Chain.ts"
import * as Compilation from "./Compilation.ts"
import * as DataFlow from "./DataFlow.ts"
import { InvalidChain } from "./Fault.ts"
import * as Graph from "./Graph.ts"
import type { Job, SuspendedJobChain } from "./JobChain.ts"
import type { JobData } from "./JobData.ts"
import * as JobState from "./JobState.ts"
import * as Progress from "./Progress.ts"
import * as Rewind from "./Rewind.ts"
import * as Sequences from "./Sequences.ts"
import * as Validation from "./Validation.ts"

/** Every job of the chain is COMPLETE: nothing is left to be tried again. */
export class NothingToRetry extends Schema.TaggedError<NothingToRetry>()("NothingToRetry", {
  requestId: Schema.String
}) {
  override get message(): string {
    return `The chain of request "${this.requestId}" is COMPLETE: there is nothing to try again`
  }
}

/** A retry that can be looked at before it is run. */
export interface Retry {
  /** The chain to go on with, for `TraverserFactory.makeFromSuspended`. */
  readonly suspended: SuspendedJobChain
  /** What would run, in an order in which it could. */
  readonly jobs: ReadonlyArray<RetriedJob>
}

/** A job that is to run again, or for the first time. */
export interface RetriedJob {
  readonly id: string
  readonly name: string
  readonly type: string
  readonly args: Readonly<Record<string, unknown>>
  readonly why: Why
  /** All its tries so far; the next one has the number after. */
  readonly tries: number
  /** Jobs right before it that run first. It starts when they are COMPLETE, and gets their data on top of `data`. */
  readonly after: ReadonlyArray<string>
  /** What it sees as its data when it starts, as far as that is settled: all of it where `after` is empty. */
  readonly data: JobData
}

/** Why a job runs: how it ended, or that its sequence is tried again although it was COMPLETE itself. */
export type Why = "failed" | "stopped" | "never ran" | "sequence"

/** Returns the retry of a chain that is over; fails with every fault where the value is not of such a chain. */
export const make = (ended: SuspendedJobChain): Result.Result<Retry, InvalidChain | NothingToRetry> => {
  const requestId = ended.requestId ?? ""
  const graph = Graph.make(ended.jobChain ?? {})
  const faults = Validation.faultsOfEnded(ended, graph)
  if (faults.length > 0) return Result.fail(new InvalidChain({ requestId, faults }))
  const chain = Compilation.make({ ...ended.jobChain, requestId }, ended, graph)
  if (Progress.isComplete(chain)) return Result.fail(new NothingToRetry({ requestId }))
  return Result.succeed(of(chain, rewind(chain)))
}

/** Returns the retry of a chain that was just rewound. */
export const of = (chain: Progress.Chain, rewound: ReadonlyMap<number, Why>): Retry => {
  const inOrder = Array.from(rewound).toSorted(([left], [right]) =>
    Graph.at(chain.graph.levels, left) - Graph.at(chain.graph.levels, right) || left - right
  )
  return { suspended: Chain.toSuspended(chain), jobs: inOrder.map(([job, why]) => retriedJob(chain, job, why)) }
}

/** Makes a chain that is over ready to go on. Returns the jobs that are to run, all PENDING now, and why. */
export const rewind = (chain: Progress.Chain): ReadonlyMap<number, Why> => {
  const rewound = new Map<number, Why>()
  chain.data.closedAt = Number.POSITIVE_INFINITY
  chain.elapsed.chain = 0
  for (let job = 0; job < chain.jobs.length; job++) {
    const why = whys[Graph.at(chain.states, job)]
    if (why === undefined) continue
    rewound.set(job, why)
    putBack(chain, job)
  }
  for (const [job, why] of Array.from(rewound)) {
    const first = why === "failed" ? sequenceToRetry(chain, job) : undefined
    if (first === undefined) continue
    Rewind.rewind(chain, first)
    for (const inside of Rewind.presentExtent(chain, first)) {
      if (!rewound.has(inside)) rewound.set(inside, "sequence")
    }
  }
  giveSequencesFreshTries(chain, rewound.keys())
  Chain.setState(chain, "SUSPENDED")
  return rewound
}

/** State number → why a job in it is to run. */
const whys: Readonly<Record<number, Why>> = {
  [JobState.UNKNOWN]: "failed",
  [JobState.FAIL]: "failed",
  [JobState.STOPPED]: "stopped",
  [JobState.PENDING]: "never ran"
}

const putBack = (chain: Progress.Chain, job: number): void => {
  // What never ran lacks the data of jobs that completed after a stop.
  if (chain.states[job] === JobState.PENDING && chain.latestTries[job] === 0) DataFlow.reset(chain.data, job)
  Progress.setState(chain, job, JobState.PENDING)
  chain.latestTries[job] = 0
  chain.endings.delete(job)
  chain.reasons.delete(job)
  chain.elapsed.jobs.delete(job)
}

/** The nearest sequence around a job that may be tried again: the one the engine would have, with tries left. */
const sequenceToRetry = ({ jobs, sequences }: Progress.Chain, job: number): number | undefined => {
  const own = Graph.at(sequences.sequenceOf, job)
  if (own < 0) return undefined
  return (jobs[own]?.sequenceRetry ?? 0) > 0 ? own : Sequences.enclosing(sequences, own)[0]
}

/** Of a sequence that goes on in its middle, the try that goes on is the first one. */
const giveSequencesFreshTries = (chain: Progress.Chain, rewound: Iterable<number>): void => {
  const { sequences, sequenceTries, states } = chain
  const around = new Set<number>()
  for (const job of rewound) {
    const own = Graph.at(sequences.sequenceOf, job)
    if (own < 0 || around.has(own)) continue
    around.add(own)
    for (const outer of Sequences.enclosing(sequences, own)) around.add(outer)
  }
  for (const first of around) {
    sequenceTries[first] = states[first] === JobState.COMPLETE ? Math.min(1, Graph.at(sequenceTries, first)) : 0
    chain.elapsed.sequences.delete(first)
  }
}

const retriedJob = (chain: Progress.Chain, job: number, why: Why): RetriedJob => {
  const { graph } = chain
  const { args, name, type } = chain.jobs[job] as Job
  const parents = Array.from(Graph.neighbours(graph.previous, job))
  return {
    id: graph.ids[job] as string,
    name: name ?? "",
    type: type ?? "",
    args: args ?? {},
    why,
    tries: Graph.at(chain.totalTries, job),
    after: parents.filter((parent) => !Progress.isMet(chain, parent))
      .map((parent) => graph.ids[parent] as string),
    data: DataFlow.view(chain.data, job)
  }
}
