/**
 * Runs the jobs that a traversal has chosen to start, each as a fiber of its own, or says at once how one has ended that is not
 * to run or cannot be made.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import type { Job } from "../domain/JobChain.ts"
import type { JobLog } from "../domain/JobLog.ts"
import type { ChainNews } from "./ChainNews.ts"
import type { Happening } from "./Happening.ts"
import type { JobFactory } from "./JobFactory.ts"
import * as JobRunner from "./JobRunner.ts"
import type { PreparedJob } from "./JobType.ts"
import type { RunningJob } from "./RunningJob.ts"
import type { TimeLimits } from "./TimeLimits.ts"

/** What starting jobs needs of the traversal it is part of. */
interface Surroundings {
  readonly happen: (happening: Happening) => void
  readonly news: ChainNews
  readonly limits: TimeLimits
}

export class JobStarter {
  private readonly around: Surroundings
  private readonly factory: JobFactory["Service"]
  /** Jobs that are not to run again, and why. */
  private readonly givenUp: ReadonlyMap<number, string>

  constructor(around: Surroundings, factory: JobFactory["Service"], givenUp: ReadonlyMap<number, string>) {
    this.around = around
    this.factory = factory
    this.givenUp = givenUp
  }

  start(running: RunningJob): void {
    const { around } = this
    const givenUp = this.givenUp.size === 0 ? undefined : this.givenUp.get(running.job)
    if (givenUp !== undefined) {
      return around.happen({ _tag: "GivenUp", running, log: JobRunner.refused(running, givenUp) })
    }
    const prepared = this.prepare(running)
    if (!("run" in prepared)) return running.host.jobEnded(running, prepared)
    running.prepared = prepared
    around.limits.beginJob(running.job, prepared.retry?.schedule !== undefined)
    const limit = around.limits.overdue.size === 0 ? undefined : around.limits.overdue.get(running.job)
    if (limit !== undefined) {
      running.limit = limit
      return running.host.jobEnded(running, JobRunner.neverRan(running, limit))
    }
    around.news.jobStarted(running)
    JobRunner.start(running, prepared)
  }

  /** Returns the job ready to run, or the log of one that cannot be. */
  private prepare(running: RunningJob): PreparedJob | JobLog {
    if (running.unclear !== undefined) return JobRunner.refused(running, running.unclear)
    const made = this.make(running.spec)
    if (Result.isSuccess(made)) return made.success
    const reason = made.failure instanceof Error ? made.failure.message : String(made.failure)
    return JobRunner.unmade(running, reason)
  }

  /** A factory that throws has made nothing either. */
  private make(spec: Job): Result.Result<PreparedJob, unknown> {
    try {
      return this.factory.make(spec)
    } catch (defect) {
      return Result.fail(defect)
    }
  }
}
