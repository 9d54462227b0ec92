/**
 * The job logs of one request.
 *
 * They are put in order when someone asks, not as they come: a chain of a million jobs tells, and mostly nobody asks.
 *
 * @since 0.1.0
 */
import type { JobLog } from "../domain/JobLog.ts"

export class RequestLogs {
  private readonly arrived: Array<JobLog> = []
  private readonly inOrder: Array<JobLog> = []
  private readonly byJob = new Map<string, Array<JobLog>>()

  add(log: JobLog): void {
    this.arrived.push(log)
  }

  /** Every log once, in the order in which they came. */
  all(): ReadonlyArray<JobLog> {
    this.takeIn()
    return this.inOrder.slice()
  }

  ofJob(jobId: string): ReadonlyArray<JobLog> {
    this.takeIn()
    return this.byJob.get(jobId) ?? []
  }

  private takeIn(): void {
    for (const log of this.arrived) {
      const tries = this.byJob.get(log.jobId) ?? []
      this.byJob.set(log.jobId, tries)
      if (tries.some((known) => known.try === log.try)) continue
      tries.push(log)
      this.inOrder.push(log)
    }
    this.arrived.length = 0
  }
}
