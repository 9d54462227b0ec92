/**
 * Gives up on jobs that were told to end, and do not: after the stop timeout of the run, or their own.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as GoDuration from "../domain/GoDuration.ts"
import type { Happening } from "./Happening.ts"
import type { JobOutput } from "./JobOutput.ts"
import * as JobRunner from "./JobRunner.ts"
import type { Fork } from "./Reporter.ts"
import type { RunningJob } from "./RunningJob.ts"

/** What the timers need of the traversal they are part of. */
interface Surroundings {
  readonly running: ReadonlyMap<number, RunningJob>
  readonly output: JobOutput["Service"]
  readonly fork: Fork
  readonly happen: (happening: Happening) => void
}

export class StopTimers {
  private readonly around: Surroundings
  /** Of the run. */
  private readonly timeout: Duration.Duration
  private forAll: Fiber.Fiber<unknown> | undefined

  constructor(around: Surroundings, timeout: Duration.Duration) {
    this.around = around
    this.timeout = timeout
  }

  /** Gives up on a job if it does not end soon. */
  expectEnd(running: RunningJob): void {
    const { stopTimeout } = running.spec
    const after = stopTimeout ? GoDuration.parse(stopTimeout) ?? 0 : this.timeout
    running.stopTimer?.interruptUnsafe()
    running.stopTimer = this.giveUpAfter(after, () => this.around.running.has(running.job) ? [running] : [])
  }

  /** Gives up on all jobs that do not end soon; one timer is enough for those without a time of their own. */
  expectAllToEnd(): void {
    const { running } = this.around
    for (const job of running.values()) if (job.spec.stopTimeout) this.expectEnd(job)
    if (running.size === 0) return
    this.forAll = this.giveUpAfter(
      this.timeout,
      () => Array.from(running.values()).filter(({ spec }) => !spec.stopTimeout)
    )
  }

  close(): void {
    this.forAll?.interruptUnsafe()
  }

  private giveUpAfter(timeout: Duration.Input, stillRunning: () => ReadonlyArray<RunningJob>): Fiber.Fiber<unknown> {
    const { around } = this
    return around.fork(Effect.gen(function*() {
      yield* Effect.sleep(timeout)
      const logs: Array<Extract<Happening, { readonly _tag: "StopTimedOut" }>["logs"][number]> = []
      for (const running of stillRunning()) {
        const tail = running.hasWritten ? yield* around.output.end(running) : JobRunner.noOutput
        logs.push([running, JobRunner.tooLate(running, tail)])
      }
      around.happen({ _tag: "StopTimedOut", logs })
    }))
  }
}
