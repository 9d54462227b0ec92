/**
 * How many jobs of a type, and of a `concurrencyKey`, may run at once in the whole process, and how often they may start.
 *
 * The traversers of a process share it: whoever provides `layer` around a `TraverserFactory` sets limits for all its chains.
 * What a chain says of itself (`JobChain.limits`) comes on top. A key that nobody has said anything of lets one job at a time
 * run; types are not limited unless that is said. Chains of other processes are not counted.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Layer from "effect/Layer"
import { Pool } from "./Pool.ts"

/** A limit: of the jobs that run, of how often they start, or of both. */
export interface Limit {
  /** How many jobs may run at once, from 1; not limited unless given. */
  readonly jobs?: number
  /** How many jobs may start within any stretch of such a length; `jobs` from 1. */
  readonly rate?: { readonly jobs: number; readonly per: Duration.Input }
}

export interface Options {
  /** Job type → its limit. */
  readonly types?: Readonly<Record<string, Limit>>
  /** `concurrencyKey` → its limit. */
  readonly keys?: Readonly<Record<string, Limit>>
}

/** The limits of a process, and what is in use of them. */
export class ProcessLimits {
  private readonly types = new Map<string, Pool>()
  private readonly keys = new Map<string, Pool>()
  private arrivals = 0

  constructor({ keys = {}, types = {} }: Options) {
    for (const [type, limit] of Object.entries(types)) this.types.set(type, poolOf(`job type "${type}"`, limit))
    for (const [key, limit] of Object.entries(keys)) this.keys.set(key, poolOf(`key "${key}"`, limit))
  }

  /** Whether any job type is limited. */
  get limitsTypes(): boolean {
    return this.types.size > 0
  }

  /** Returns the pool of a job type; `undefined` where it is not limited. */
  ofType(type: string): Pool | undefined {
    return this.types.get(type)
  }

  /** Returns the pool of a key. */
  ofKey(key: string): Pool {
    const known = this.keys.get(key)
    if (known !== undefined) return known
    // Kept: a key is a name in a chain, of which there are few.
    const pool = poolOf(`key "${key}"`, oneAtATime)
    this.keys.set(key, pool)
    return pool
  }

  /** Returns the next place in the order in which jobs come to wait, over all chains. */
  nextArrival(): number {
    return ++this.arrivals
  }
}

const oneAtATime: Limit = { jobs: 1 }

const poolOf = (name: string, { jobs, rate }: Limit): Pool => {
  for (const count of [jobs, rate?.jobs]) {
    if (count !== undefined && !(Number.isSafeInteger(count) && count > 0)) {
      throw new RangeError(`the limit of ${name} is ${count}, expected a number of jobs from 1`)
    }
  }
  return new Pool(
    name,
    jobs ?? Number.POSITIVE_INFINITY,
    rate === undefined ? undefined : { jobs: rate.jobs, milliseconds: Duration.toMillis(rate.per) }
  )
}

/** The limits that traversers are made with. Unless provided, those of the whole process, in which only keys are limited. */
export const Current = Context.Reference<ProcessLimits>("jobchain/Limits", {
  defaultValue: () => new ProcessLimits({})
})

/**
 * Provides limits. Throws a `RangeError` for a number of jobs below 1.
 *
 * **Example**
 *
 * ```ts
 * import { Layer } from "effect"
 * import { Limits, TraverserFactory } from "jobchain"
 *
 * const careful = TraverserFactory.layer.pipe(Layer.provide(Limits.layer({
 *   types: { shell: { jobs: 8 } },
 *   keys: { "api.example.com": { jobs: 4, rate: { jobs: 100, per: "1 minute" } } }
 * })))
 * ```
 */
export const layer = (options: Options): Layer.Layer<never> => Layer.sync(Current, () => new ProcessLimits(options))
