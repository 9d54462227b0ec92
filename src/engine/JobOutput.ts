/**
 * Where the bytes go that jobs write while they run.
 *
 * The engine hands every piece on as it comes and asks for the tail when a try ends: its text is the job log's stdout
 * and stderr. Live listeners get the pieces as events of the traverser.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** Names one try of one job. */
export interface TryKey {
  readonly requestId: string
  readonly jobId: string
  readonly try: number
}

/** The text of the ends of a try's two streams: lossy UTF-8 of what was kept. */
export interface OutputTail {
  readonly stdout: string
  readonly stderr: string
}

export class JobOutput extends Context.Service<JobOutput, {
  /** Takes a piece of a try's output. */
  readonly write: (key: TryKey, stream: keyof OutputTail, chunk: Uint8Array) => Effect.Effect<void>
  /** Ends a try's output and returns its tail. Asked for once per try, and only where something was written. */
  readonly end: (key: TryKey) => Effect.Effect<OutputTail>
}>()("jobchain/JobOutput") {
  /** Keeps the last 64 KiB of each stream of each running try. */
  static readonly layerMemory: Layer.Layer<JobOutput> = Layer.sync(JobOutput, () => {
    const tails = new Map<string, Record<keyof OutputTail, Tail>>()
    return {
      write: (key, stream, chunk) =>
        Effect.sync(() => {
          const name = textOf(key)
          const kept = tails.get(name) ?? { stdout: new Tail(), stderr: new Tail() }
          tails.set(name, kept)
          kept[stream].add(chunk)
        }),
      end: (key) =>
        Effect.sync(() => {
          const name = textOf(key)
          const kept = tails.get(name)
          tails.delete(name)
          return { stdout: kept?.stdout.text() ?? "", stderr: kept?.stderr.text() ?? "" }
        })
    }
  })
}

const textOf = (key: TryKey): string => JSON.stringify([key.requestId, key.jobId, key.try])

/** Enough for the end of a build log; bounds what a chatty job can take of memory and of a job log. */
const tailBytesMax = 64 * 1024

class Tail {
  private chunks: Array<Uint8Array> = []
  private size = 0

  add(chunk: Uint8Array): void {
    // Copied: the writer may use its buffer again.
    this.chunks.push(chunk.slice(-tailBytesMax))
    this.size += Math.min(chunk.length, tailBytesMax)
    // Joined only when twice the bound is there, so that many small pieces cost what they hold.
    if (this.size > 2 * tailBytesMax) this.trim()
  }

  text(): string {
    this.trim()
    return new TextDecoder().decode(this.chunks[0] ?? new Uint8Array())
  }

  private trim(): void {
    const joined = new Uint8Array(this.size)
    let end = 0
    for (const chunk of this.chunks) {
      joined.set(chunk, end)
      end += chunk.length
    }
    this.chunks = [joined.slice(-tailBytesMax)]
    this.size = Math.min(this.size, tailBytesMax)
  }
}
