/**
 * A job that runs or waits between two tries, with what is known of it meanwhile. It is also the `JobContext` of its tries.
 *
 * The traverser makes one and `JobRunner.run` runs it; what it needs of the traverser is its `Host`.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as GoDuration from "../domain/GoDuration.ts"
import type { Job } from "../domain/JobChain.ts"
import type { JobData } from "../domain/JobData.ts"
import type { JobLog } from "../domain/JobLog.ts"
import * as Failure from "./Failure.ts"
import { interruptUnsafe, type Reason } from "./Interruption.ts"
import type { JobContext } from "./JobContext.ts"
import type { JobOutput, OutputTail } from "./JobOutput.ts"
import type { PreparedJob } from "./JobType.ts"

/** What a running job needs of whoever runs it. */
export interface Host {
  readonly requestId: string
  readonly clock: Clock.Clock
  readonly output: JobOutput["Service"]
  readonly dataOf: (running: RunningJob) => JobData
  readonly setData: (running: RunningJob, data: JobData) => void
  readonly statusChanged: (running: RunningJob) => void
  readonly outputWritten: (running: RunningJob, stream: keyof OutputTail, chunk: Uint8Array) => void
  /** Takes the log of a try after which tries are left, and completes `running.recorded` when it is kept. */
  readonly tryEnded: (running: RunningJob, log: JobLog) => void
}

/** A job that runs or waits between two tries. It is also the `JobContext` that its tries see. */
export class RunningJob implements JobContext {
  readonly host: Host
  /** The job's index in its chain. */
  readonly job: number
  readonly jobId: string
  readonly spec: Job
  try: number
  retriesLeft: number
  fiber: Fiber.Fiber<JobLog | undefined> | undefined = undefined
  prepared: PreparedJob | undefined = undefined
  /** Whether a crash cut this very try off before. */
  recovered = false
  startedAt = 0
  status = ""
  /** Between two tries. */
  isWaiting = false
  /** It is over, or did not stop in time: whatever it, or a fiber it has left behind, still does is ignored. */
  isAbandoned = false
  hasWritten = false
  stopReason: Reason | undefined = undefined
  /** What its clean-up or its type's `stop` failed with, on being interrupted. */
  stopFailure: string | undefined = undefined
  recorded: Deferred.Deferred<void> | undefined = undefined
  private decoders: Record<keyof OutputTail, Decoder> | undefined = undefined
  private stopSignal: Deferred.Deferred<Reason> | undefined = undefined
  /** Done when the type's `stop`, once asked, has ended. */
  private stopping: Deferred.Deferred<void> | undefined = undefined

  constructor(host: Host, job: number, jobId: string, spec: Job, jobTry: number, retriesLeft: number) {
    this.host = host
    this.job = job
    this.jobId = jobId
    this.spec = spec
    this.try = jobTry
    this.retriesLeft = retriesLeft
  }

  get requestId(): string {
    return this.host.requestId
  }

  /** The wait before the job's next try, in milliseconds. */
  get retryWait(): number {
    return GoDuration.parse(this.spec.retryWait ?? "") ?? 0
  }

  get idempotencyKey(): string {
    return `${this.requestId}/${this.jobId}/${this.try}`
  }

  get data(): JobData {
    return this.host.dataOf(this)
  }

  get stopped(): Effect.Effect<Reason> {
    return Effect.suspend(() => {
      if (this.stopReason !== undefined) return Effect.succeed(this.stopReason)
      this.stopSignal ??= Deferred.makeUnsafe()
      return Deferred.await(this.stopSignal)
    })
  }

  setData(data: JobData): Effect.Effect<void> {
    return Effect.sync(() => {
      if (!this.isAbandoned) this.host.setData(this, data)
    })
  }

  setStatus(status: string): Effect.Effect<void> {
    return Effect.sync(() => {
      if (this.isAbandoned) return
      this.status = status
      this.host.statusChanged(this)
    })
  }

  write(stream: keyof OutputTail, chunk: Uint8Array | string): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.isAbandoned) return Effect.void
      const bytes = typeof chunk === "string" ? encoder.encode(chunk) : chunk
      this.hasWritten = true
      this.host.outputWritten(this, stream, bytes)
      return this.host.output.write(this, stream, bytes)
    })
  }

  /** Returns the decoder of a stream's text, which keeps what is left of a character cut in two. */
  decoder(stream: keyof OutputTail): Decoder {
    this.decoders ??= { stdout: new TextDecoder(), stderr: new TextDecoder() }
    return this.decoders[stream]
  }

  /** Interrupts the job with a reason, or asks its type's `stop`. Only the first reason counts. */
  interrupt(reason: Reason, fork: (effect: Effect.Effect<unknown, unknown>) => Fiber.Fiber<unknown, unknown>): void {
    if (this.stopReason !== undefined) return
    this.stopReason = reason
    if (this.stopSignal !== undefined) Deferred.doneUnsafe(this.stopSignal, Exit.succeed(reason))
    const { prepared } = this
    if (prepared?.stop !== undefined && !this.isWaiting) {
      // Made first: `stop` may end the job before `fork` returns.
      const stopping = Deferred.makeUnsafe<void>()
      this.stopping = stopping
      fork(Effect.suspend(() => prepared.stop?.(this) ?? Effect.void)).addObserver((exit) => {
        if (Exit.isFailure(exit)) this.stopFailure = Failure.describe(exit.cause)
        Deferred.doneUnsafe(stopping, Exit.void)
      })
    }
    // A type with a `stop` runs uninterruptibly: this only ends its wait between tries.
    if (this.fiber !== undefined) interruptUnsafe(this.fiber, reason)
  }

  /** Whether its try leaves nothing to wait for or to fetch when it ends. */
  get isQuiet(): boolean {
    return !this.hasWritten && this.stopping === undefined
  }

  /** Waits for the type's `stop`, where it was asked. */
  get stopEnded(): Effect.Effect<void> {
    return this.stopping === undefined ? Effect.void : Deferred.await(this.stopping)
  }
}

type Decoder = InstanceType<typeof TextDecoder>

const encoder = new TextEncoder()
