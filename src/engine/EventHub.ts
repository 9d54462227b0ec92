/**
 * Hands a chain's events to whoever listens, without ever slowing the chain.
 *
 * Each listener has a bounded buffer; when it is full, events are dropped and counted, and the listener is told. The last
 * event is never dropped. Nothing is made while nobody listens: ask `isHeard` first.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { SparseSet } from "../domain/Sparse.ts"
import type { ChainEvent } from "./ChainEvent.ts"

type WithoutCommon<Event> = Event extends ChainEvent ? Omit<Event, "requestId" | "at" | "number"> : never
/** An event before it is dated and numbered. */
export type NewEvent = WithoutCommon<ChainEvent>

interface Listener {
  readonly queue: Queue.Queue<ChainEvent, Cause.Done>
  lost: number
}

/** Rides out a burst such as a thousand jobs that start and end at once; a stalled listener holds a few MiB at most. */
const bufferMax = 16_384

export class EventHub {
  private readonly requestId: string
  private readonly clock: Clock.Clock
  private readonly listeners = new SparseSet<Listener>()
  private number = 1
  private isClosed = false

  constructor(requestId: string, clock: Clock.Clock) {
    this.requestId = requestId
    this.clock = clock
  }

  get isHeard(): boolean {
    return this.listeners.size > 0
  }

  publish(event: NewEvent): void {
    const dated = this.date(event)
    for (const listener of this.listeners) this.offer(listener, dated)
  }

  /** Ends every stream, now and to come. */
  close(): void {
    this.isClosed = true
    for (const listener of this.listeners) {
      this.tellLost(listener, this.number)
      Queue.endUnsafe(listener.queue)
    }
    this.listeners.clear()
  }

  /** Returns a stream that begins with `snapshot` as it is when the stream is run, and ends with the chain. */
  stream(snapshot: () => NewEvent): Stream.Stream<ChainEvent> {
    const open = Effect.acquireRelease(
      Effect.map(Queue.unbounded<ChainEvent, Cause.Done>(), (queue) => {
        const listener: Listener = { queue, lost: 0 }
        // Has the last event's number: one of its own would look like a lost event to every other listener.
        this.offer(listener, this.date(snapshot(), this.number))
        if (this.isClosed) Queue.endUnsafe(queue)
        else this.listeners.add(listener)
        return listener
      }),
      (listener) => Effect.sync(() => this.listeners.delete(listener))
    )
    return Stream.unwrap(Effect.map(open, (listener) => Stream.fromQueue(listener.queue)))
  }

  private offer(listener: Listener, event: ChainEvent): void {
    if (Queue.sizeUnsafe(listener.queue) >= bufferMax && event._tag !== "chainEnded") {
      listener.lost++
      return
    }
    this.tellLost(listener, event.number - 1)
    Queue.offerUnsafe(listener.queue, event)
  }

  /** Has the number of the last lost event, which nobody else gets from this listener's stream. */
  private tellLost(listener: Listener, number: number): void {
    if (listener.lost === 0) return
    Queue.offerUnsafe(listener.queue, this.date({ _tag: "lost", count: listener.lost }, number))
    listener.lost = 0
  }

  private date(event: NewEvent, number = ++this.number): ChainEvent {
    return { ...event, requestId: this.requestId, at: this.clock.currentTimeMillisUnsafe(), number } as ChainEvent
  }
}
