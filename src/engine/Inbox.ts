/**
 * What has happened to a chain and is not taken in yet.
 *
 * A reaper's stream takes it out of a queue, and so waits for it. What happens while a step is being made need not go that way:
 * the step takes it in itself, and for a job that ends where it is started, a way through the queue costs as much as the job.
 *
 * @since 0.1.0
 */
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import type { Happening } from "./Happening.ts"

/** As much as is taken in before others are let through. */
const sliceMax = 512

export class Inbox {
  readonly queue: Queue.Queue<Happening>
  /** `undefined` between steps. It came before all that is in the queue, and is at most a slice. */
  private first: Array<Happening> | undefined

  constructor(queue: Queue.Queue<Happening>) {
    this.queue = queue
  }

  add(happening: Happening): void {
    const { first, queue } = this
    if (first === undefined || first.length >= sliceMax || Queue.sizeUnsafe(queue) > 0) {
      Queue.offerUnsafe(queue, happening)
    } else {
      first.push(happening)
    }
  }

  /** Begins a step. */
  begin(): void {
    this.first = []
  }

  /** Takes a slice of what is there, during a step. */
  take(): ReadonlyArray<Happening> {
    const { first = nothing } = this
    if (first.length === 0) return this.takeQueued(sliceMax)
    this.first = []
    return first
  }

  /** Ends a step: what it has not taken in is left to the next one, which may be another reaper's. */
  end(): void {
    const { first = nothing } = this
    this.first = undefined
    if (first.length === 0) return
    const later = this.takeQueued(Number.POSITIVE_INFINITY)
    for (const happening of [...first, ...later]) Queue.offerUnsafe(this.queue, happening)
  }

  private takeQueued(max: number): ReadonlyArray<Happening> {
    if (Queue.sizeUnsafe(this.queue) === 0) return nothing
    const taken: Array<Happening> = []
    while (taken.length < max) {
      const next = Queue.takeUnsafe(this.queue)
      if (next === undefined || Exit.isFailure(next)) break
      taken.push(next.value)
    }
    return taken
  }
}

const nothing: ReadonlyArray<Happening> = []
