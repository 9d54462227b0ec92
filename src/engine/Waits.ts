/**
 * The waits before jobs start: of a sequence that is tried again, and those that a crash has cut off.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { SparseMap } from "../domain/Sparse.ts"
import type { Fork } from "./Reporter.ts"

export interface Wait {
  readonly job: number
  /** Unix milliseconds. */
  readonly until: number
  fiber: Fiber.Fiber<unknown> | undefined
}

export class Waits {
  private readonly byJob = new SparseMap<number, Wait>()
  private readonly fork: Fork
  /** Called when a wait is over, unless it was cancelled before. */
  private readonly ended: (wait: Wait) => void

  constructor(fork: Fork, ended: (wait: Wait) => void) {
    this.fork = fork
    this.ended = ended
  }

  get isEmpty(): boolean {
    return this.byJob.size === 0
  }

  get jobs(): Iterable<number> {
    return this.byJob.keys()
  }

  /** Returns until when a job waits; `undefined` where it does not. */
  untilOf(job: number): number | undefined {
    return this.byJob.get(job)?.until
  }

  begin(job: number, milliseconds: number, until: number): void {
    const wait: Wait = { job, until, fiber: undefined }
    this.byJob.set(job, wait)
    wait.fiber = this.fork(Effect.andThen(Effect.sleep(milliseconds), Effect.sync(() => this.ended(wait))))
  }

  /** Returns whether it was still on: it may have been cancelled after it was over. */
  end(wait: Wait): boolean {
    return this.byJob.get(wait.job) === wait && this.byJob.delete(wait.job)
  }

  /** Returns whether there was one. */
  cancel(job: number): boolean {
    this.byJob.get(job)?.fiber?.interruptUnsafe()
    return this.byJob.delete(job)
  }
}
