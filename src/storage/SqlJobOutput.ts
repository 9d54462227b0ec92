/**
 * The `JobOutput` that keeps what jobs write in the database while they run, byte by byte as it was.
 *
 * A piece goes into a small buffer; a full buffer, or one that is a quarter of a second old, becomes a row. Who writes
 * faster than the database takes it in waits for it, so that neither memory nor a row grows with the output. Of each job a
 * bounded number of bytes is kept, and then a line that says how many were left out. A try that a crash cut off goes on
 * behind what is there of it.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { JobOutput, type TryKey } from "../engine/JobOutput.ts"
import * as OutputRows from "./OutputRows.ts"
import { Ownership } from "./Ownership.ts"
import { onLiveClock, whileClosing } from "./Patience.ts"
import { Tables } from "./Tables.ts"
import { TryOutput } from "./TryOutput.ts"
import { Writer } from "./Writer.ts"

export interface Options {
  /** How many bytes to keep of a job, over all its tries. */
  readonly bytesMax: number
}

/** Keeps the output of the chains that this process owns, and of others only the tails. */
export const layerWith = (options: Options): Layer.Layer<JobOutput, never, Tables | Ownership | Writer> =>
  Layer.effect(JobOutput, make(options))

const make = Effect.fnUntraced(function*({ bytesMax }: Options) {
  const tables = yield* Tables
  const { chains } = yield* Ownership
  const writer = yield* Writer
  const tails = yield* Effect.provide(JobOutput, JobOutput.layerMemory)
  const tries = new Map<string, TryOutput>()

  const keep = (output: TryOutput, isOver: boolean): Effect.Effect<void> =>
    Effect.gen(function*() {
      const { key } = output
      const chain = chains.get(key.requestId)?.number ?? 0
      // Nobody keeps this chain here.
      if (chain === 0) return void output.takeChunks()
      if (!output.isReady) output.begin(yield* tables.read(() => OutputRows.selectKept(chain, key)))
      const chunks = [...output.takeChunks(), ...(isOver ? output.takeMarkers() : [])]
      if (chunks.length === 0) return
      const written = writer.write({
        requestId: key.requestId,
        chain,
        rows: [OutputRows.insert(chain, key, chunks)],
        size: chunks.reduce((size, { bytes }) => size + 1 + bytes.length / bytesPerRow, 0)
      })
      // Whoever has lost the chain hears of it at the next checkpoint; the job that writes is not to blame.
      yield* Effect.exit(written)
    })

  const keepOld = Effect.gen(function*() {
    while (true) {
      yield* Effect.sleep(bufferedMillisMax)
      for (const output of tries.values()) if (!output.isEmpty) yield* keep(output, false)
    }
  })
  yield* Effect.forkScoped(onLiveClock(keepOld))
  yield* Effect.addFinalizer(() =>
    whileClosing(
      Effect.suspend(() => Effect.forEach(tries.values(), (output) => keep(output, false), { discard: true }))
    )
  )

  return {
    write: (key, stream, chunk) =>
      Effect.suspend(() => {
        const name = textOf(key)
        let output = tries.get(name)
        if (output === undefined) tries.set(name, output = new TryOutput(key, bytesMax))
        // Copied: the writer may use its buffer again.
        output.add(stream, chunk.slice())
        const written = tails.write(key, stream, chunk)
        return output.isFull ? Effect.andThen(written, keep(output, false)) : written
      }),
    end: (key) =>
      Effect.suspend(() => {
        const name = textOf(key)
        const output = tries.get(name)
        tries.delete(name)
        const tail = tails.end(key)
        return output === undefined ? tail : Effect.andThen(keep(output, true), tail)
      })
  } satisfies JobOutput["Service"]
})

const textOf = (key: TryKey): string => JSON.stringify([key.requestId, key.jobId, key.try])

/** What a row of states and tries is about as much work as. */
const bytesPerRow = 256

/** How late what a job has written can be read by others. */
const bufferedMillisMax = 250
