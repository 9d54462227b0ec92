/**
 * The time that a chain, its sequences and its jobs may take, and how much of it they have taken.
 *
 * A job's clock begins with its first try in a try of its sequence, and a sequence's with its first job; both run on through
 * retries and waits. A job's own limit for each try is not here: `JobRunner` keeps to that.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import * as GoDuration from "../domain/GoDuration.ts"
import { at } from "../domain/Graph.ts"
import * as JobState from "../domain/JobState.ts"
import * as Progress from "../domain/Progress.ts"
import * as Rewind from "../domain/Rewind.ts"
import * as Sequences from "../domain/Sequences.ts"
import { SparseMap, SparseSet } from "../domain/Sparse.ts"
import type { Fork } from "./Reporter.ts"
import { Stopwatch, type Times } from "./Stopwatch.ts"

/** Something that has used up its time: a job or sequence by index, or the chain. */
export interface Limit {
  readonly of: "job" | "sequence" | "chain"
  readonly index: number
}

export class TimeLimits {
  /** Jobs that must not run any more, because they or a sequence around them have used up their time, and what to say of it. */
  readonly overdue = new SparseMap<number, string>()
  private readonly chain: Progress.Chain
  private readonly clock: Clock.Clock
  private readonly fork: Fork
  private readonly reached: (limit: Limit) => void
  /** Made when there is something to measure: most chains have no limits. */
  private watches: Readonly<Record<Limit["of"], Stopwatch>> | undefined = undefined
  /** Sequences that are measured. */
  private readonly measured = new SparseSet<number>()

  constructor(chain: Progress.Chain, clock: Clock.Clock, fork: Fork, reached: (limit: Limit) => void) {
    this.chain = chain
    this.clock = clock
    this.fork = fork
    this.reached = reached
  }

  /** Begins with the chain, and with the sequences that had begun before it was suspended or cut off. */
  begin(): void {
    const { timeout } = this.chain.jobChain
    if (timeout) this.watch("chain").begin(0, millisecondsOf(timeout))
    for (const first of Array.from(this.chain.elapsed.sequences.keys())) {
      if (Rewind.hasTimedOut(this.chain, first)) this.expire({ of: "sequence", index: first })
      else this.beginSequence(first)
    }
  }

  /** A job starts its first try, and perhaps a sequence with it. `isAsked`: its type asks for its time. */
  beginJob(job: number, isAsked: boolean): void {
    const { retryPolicy, totalTimeout } = this.chain.jobs[job] ?? {}
    if (totalTimeout || retryPolicy?.maxElapsed || isAsked) this.watch("job").begin(job, millisecondsOf(totalTimeout))
    if (Sequences.isFirst(this.chain.sequences, job)) this.beginSequence(job)
  }

  /** A job was skipped. Where it alone was, a sequence may begin with it all the same. */
  skipJob(job: number): void {
    const { endings, sequences } = this.chain
    if (endings.get(job) === "skipped" && Sequences.isFirst(sequences, job)) this.beginSequence(job)
  }

  /** A job that a crash has cut off waits for its next try: its time goes on. */
  resumeJob(job: number): void {
    if (this.chain.elapsed.jobs.has(job)) this.beginJob(job, false)
  }

  endJob(job: number): void {
    this.watches?.job.end(job)
  }

  /** Returns how long a job has run, in milliseconds. */
  elapsedOf(job: number): number {
    return this.watches?.job.elapsed(job) ?? 0
  }

  /** Brings the times of sequences and chain up to now, and returns the sequences that have any. */
  settle(): Iterable<number> {
    this.watches?.chain.settle()
    this.watches?.sequence.settle()
    return this.measured
  }

  /** A sequence goes back to its start: it has the rest of its time, those inside it get all of theirs anew. */
  rewind(first: number, extent: ReadonlyArray<number>): void {
    if (this.measured.size === 0 && this.overdue.size === 0) return
    for (const job of extent) {
      // A sequence that has used up its time is not tried again; it is one around it that is.
      this.overdue.delete(job)
      if (job !== first && this.measured.delete(job)) this.watches?.sequence.end(job)
    }
  }

  /** Takes note that a job or sequence has used up its time. Returns the jobs that must not go on; none where it is COMPLETE. */
  expire(limit: Limit): ReadonlyArray<number> {
    const { chain } = this
    const jobs = limit.of === "job" ? [limit.index] : Rewind.presentExtent(chain, limit.index)
    if (jobs.every((job) => at(chain.states, job) === JobState.COMPLETE)) return []
    const text = this.textOf(limit)
    for (const job of jobs) if (!this.overdue.has(job)) this.overdue.set(job, text)
    return jobs
  }

  /** Says which limit was reached. */
  textOf({ index, of }: Limit): string {
    const { graph, jobChain, jobs } = this.chain
    switch (of) {
      case "job":
        return `the job took longer than ${jobs[index]?.totalTimeout}`
      case "sequence":
        return `the sequence "${graph.ids[index]}" took longer than ${jobs[index]?.sequenceTimeout}`
      case "chain":
        return `the chain took longer than ${jobChain.timeout}`
    }
  }

  close(): void {
    if (this.watches === undefined) return
    for (const watch of Object.values(this.watches)) watch.close()
  }

  private watch(of: Limit["of"]): Stopwatch {
    this.watches ??= this.makeWatches()
    return this.watches[of]
  }

  private makeWatches(): Readonly<Record<Limit["of"], Stopwatch>> {
    const { chain: { elapsed }, clock, fork, reached } = this
    const whole = { get: () => elapsed.chain, set: (_: number, time: number) => (elapsed.chain = time) }
    const make = (of: Limit["of"], times: Times) => new Stopwatch(times, clock, fork, (index) => reached({ of, index }))
    return {
      chain: make("chain", whole),
      sequence: make("sequence", elapsed.sequences),
      job: make("job", elapsed.jobs)
    }
  }

  private beginSequence(first: number): void {
    const { sequenceRetryPolicy, sequenceTimeout } = this.chain.jobs[first] ?? {}
    if (!sequenceTimeout && !sequenceRetryPolicy?.maxElapsed) return
    this.measured.add(first)
    this.watch("sequence").begin(first, millisecondsOf(sequenceTimeout))
  }
}

const millisecondsOf = (text: string | null | undefined): number | undefined =>
  text ? GoDuration.parse(text) : undefined
