/**
 * Why a job does not run: what it waits for, or how it has ended and why that was the end.
 *
 * `Traverser.explain` says it of a chain that runs, with what only the engine knows; of a chain in a store, or one that is
 * over, the chain itself says enough.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Elapsed from "./Elapsed.ts"
import * as Ending from "./Ending.ts"
import { at, neighbours } from "./Graph.ts"
import * as JobState from "./JobState.ts"
import { type Chain, isMet, isPresent } from "./Progress.ts"
import { SkippedSequences } from "./SkippedSequences.ts"

/** Schema for what keeps a job from running. */
export const Because = Schema.Literals([
  /** Jobs immediately before it are not COMPLETE: `jobIds`. */
  "jobs",
  /** A limit: of its chain, its type, its key. */
  "limit",
  /** It waits before its next try, `until` a time. */
  "retry",
  /** Its sequence waits before its next try, `until` a time. */
  "sequenceRetry",
  /** It runs, and has nothing to do until a signal comes. */
  "signal",
  /** Jobs of its sequence's last try, or logs of jobs before it, are still to end or to be sent: `jobIds`. */
  "ending",
  /** Nothing any more: it starts as soon as the chain runs. */
  "nothing",
  /** It is over. */
  "over"
])

/** Schema for why one job does not run. */
export const Explanation = Schema.Struct({
  jobId: Schema.String,
  state: JobState.JobState,
  because: Because,
  /** What it waits for, or why it has ended as it has, in words; no sentence, and without the job's name. */
  text: Schema.String,
  /** The jobs it waits for, in the order of the chain. */
  jobIds: Schema.optionalKey(Schema.Array(Schema.String)),
  /** Unix milliseconds. */
  until: Schema.optionalKey(Schema.Number),
  /** How it has ended, where it or its chain is over. */
  ending: Schema.optionalKey(Ending.Ending),
  /** Why that was the end: why it was skipped, or not tried again. `text` says it, too. */
  why: Schema.optionalKey(Schema.String)
})
export type Explanation = typeof Explanation.Type

/** What is known of a chain that runs, beyond the chain itself. */
export interface Live {
  readonly waitOf: (job: number) => { readonly for: "retry" | "sequenceRetry"; readonly until: number } | undefined
  /** Which limit a runnable job waits for. */
  readonly limitOf: (job: number) => string | undefined
  /** Jobs that have to end, or to be reported, before a runnable job may start. */
  readonly heldBy: (job: number) => ReadonlyArray<number>
}

/** Returns an explanation for every job that does not run, in the order of the chain. */
export const explain = (chain: Chain, live: Live = nothingMore): ReadonlyArray<Explanation> => {
  const explanations: Array<Explanation> = []
  const skipped = new SkippedSequences(chain)
  for (let job = 0; job < chain.jobs.length; job++) {
    const explanation = isPresent(chain, job) ? explainJob({ chain, live, skipped }, job) : undefined
    if (explanation !== undefined) explanations.push(explanation)
  }
  return explanations
}

const nothingMore: Live = {
  waitOf: () => undefined,
  limitOf: () => undefined,
  heldBy: () => []
}

type Reason = Omit<Explanation, "jobId" | "state">

interface Subject {
  readonly chain: Chain
  readonly live: Live
  readonly skipped: SkippedSequences
}

const explainJob = ({ chain, live, skipped }: Subject, job: number): Explanation | undefined => {
  const state = JobState.fromCode(at(chain.states, job))
  const wait = live.waitOf(job)
  const reason = wait !== undefined
    ? ofWait(wait)
    : state === "PENDING"
    ? ofPending(chain, live, job)
    : state === "RUNNING"
    ? ofRunning(chain, job)
    : ofEnded(chain, job, skipped)
  return reason === undefined ? undefined : { jobId: chain.graph.ids[job] as string, state, ...reason }
}

const ofWait = ({ for: because, until }: NonNullable<ReturnType<Live["waitOf"]>>): Reason => ({
  because,
  text: because === "retry"
    ? `waits until ${timeOf(until)} before its next try`
    : `waits until ${timeOf(until)} before the next try of its sequence`,
  until
})

const ofRunning = (chain: Chain, job: number): Reason | undefined => {
  const signal = chain.awaited.get(job)
  return signal === undefined ? undefined : { because: "signal", text: `waits for the signal "${signal}"` }
}

const timeOf = (milliseconds: number): string => new Date(milliseconds).toISOString()

const ofPending = (chain: Chain, live: Live, job: number): Reason => {
  const unmet = Array.from(neighbours(chain.graph.previous, job)).filter((parent) => !isMet(chain, parent))
  if (JobState.isOver(chain.state)) return ofNeverRun(chain, job, unmet)
  if (unmet.length > 0) return ofJobs(chain, "jobs", "waits for", unmet)
  const held = live.heldBy(job)
  if (held.length > 0) return ofJobs(chain, "ending", "waits for the end of", held)
  const limit = live.limitOf(job)
  return limit === undefined
    ? { because: "nothing", text: "waits for nothing" }
    : { because: "limit", text: `waits for a limit: ${limit}` }
}

/** Its sequence may have gone back to its start, and with it what has run. */
const ofNeverRun = (chain: Chain, job: number, unmet: ReadonlyArray<number>): Reason => {
  const text = at(chain.totalTries, job) > 0 ? "did not run again" : "never ran"
  if (unmet.length > 0) return { ...ofJobs(chain, "jobs", `${text}, as it comes after`, unmet), ending: "never ran" }
  const why = Elapsed.ofChainUsedUp(chain.elapsed, chain.jobChain.timeout)
  return why === undefined
    ? { because: "over", text, ending: "never ran" }
    : { because: "over", text: `${text}: ${why}`, ending: "never ran", why }
}

/** So many are named in words; `jobIds` has all. */
const namedMax = 5

const ofJobs = (chain: Chain, because: Reason["because"], what: string, jobs: ReadonlyArray<number>): Reason => {
  const named = jobs.slice(0, namedMax).map((job) => {
    const state = at(chain.states, job)
    return `${chain.graph.ids[job]}${JobState.isFailure(state) ? " (failed)" : ""}`
  })
  const more = jobs.length > namedMax ? ` and ${jobs.length - namedMax} more` : ""
  return {
    because,
    text: `${what} ${named.join(", ")}${more}`,
    jobIds: jobs.map((job) => chain.graph.ids[job] as string)
  }
}

const ofEnded = (chain: Chain, job: number, skipped: SkippedSequences): Reason => {
  const ending = Ending.of(chain, job)
  const why = ending === "skipped" ? whySkipped(chain, job, skipped) : chain.reasons.get(job)
  return why === undefined
    ? { because: "over", text: ending, ending }
    : { because: "over", text: `${ending}: ${why}`, ending, why }
}

const whySkipped = (chain: Chain, job: number, skipped: SkippedSequences): string => {
  if (chain.endings.get(job) === "skipped") return `its condition is not met, ${chain.jobs[job]?.when}`
  const first = skipped.find(job) ?? job
  return `the condition of the sequence ${chain.graph.ids[first]} is not met, ${chain.jobs[first]?.sequenceWhen}`
}
