/**
 * Measures how long things run, over all runs of a chain, and says when one has used up its time.
 *
 * A traversal has one for jobs, one for sequences and one for the chain; each adds to what the chain keeps as `Elapsed`.
 * Only what has a limit or a policy that asks for its time is measured.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { SparseMap } from "../domain/Sparse.ts"
import type { Fork } from "./Reporter.ts"

/** Milliseconds by index. */
export interface Times {
  readonly get: (index: number) => number | undefined
  readonly set: (index: number, milliseconds: number) => unknown
}

interface Running {
  /** Unix milliseconds; the time before is in `times`. */
  since: number
  readonly alarm: Fiber.Fiber<unknown> | undefined
}

export class Stopwatch {
  private readonly running = new SparseMap<number, Running>()
  private readonly times: Times
  private readonly clock: Clock.Clock
  private readonly fork: Fork
  private readonly reached: (index: number) => void

  /** `reached` is called when something has run for as long as it may. */
  constructor(times: Times, clock: Clock.Clock, fork: Fork, reached: (index: number) => void) {
    this.times = times
    this.clock = clock
    this.fork = fork
    this.reached = reached
  }

  /** Begins to measure, unless it does so already. The limit is in milliseconds and counts from the very first run. */
  begin(index: number, limit: number | undefined): void {
    if (this.running.has(index)) return
    const elapsed = this.times.get(index) ?? 0
    this.times.set(index, elapsed)
    const alarm = limit === undefined ? undefined : this.fork(this.ring(index, limit, limit - elapsed))
    this.running.set(index, { since: this.clock.currentTimeMillisUnsafe(), alarm })
  }

  /** Brings the times up to now. */
  settle(): void {
    if (this.running.size === 0) return
    for (const [index, running] of this.running) this.add(index, running)
  }

  /** Returns how long something has run, up to now, in milliseconds. */
  elapsed(index: number): number {
    const running = this.running.get(index)
    if (running !== undefined) this.add(index, running)
    return this.times.get(index) ?? 0
  }

  /** Ends to measure; the time stays. */
  end(index: number): void {
    const running = this.running.get(index)
    if (running === undefined) return
    this.add(index, running)
    running.alarm?.interruptUnsafe()
    this.running.delete(index)
  }

  /** Ends all alarms. */
  close(): void {
    for (const { alarm } of this.running.values()) alarm?.interruptUnsafe()
    this.running.clear()
  }

  private add(index: number, running: Running): void {
    const now = this.clock.currentTimeMillisUnsafe()
    this.times.set(index, (this.times.get(index) ?? 0) + Math.max(0, now - running.since))
    running.since = now
  }

  private ring(index: number, limit: number, rest: number): Effect.Effect<void> {
    const reached = Effect.sync(() => {
      // Timers of the system may be a fraction of a millisecond early by the clock.
      this.times.set(index, Math.max(limit, this.elapsed(index)))
      this.reached(index)
    })
    return rest <= 0 ? reached : Effect.andThen(Effect.sleep(rest), reached)
  }
}
