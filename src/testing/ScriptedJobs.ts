/**
 * Jobs that do what a script says: how each call of each job ends, and when.
 *
 * Every job of a chain is scripted, whatever its type. A job without a script is COMPLETE at once. A blocked call goes on
 * when the job is interrupted, or when the test says how it ends: `yield* jobs.end("b", { state: "FAIL" })`.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type { Job } from "../domain/JobChain.ts"
import type { JobData } from "../domain/JobData.ts"
import type { JobState } from "../domain/JobState.ts"
import type { JobContext } from "../engine/JobContext.ts"
import { JobFactory, UnknownJobType } from "../engine/JobFactory.ts"
import * as JobResult from "../engine/JobResult.ts"
import type { PreparedJob } from "../engine/JobType.ts"

/** How one call ends. */
export interface Behaviour {
  /** Merged into the job's data when the call starts, before anything else. */
  readonly set?: JobData
  /** Throws a defect with this message. */
  readonly panic?: string
  /** What the call reports; COMPLETE unless said. */
  readonly state?: JobState
  readonly exit?: number
  readonly error?: string
  readonly stdout?: string
  readonly stderr?: string
  /** The call itself fails with this high-level error; `state` and the rest still count. */
  readonly runError?: string
  /** The call takes so many milliseconds. */
  readonly milliseconds?: number
  /** The call does not end until the job is interrupted, and then reports `onStop`; or until the test ends it. */
  readonly block?: boolean
  /** The state reported after an interruption; STOPPED unless said. */
  readonly onStop?: JobState
  /** Blocks, and ignores interruption. */
  readonly ignoreStop?: boolean
  /** Interrupting the job fails with this message; it ends nevertheless. */
  readonly stopError?: string
}

/** One call of a job. */
export interface Call {
  readonly jobId: string
  readonly try: number
  /** The job's data when the call started. */
  readonly data: JobData
}

export interface Script {
  /** Job id → what its calls do, in turn; later calls do what the last entry says. */
  readonly behaviours?: Readonly<Record<string, ReadonlyArray<Behaviour>>>
  /** Ids or types of jobs that cannot be made. */
  readonly unknown?: ReadonlyArray<string>
}

export class ScriptedJobs {
  /** Every call so far, in the order in which they started. */
  readonly calls: Array<Call> = []
  /** Ids of the jobs in a blocked call. */
  readonly blocked = new Set<string>()
  /** Calls that have not ended, other than blocked ones. */
  busy = 0
  private readonly script: Script
  private readonly ends = new Map<string, Deferred.Deferred<Behaviour>>()

  constructor(script: Script = {}) {
    this.script = script
  }

  /** Provides a factory that makes every job scripted. */
  get layer(): Layer.Layer<JobFactory> {
    return Layer.succeed(JobFactory, { types: [], services: Context.empty(), make: (job) => this.make(job) })
  }

  /** Ends a blocked call. Does nothing where the job is not in one. */
  end(jobId: string, behaviour: Behaviour = {}): Effect.Effect<void> {
    return Effect.sync(() => {
      const end = this.ends.get(jobId)
      if (end !== undefined) Deferred.doneUnsafe(end, Effect.succeed(behaviour))
    })
  }

  private make(job: Job): Result.Result<PreparedJob, UnknownJobType> {
    const { behaviours = {}, unknown = [] } = this.script
    const id = job.id ?? ""
    const type = job.type ?? ""
    if (unknown.includes(id) || unknown.includes(type)) return Result.fail(new UnknownJobType({ type, known: [] }))
    const script = behaviours[id] ?? []
    const behaviourOf = (call: number): Behaviour => script[Math.min(call, script.length - 1)] ?? {}
    let present: Behaviour = {}
    return Result.succeed({
      run: (context) =>
        Effect.suspend(() => {
          present = behaviourOf(this.calls.filter((call) => call.jobId === id).length)
          return this.call(context, present)
        }),
      stop: () =>
        Effect.suspend(() => {
          const { onStop = "STOPPED", stopError } = present
          const stop = present.ignoreStop === true ? Effect.void : this.end(id, { ...present, state: onStop })
          return stopError === undefined ? stop : Effect.andThen(stop, Effect.fail(stopError))
        })
    })
  }

  private call(context: JobContext, behaviour: Behaviour): Effect.Effect<JobResult.JobResult> {
    return Effect.gen({ self: this }, function*() {
      this.calls.push({ jobId: context.jobId, try: context.try, data: context.data })
      this.busy++
      if (behaviour.set !== undefined) yield* context.setData(behaviour.set)
      if (behaviour.panic !== undefined) {
        this.busy--
        return yield* Effect.die(new Error(behaviour.panic))
      }
      const { block = false, ignoreStop = false, milliseconds = 0 } = behaviour
      if (milliseconds > 0) yield* Effect.sleep(milliseconds)
      this.busy--
      const end = block || ignoreStop ? yield* this.awaitEnd(context.jobId) : behaviour
      const { error = "", exit = 0, runError, state = "COMPLETE", stderr = "", stdout = "" } = end
      return JobResult.make({ state, exit, error, stdout, stderr, ...(runError === undefined ? {} : { runError }) })
    })
  }

  private awaitEnd(jobId: string): Effect.Effect<Behaviour> {
    const end = Deferred.makeUnsafe<Behaviour>()
    this.ends.set(jobId, end)
    this.blocked.add(jobId)
    return Effect.ensuring(
      Deferred.await(end),
      Effect.sync(() => {
        this.blocked.delete(jobId)
        this.ends.delete(jobId)
      })
    )
  }
}
