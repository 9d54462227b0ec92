/**
 * The services that a traversal uses, gathered once for all chains of a factory.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import { ChainRepo } from "./ChainRepo.ts"
import * as Conditions from "./Conditions.ts"
import { JobFactory } from "./JobFactory.ts"
import { JobOutput } from "./JobOutput.ts"
import * as Limits from "./Limits.ts"
import type { Fork } from "./Reporter.ts"
import { Reports } from "./Reports.ts"
import * as TraverserConfig from "./TraverserConfig.ts"

export interface TraversalServices {
  readonly repo: ChainRepo["Service"]
  readonly reports: Reports["Service"]
  readonly factory: JobFactory["Service"]
  readonly output: JobOutput["Service"]
  readonly conditions: Conditions.Language
  readonly clock: Clock.Clock
  readonly random: (typeof Random.Random)["Service"]
  readonly settings: TraverserConfig.Settings
  readonly limits: Limits.ProcessLimits
  /** Runs an effect with what the caller's fiber has (clock, scheduler, loggers), and with the services of the job types. */
  readonly fork: Fork
}

/** What has to be there besides. */
export type Needs = ChainRepo | JobFactory | JobOutput | Reports

/**
 * Gathers the services, and returns what completes them with the context of whoever runs a chain.
 *
 * Chains mostly share a context: it is completed once for as many of them as come one after the other, since for a small chain
 * making it would be felt.
 */
export const make: Effect.Effect<(context: Context.Context<never>) => TraversalServices, never, Needs> = Effect.gen(
  function*() {
    const gathered = {
      repo: yield* ChainRepo,
      reports: yield* Reports,
      factory: yield* JobFactory,
      output: yield* JobOutput,
      conditions: yield* Conditions.Current,
      settings: yield* TraverserConfig.Current,
      limits: yield* Limits.Current
    }
    let latest: { readonly context: Context.Context<never>; readonly services: TraversalServices } | undefined
    return (context) => {
      if (latest?.context !== context) latest = { context, services: { ...gathered, ...ofCaller(context, gathered) } }
      return latest.services
    }
  }
)

const ofCaller = (context: Context.Context<never>, { factory }: Pick<TraversalServices, "factory">) => ({
  clock: Context.get(context, Clock.Clock),
  random: Context.get(context, Random.Random),
  fork: Effect.runForkWith(Context.merge(context, factory.services)) as Fork
})
