/**
 * What a traversal tells those who listen to its chain, in the words of `ChainEvent`.
 *
 * Nothing is made while nobody listens: a chain can have a million jobs.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import type * as Stream from "effect/Stream"
import type * as Expansion from "../domain/Expansion.ts"
import { at } from "../domain/Graph.ts"
import type { JobLog } from "../domain/JobLog.ts"
import * as JobState from "../domain/JobState.ts"
import * as Progress from "../domain/Progress.ts"
import type { ChainEvent } from "./ChainEvent.ts"
import { EventHub } from "./EventHub.ts"
import * as Expander from "./Expander.ts"
import type { OutputTail } from "./JobOutput.ts"
import type { RunningJob } from "./RunningJob.ts"
import * as Snapshot from "./Snapshot.ts"
import type { Skipped } from "./StartConditions.ts"

export class ChainNews {
  private readonly chain: Progress.Chain
  private readonly hub: EventHub

  constructor(chain: Progress.Chain, clock: Clock.Clock) {
    this.chain = chain
    this.hub = new EventHub(chain.requestId, clock)
  }

  /** What happens from when it is run; first, where every job stands. */
  get events(): Stream.Stream<ChainEvent> {
    return this.hub.stream(() => Snapshot.ofChain(this.chain))
  }

  chainStarted(): void {
    if (this.hub.isHeard) this.hub.publish({ _tag: "chainStarted", jobs: Progress.size(this.chain) })
  }

  chainStopping(reason: "stop" | "suspend" | "timeout"): void {
    if (this.hub.isHeard) this.hub.publish({ _tag: "chainStopping", reason })
  }

  chainEnded(state: JobState.JobState, finishedJobs: number): void {
    if (this.hub.isHeard) this.hub.publish({ _tag: "chainEnded", state, finishedJobs })
  }

  jobStarted({ jobId, try: jobTry }: RunningJob): void {
    if (this.hub.isHeard) this.hub.publish({ _tag: "jobStarted", jobId, try: jobTry })
  }

  jobWaiting(job: number, reason: "retry" | "sequenceRetry", until: number): void {
    if (this.hub.isHeard) this.hub.publish({ _tag: "jobWaiting", jobId: this.idOf(job), for: reason, until })
  }

  tryEnded(log: JobLog): void {
    if (!this.hub.isHeard) return
    const { error, exit, finishedAt, jobId, startedAt, state } = log
    this.hub.publish({ _tag: "tryEnded", jobId, try: log.try, state, exit, error, startedAt, finishedAt })
  }

  jobEnded(job: number, expanded: Expansion.Expanded | undefined): void {
    if (!this.hub.isHeard) return
    const { chain } = this
    this.hub.publish({ _tag: "jobEnded", jobId: this.idOf(job), state: JobState.fromCode(at(chain.states, job)) })
    if (expanded !== undefined) this.hub.publish(Expander.eventOf(chain, expanded))
    this.progress()
  }

  jobSkipped(job: number, { condition, sequence }: Skipped, expanded: Expansion.Expanded | undefined): void {
    if (!this.hub.isHeard) return
    const ofSequence = sequence === undefined ? {} : { sequenceId: this.idOf(sequence) }
    this.hub.publish({ _tag: "jobSkipped", jobId: this.idOf(job), condition, ...ofSequence })
    if (expanded !== undefined && expanded.left.length > 0) this.hub.publish(Expander.eventOf(this.chain, expanded))
    this.progress()
  }

  sequenceRewound(first: number, extent: ReadonlyArray<number>, failed: RunningJob): void {
    if (!this.hub.isHeard) return
    this.hub.publish({
      _tag: "sequenceRewound",
      sequenceId: this.idOf(first),
      failedJobId: failed.jobId,
      jobIds: extent.map((job) => this.idOf(job)),
      tries: at(this.chain.sequenceTries, first)
    })
  }

  statusChanged({ jobId, status }: RunningJob): void {
    if (this.hub.isHeard) this.hub.publish({ _tag: "status", jobId, status })
  }

  outputWritten(running: RunningJob, stream: keyof OutputTail, chunk: Uint8Array): void {
    if (!this.hub.isHeard) return
    const text = running.decoder(stream).decode(chunk, { stream: true })
    this.hub.publish({ _tag: "output", jobId: running.jobId, try: running.try, stream, text })
  }

  signalReceived(name: string): void {
    if (this.hub.isHeard) this.hub.publish({ _tag: "signalReceived", name })
  }

  close(): void {
    this.hub.close()
  }

  private progress(): void {
    const { finishedJobs } = this.chain
    this.hub.publish({ _tag: "progress", finishedJobs, jobs: Progress.size(this.chain) })
  }

  private idOf(job: number): string {
    return this.chain.graph.ids[job] as string
  }
}
