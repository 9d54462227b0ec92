/**
 * Jobs that are able to start, in the order in which they are to.
 *
 * `Line` is first come, first served, which is all that most chains need; `LanedLine` knows of priorities and limits.
 *
 * @since 0.1.0
 */

/** What a `StartQueue` needs of its line. A job may stand in it more than once, and may no longer be able to start. */
export interface JobLine {
  readonly push: (job: number) => void
  /** Takes the next job that no limit is against. */
  readonly take: () => number | undefined
  /** Whether `take` would return one. */
  readonly hasNext: boolean
  /** A job that was taken starts. */
  readonly admit: (job: number) => void
  /** A job that was admitted has ended. */
  readonly release: (job: number) => void
  /** Says which limit a job that stands here waits for; `undefined` where it waits for none. */
  readonly reasonOf: (job: number) => string | undefined
  /** Waits for no limit any more, until it is asked again: its chain starts nothing for now. */
  readonly standBack: () => void
  /** Lets go of all it holds and waits for. */
  readonly close: () => void
}

/** First come, first served. */
export class Line implements JobLine {
  private ready: Array<number> = []
  private taken = 0

  push(job: number): void {
    this.ready.push(job)
  }

  take(): number | undefined {
    if (!this.hasNext) return undefined
    const job = this.ready[this.taken++] as number
    if (!this.hasNext) {
      this.ready = []
      this.taken = 0
    }
    return job
  }

  get hasNext(): boolean {
    return this.taken < this.ready.length
  }

  admit(): void {
    // Nothing is counted.
  }

  release(): void {
    // Nothing is counted.
  }

  reasonOf(): undefined {
    return undefined
  }

  standBack(): void {
    // It waits for none.
  }

  close(): void {
    this.ready = []
    this.taken = 0
  }
}
