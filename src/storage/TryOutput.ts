/**
 * What one try has written and is not yet handed over to be kept, cut into rows.
 *
 * @since 0.1.0
 */
import type { OutputTail, TryKey } from "../engine/JobOutput.ts"
import type { Chunk, Kept } from "./OutputRows.ts"

type StreamName = keyof OutputTail

export class TryOutput {
  readonly key: TryKey
  private readonly bytesMax: number
  private readonly streams: Readonly<Record<StreamName, Pieces>> = { stdout: new Pieces(), stderr: new Pieces() }
  /** How many bytes may still be kept, once that is known. */
  private left = 0
  private hasBegun = false

  constructor(key: TryKey, bytesMax: number) {
    this.key = key
    this.bytesMax = bytesMax
  }

  /** Whether it is known what is there already. */
  get isReady(): boolean {
    return this.hasBegun
  }

  /** Goes on behind what is there already. */
  begin({ bytes, chunks }: Kept): void {
    if (this.hasBegun) return
    this.hasBegun = true
    this.left = Math.max(0, this.bytesMax - bytes)
    for (const name of names) this.streams[name].chunks = chunks[name]
  }

  /** Takes a piece, which nobody may change any more. */
  add(name: StreamName, piece: Uint8Array): void {
    const stream = this.streams[name]
    stream.pieces.push(piece)
    stream.size += piece.length
  }

  /** Whether there is enough for a row. */
  get isFull(): boolean {
    return names.some((name) => this.streams[name].size >= rowBytesMax)
  }

  get isEmpty(): boolean {
    return names.every((name) => this.streams[name].size === 0)
  }

  /** Takes out all that waits, as rows. */
  takeChunks(): ReadonlyArray<Chunk> {
    return names.flatMap((name) => {
      const stream = this.streams[name]
      const bytes = this.withinLimit(stream)
      const chunks: Array<Chunk> = []
      for (let start = 0; start < bytes.length; start += rowBytesMax) {
        chunks.push({
          stream: name,
          chunk: stream.chunks++,
          bytes: bytes.subarray(start, start + rowBytesMax),
          leftOut: 0
        })
      }
      return chunks
    })
  }

  /** Returns the rows that say what was left out, if anything was. */
  takeMarkers(): ReadonlyArray<Chunk> {
    return names.flatMap((name) => {
      const stream = this.streams[name]
      if (stream.leftOut === 0) return []
      const text = `\n[${stream.leftOut} bytes left out: of a job, ${this.bytesMax} bytes of output are kept]\n`
      return [{ stream: name, chunk: stream.chunks++, bytes: new TextEncoder().encode(text), leftOut: stream.leftOut }]
    })
  }

  private withinLimit(stream: Pieces): Uint8Array {
    const bytes = stream.take()
    const kept = bytes.subarray(0, this.left)
    this.left -= kept.length
    stream.leftOut += bytes.length - kept.length
    return kept
  }
}

const names = ["stdout", "stderr"] as const

/** Enough that a row's own cost does not matter; what a try holds in memory is a few of these. */
const rowBytesMax = 64 * 1024

class Pieces {
  pieces: Array<Uint8Array> = []
  size = 0
  /** How many rows there are. */
  chunks = 0
  leftOut = 0

  take(): Uint8Array {
    const joined = new Uint8Array(this.size)
    let end = 0
    for (const piece of this.pieces) {
      joined.set(piece, end)
      end += piece.length
    }
    this.pieces = []
    this.size = 0
    return joined
  }
}
