/**
 * Reads the log of a chain while that may still grow: each look writes what is new since the last one.
 *
 * First come the tries that have ended, each with all it has written, in the order in which they ended; then what those that
 * run have written so far.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { ChainStore } from "../storage/ChainStore.ts"
import type { DamagedRow } from "../storage/DamagedRow.ts"
import type { Written } from "../storage/OutputRows.ts"
import { PlainLines } from "./PlainLines.ts"

export interface Options {
  readonly requestId: string
  /** Reads only of this job. */
  readonly jobId?: string | undefined
  /** Takes whole lines. */
  readonly write: (text: string) => Effect.Effect<void>
}

export class LogReading {
  private readonly store: ChainStore["Service"]
  private readonly requestId: string
  private readonly jobId: string | undefined
  private readonly write: (text: string) => Effect.Effect<void>
  private readonly lines = new PlainLines()
  /** How many ended tries are written. */
  private ended = 0
  private readonly endedKeys = new Set<string>()
  /** What is being read of tries that have not ended, stream by stream. */
  private readonly reading = new Map<string, { next: number; readonly decoder: InstanceType<typeof TextDecoder> }>()
  private readonly begun = new Set<string>()

  constructor(store: ChainStore["Service"], { jobId, requestId, write }: Options) {
    this.store = store
    this.requestId = requestId
    this.jobId = jobId
    this.write = write
  }

  /** Writes what is new. */
  readonly writeNew = Effect.suspend(() => this.look())

  private readonly look = Effect.fnUntraced(function*(this: LogReading) {
    const tries = yield* this.store.tries(this.requestId, this.jobId)
    // After the tries: all that an ended one has written was there before its end.
    const written = yield* this.store.written(this.requestId, this.jobId)
    const byTry = Map.groupBy(written, keyOf)
    for (const ended of tries.slice(this.ended)) {
      const key = keyOf(ended)
      yield* this.begin(ended)
      for (const stream of byTry.get(key) ?? []) yield* this.writeStream(stream)
      yield* this.write(this.lines.ended(ended))
      this.endedKeys.add(key)
      for (const stream of byTry.get(key) ?? []) this.reading.delete(streamKeyOf(stream))
    }
    this.ended = tries.length
    for (const stream of written) {
      if (this.endedKeys.has(keyOf(stream))) continue
      yield* this.begin(stream)
      yield* this.writeStream(stream)
    }
  })

  private begin(jobTry: { readonly jobId: string; readonly try: number }): Effect.Effect<void> {
    const key = keyOf(jobTry)
    if (this.begun.has(key)) return Effect.void
    this.begun.add(key)
    return this.write(this.lines.started(jobTry))
  }

  private writeStream(written: Written): Effect.Effect<void, DamagedRow> {
    const key = streamKeyOf(written)
    const place = this.reading.get(key) ?? { next: 0, decoder: new TextDecoder() }
    this.reading.set(key, place)
    if (place.next >= written.chunks) return Effect.void
    const chunks = this.store.output(written, written.stream, place.next)
    return Stream.runForEach(chunks, (bytes) => {
      place.next++
      const text = place.decoder.decode(bytes, { stream: true })
      return this.write(this.lines.output({ ...written, text }))
    })
  }
}

const keyOf = (jobTry: { readonly jobId: string; readonly try: number }): string =>
  JSON.stringify([jobTry.jobId, jobTry.try])

const streamKeyOf = (written: Written): string => JSON.stringify([written.jobId, written.try, written.stream])
