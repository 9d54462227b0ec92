/**
 * What a job type has to say about further tries of its jobs, beside what their chain says. `Retrying` asks it.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Pull from "effect/Pull"
import type * as Schedule from "effect/Schedule"

/** How a try failed, for a type that decides whether that is worth another one. */
export interface TryFailure<out E = unknown> {
  /** What `run` failed with; `undefined` after a defect, a `JobResult` or a timeout. */
  readonly error: E | undefined
  readonly exit: number
  /** What the job log says of it. */
  readonly message: string
}

/** What a job type has to say about further tries. */
export interface TypeRetrying<in E = never, out R = never> {
  /**
   * How often to try again, and with which waits, for jobs whose chain does not say. With `retry` in the chain it is at most
   * so often; with `retryWait` or `retryPolicy` it is not asked at all. On resume it is stepped again through the tries of
   * this sequence try, as if they had begun as long ago as the job has run.
   */
  readonly schedule?: Schedule.Schedule<unknown, TryFailure<E>, never, R>
  /** Whether a failure is worth another try. One that is not is final. */
  readonly while?: (failure: TryFailure<E>) => boolean
}

/** One step of a schedule, from when it is taken to the wait that follows. */
export type ScheduleStep = (now: number, input: TryFailure) => Pull.Pull<[unknown, Duration.Duration], never, unknown>
