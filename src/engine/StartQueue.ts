/**
 * Which jobs may start next, in the order in which they became able to, and what still holds the others back.
 *
 * A runnable job is held back while a job before it is not over (its log is still being sent), and a sequence's first job
 * also until every job of the rewound try has ended. Plain bookkeeping: the traversal asks and acts.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import type { Expanded } from "../domain/Expansion.ts"
import { at, neighbours } from "../domain/Graph.ts"
import { grown } from "../domain/GrowingArray.ts"
import * as JobState from "../domain/JobState.ts"
import * as Progress from "../domain/Progress.ts"
import * as Rewind from "../domain/Rewind.ts"
import * as Sequences from "../domain/Sequences.ts"
import { SparseMap, SparseSet } from "../domain/Sparse.ts"
import type { JobLine } from "./Line.ts"
import { Places } from "./Places.ts"

export class StartQueue {
  private readonly chain: Progress.Chain
  /** 1 for a job that has ended and whose log is still being sent. */
  private reporting: Uint8Array<ArrayBuffer>
  /** How many of the jobs right before a job are such: looking for one among a hundred thousand each time would take long. */
  private reportingParents: Int32Array<ArrayBuffer>
  private reports = 0
  private readonly line: JobLine
  /** First job of a rewound sequence → the jobs whose end it waits for. */
  private readonly holds = new SparseMap<number, Set<number>>()
  /** Jobs that wait to start: first jobs in their sequence-retry wait, and whatever waited when a crash cut the chain off. */
  private readonly waiting = new SparseSet<number>()
  /** Jobs whose wait is over. */
  private readonly waited = new SparseSet<number>()
  /** Job → until when it has to wait, in Unix milliseconds, where that was known before the chain began. */
  private readonly deadlines: Map<number, number>
  private readonly random: () => number
  /** Only where a fan-out has any. */
  private places: Places | undefined

  /** `random` returns a number from 0 to below 1. */
  constructor(chain: Progress.Chain, line: JobLine, deadlines: Map<number, number>, random: () => number) {
    this.chain = chain
    this.line = line
    this.random = random
    this.deadlines = deadlines
    this.reporting = new Uint8Array(chain.jobs.length)
    this.reportingParents = new Int32Array(chain.jobs.length)
    if (chain.limitedFanOuts.length > 0) this.places = new Places(chain)
  }

  /** Whether `take` may return a job. */
  get hasNext(): boolean {
    return this.line.hasNext
  }

  /** Takes note that the chain has other jobs now. */
  grow(expanded: Expanded): void {
    const { graph, jobs } = this.chain
    this.reporting = grown(this.reporting, jobs.length)
    this.reportingParents = grown(this.reportingParents, jobs.length)
    for (const job of expanded.joined) {
      this.reportingParents[job] = neighbours(graph.previous, job).filter((parent) => this.isReporting(parent)).length
    }
    if (this.places !== undefined) this.places.grow(expanded)
    else if (this.chain.limitedFanOuts.length > 0) this.places = new Places(this.chain)
  }

  /** Begins with every runnable job. */
  begin(): void {
    this.places?.begin()
    for (let job = 0; job < this.chain.jobs.length; job++) this.consider(job)
  }

  /** Puts a job in line if nothing holds it back any more. */
  consider(job: number): void {
    if (this.mayStart(job)) this.line.push(job)
  }

  /** Takes the next job that may start. */
  take(): number | undefined {
    for (let job = this.line.take(); job !== undefined; job = this.line.take()) {
      if (this.mayStart(job)) return job
    }
    return undefined
  }

  /** Whether a job that was taken goes on with a wait of which a store knew when the chain was cut off. */
  resumesWait(job: number): boolean {
    return this.deadlines.size > 0 && this.deadlines.has(job)
  }

  /** Returns how long a job that was taken has to wait, in milliseconds: where its sequence was tried before. */
  beginWait(job: number, clock: Clock.Clock): number {
    if (this.waited.size > 0 && this.waited.delete(job)) return 0
    const wait = this.waitOf(job, clock)
    if (wait > 0) this.waiting.add(job)
    return wait
  }

  private waitOf(job: number, clock: Clock.Clock): number {
    const { chain, deadlines } = this
    const deadline = deadlines.size === 0 ? undefined : deadlines.get(job)
    if (deadline === undefined) {
      return chain.sequenceTries[job] === 0 ? 0 : Rewind.sequenceRetryWait(chain, job, this.random())
    }
    deadlines.delete(job)
    return Math.max(0, deadline - clock.currentTimeMillisUnsafe())
  }

  /** Puts a job whose wait is over in line. */
  endWait(job: number): void {
    this.waiting.delete(job)
    this.waited.add(job)
    this.consider(job)
  }

  /** Takes a job out of its wait, because the wait was cancelled. */
  cancelWait(job: number): void {
    this.waiting.delete(job)
  }

  /** Takes note that a job has ended, and is over when its log is sent. */
  beginReport(job: number): void {
    this.reporting[job] = 1
    this.reports++
    this.countReport(job, 1)
  }

  endReport(job: number): void {
    this.reporting[job] = 0
    this.reports--
    this.countReport(job, -1)
  }

  isReporting(job: number): boolean {
    return this.reporting[job] === 1
  }

  /** Holds the first job of a rewound sequence back until `jobs` are over. */
  hold(first: number, jobs: ReadonlyArray<number>): void {
    for (const job of Sequences.extent(this.chain.sequences, first)) this.waited.delete(job)
    if (jobs.length > 0) this.holds.set(first, new Set(jobs))
    else this.consider(first)
  }

  /** Returns the jobs that are waited for before a rewound sequence starts again, or whose logs are still being sent. */
  heldBy(job: number): ReadonlyArray<number> {
    const held = this.holds.get(job)
    if (held !== undefined) return Array.from(held)
    return Array.from(neighbours(this.chain.graph.previous, job)).filter((parent) => this.isReporting(parent))
  }

  /** Says for which place of its fan-out a job waits; `undefined` where it waits for none. */
  placeOf(job: number): string | undefined {
    return this.places?.reasonOf(job)
  }

  /** Takes note that a job is over, and puts in line what waited for that. */
  jobOver(job: number): void {
    if (this.holds.size > 0) this.letGo(job)
    if (this.places !== undefined) { for (const first of this.places.jobOver(job)) this.consider(first) }
    const { chain } = this
    // A job of a rewound sequence can be runnable again the moment it has ended.
    if (chain.states[job] !== JobState.COMPLETE) return this.consider(job)
    const { ends, starts, targets } = chain.graph.next
    for (let edge = at(starts, job); edge < at(ends, job); edge++) this.consider(at(targets, edge))
  }

  private mayStart(job: number): boolean {
    return Progress.isRunnable(this.chain, job) &&
      (this.holds.size === 0 || !this.holds.has(job)) &&
      (this.waiting.size === 0 || !this.waiting.has(job)) &&
      (this.reports === 0 || this.reportingParents[job] === 0) &&
      // Last, as what may start otherwise takes its place with that.
      (this.places === undefined || this.places.admit(job))
  }

  /** Considers the first jobs of sequences that were held back until this job, the last of them, is over. */
  private letGo(job: number): void {
    for (const [first, jobs] of this.holds) {
      if (!jobs.delete(job) || jobs.size > 0) continue
      this.holds.delete(first)
      this.consider(first)
    }
  }

  private countReport(job: number, delta: 1 | -1): void {
    const { ends, starts, targets } = this.chain.graph.next
    for (let edge = at(starts, job); edge < at(ends, job); edge++) {
      const next = at(targets, edge)
      this.reportingParents[next] = at(this.reportingParents, next) + delta
    }
  }
}
