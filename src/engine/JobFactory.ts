/**
 * Makes the jobs of a chain runnable: knows the job types, and the services they run with.
 *
 * The engine asks it when a job starts; a command asks it beforehand, to report every job that could not be made.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Scheduler from "effect/Scheduler"
import type { TypeKeys } from "../domain/DataKeys.ts"
import type { Job } from "../domain/JobChain.ts"
import type { InvalidJobArgs, JobType, PreparedJob } from "./JobType.ts"

/** No job type of this name is registered. */
export class UnknownJobType extends Data.TaggedError("UnknownJobType")<{
  readonly type: string
  /** The names that are registered. */
  readonly known: ReadonlyArray<string>
}> {
  override get message(): string {
    return "unknown job type"
  }
}

export class JobFactory extends Context.Service<JobFactory, {
  /** Names of the registered types. */
  readonly types: ReadonlyArray<string>
  /** Makes a job runnable. Anything a failure carries as its message goes into the job's log. */
  readonly make: (job: Job) => Result.Result<PreparedJob, UnknownJobType | InvalidJobArgs>
  /** Returns what a type says of its data, if it is registered. */
  readonly keysOf?: (type: string) => TypeKeys | undefined
  /** The services that the types' jobs run with: the engine provides them to every job. */
  readonly services: Context.Context<never>
}>()("jobchain/JobFactory") {
  /** Provides the given types. A later type of the same name replaces an earlier one. */
  static readonly layer = <const Types extends ReadonlyArray<JobType<string, any, any>>>(
    types: Types
  ): Layer.Layer<JobFactory, never, JobServices<Types[number]>> =>
    Layer.effect(
      JobFactory,
      Effect.map(
        Effect.context<JobServices<Types[number]>>(),
        (services) => fromTypes(types, withoutRuntime(services))
      )
    )
}

/** What time it is and when fibers go on is up to who runs a chain, wherever the layer was built: a `Rig` sees all of it. */
const withoutRuntime = Context.omit(Clock.Clock, Scheduler.Scheduler)

/** The services that the jobs of a type need. */
export type JobServices<Type> = Type extends JobType<string, any, infer R> ? R : never

const fromTypes = (
  types: ReadonlyArray<JobType<string, any, any>>,
  services: Context.Context<never>
): JobFactory["Service"] => {
  // What the types need is in `services`, with which the engine runs every job.
  const byName = new Map(types.map((type) => [type.name, type as JobType]))
  const known = [...byName.keys()]
  return {
    types: known,
    services,
    keysOf: (type) => byName.get(type)?.keys,
    make: (job) => {
      const type = byName.get(job.type ?? "")
      return type === undefined ? Result.fail(new UnknownJobType({ type: job.type ?? "", known })) : type.prepare(job)
    }
  }
}
