/**
 * The job of a workload for contestants that run functions.
 */
import type { Work } from "../GraphWorkload.ts"

/** Counts itself, and waits where the workload says so. */
export class PromiseJob {
  count = 0
  readonly run: () => Promise<void>

  constructor(work: Work) {
    this.run = work === "wait" ? () => this.wait() : () => this.end()
  }

  private async end(): Promise<void> {
    this.count++
  }

  private wait(): Promise<void> {
    return new Promise((resolve) =>
      setTimeout(() => {
        this.count++
        resolve()
      }, 1)
    )
  }
}
