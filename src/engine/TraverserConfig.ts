/**
 * The bounds a traversal keeps to, all in one place: each has a default, and an application or test changes some.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

export interface Settings {
  /** How long a stop or suspend waits for running jobs; after that they are FAIL and what they do is ignored. */
  readonly stopTimeout: Duration.Duration
  /** How long such a job may take to end by itself before it is killed; its type decides unless given. */
  readonly stopGrace: Duration.Duration | undefined
  /** How long one attempt to send a report may take. */
  readonly sendTimeout: Duration.Duration
  /** How often a job log, final state or suspended chain is tried to be sent. */
  readonly reportTries: number
  /** The same for the log of a job that never ran. */
  readonly unmadeJobReportTries: number
  /** The wait between two attempts. */
  readonly reportRetryWait: Duration.Duration
  /** How often progress is sent while it changes. */
  readonly progressInterval: Duration.Duration
  /** How many jobs of one chain may run at once; a job between two tries is one of them. */
  readonly concurrency: number
}

const defaults: Settings = {
  stopTimeout: Duration.seconds(10),
  stopGrace: undefined,
  sendTimeout: Duration.seconds(10),
  reportTries: 5,
  unmadeJobReportTries: 3,
  reportRetryWait: Duration.millis(500),
  progressInterval: Duration.seconds(1),
  concurrency: Number.POSITIVE_INFINITY
}

/** The settings that traversers take when they are made. The counts and times of the defaults are the reference's. */
export const Current = Context.Reference<Settings>("jobchain/TraverserConfig", { defaultValue: () => defaults })

/** Provides settings; what is left out keeps its present value. Throws a `RangeError` for a `concurrency` below 1. */
export const layer = (settings: Partial<Settings>): Layer.Layer<never> => {
  if (!((settings.concurrency ?? 1) >= 1)) {
    throw new RangeError(`concurrency is ${settings.concurrency}, expected a number of jobs from 1`)
  }
  return Layer.effectContext(Effect.map(Current, (present) => Context.make(Current, { ...present, ...settings })))
}
