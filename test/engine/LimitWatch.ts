/**
 * Counts the jobs that run, by type and key, and how often they start: what is more than the limits allow is a fault, and so is
 * a job that waits for a limit that is not reached.
 */
import { Duration } from "effect"
import type { Explanation } from "../../src/domain/Explanation.ts"
import type { ChainLimits, Job, SuspendedJobChain } from "../../src/domain/JobChain.ts"
import * as JobState from "../../src/domain/JobState.ts"
import * as Limits from "../../src/engine/Limits.ts"
import type { RandomChain } from "./RandomChain.ts"

/** Something that jobs share, and what is said of it. */
interface Shared {
  readonly name: string
  readonly jobs: number
  readonly rate: Limits.Limit["rate"]
  readonly shares: (job: Job) => boolean
}

export class LimitWatch {
  /** Of the process in which the chain runs. */
  readonly process: Limits.ProcessLimits
  private readonly concurrency: number
  private readonly options: Limits.Options
  private readonly ofChain: ChainLimits
  /** Name of what is shared → when jobs of it started, in Unix milliseconds. */
  private readonly starts = new Map<string, Array<number>>()

  constructor({ jobChain, limits = {} }: RandomChain, concurrency: number) {
    this.options = limits
    this.ofChain = jobChain.limits ?? {}
    this.concurrency = Math.min(concurrency, this.ofChain.jobs ?? Number.POSITIVE_INFINITY)
    this.process = new Limits.ProcessLimits(limits)
  }

  /** Takes note of a job that starts, whether or not it comes to run; returns what is wrong with that. */
  noteStart(job: Job, now: number): ReadonlyArray<string> {
    return this.sharedBy(job).filter(({ rate }) => rate !== undefined).flatMap((shared) => {
      this.starts.set(shared.name, [...this.starts.get(shared.name) ?? [], now])
      return this.recent(shared, now) > (shared.rate?.jobs ?? 0) ? [`${shared.name} started too often`] : []
    })
  }

  /** Returns what is wrong with a try that begins. */
  checkRunning(job: Job, chain: SuspendedJobChain): ReadonlyArray<string> {
    return this.sharedBy(job).flatMap((shared) => {
      const running = countRunning(chain, shared)
      return running > shared.jobs ? [`${running} of ${shared.name} ran at once`] : []
    })
  }

  /** Returns which jobs wait for a limit that nobody reaches, when nothing more happens without time passing. */
  checkWaiting(explanations: ReadonlyArray<Explanation>, chain: SuspendedJobChain, now: number): ReadonlyArray<string> {
    return explanations.filter(({ because, jobId, text }) => {
      if (because !== "limit") return because === "nothing"
      // How many instances of a fan-out are under way is not counted here.
      if (/: \d+ of "/.test(text)) return false
      return !this.sharedBy(chain.jobChain?.jobs?.[jobId] ?? {}).some((shared) =>
        countRunning(chain, shared) >= shared.jobs ||
        (shared.rate !== undefined && this.recent(shared, now) >= shared.rate.jobs)
      )
    }).map(({ jobId, text }) => `${jobId} waits in vain: ${text}`)
  }

  private sharedBy({ concurrencyKey, type }: Job): ReadonlyArray<Shared> {
    const { ofChain, options: { keys = {}, types = {} } } = this
    const all = { name: "all", jobs: this.concurrency, rate: undefined, shares: () => true }
    const ofType = {
      name: `type ${type}`,
      ...leastOf(types[type ?? ""], ofChain.types?.[type ?? ""]),
      shares: (job: Job) => job.type === type
    }
    if (!concurrencyKey) return [all, ofType]
    return [all, ofType, {
      name: `key ${concurrencyKey}`,
      ...leastOf(keys[concurrencyKey] ?? { jobs: 1 }, ofChain.keys?.[concurrencyKey]),
      shares: (job: Job) => job.concurrencyKey === concurrencyKey
    }]
  }

  private recent({ name, rate }: Shared, now: number): number {
    const per = Duration.toMillis(rate?.per ?? 0)
    return (this.starts.get(name) ?? []).filter((start) => start > now - per).length
  }
}

const countRunning = ({ jobChain }: SuspendedJobChain, { shares }: Shared): number =>
  Object.values(jobChain?.jobs ?? {}).filter((job) => job.state === JobState.RUNNING && shares(job)).length

const leastOf = ({ jobs, rate }: Limits.Limit = {}, ofChain: number | undefined = undefined) => ({
  jobs: Math.min(jobs ?? Number.POSITIVE_INFINITY, ofChain ?? Number.POSITIVE_INFINITY),
  rate
})
