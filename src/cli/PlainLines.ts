/**
 * The course of a chain as plain lines, for logs and pipes: what starts, what is retried, what has failed, and every line
 * that a job writes, behind the job's id.
 *
 * @since 0.1.0
 */
import * as GoDuration from "../domain/GoDuration.ts"
import type { ChainEvent } from "../engine/ChainEvent.ts"

type TryEnded = Extract<ChainEvent, { readonly _tag: "tryEnded" }>
type OutputEvent = Extract<ChainEvent, { readonly _tag: "output" }>

export class PlainLines {
  /** What each stream of each job has written since its last line end. */
  private readonly open = new Map<string, string>()

  /** Returns what there is to say about an event: whole lines, each ended. */
  lines(event: ChainEvent): string {
    switch (event._tag) {
      case "snapshot":
        return `${event.requestId}: ${event.jobs.length} jobs${
          event.finishedJobs > 0 ? `, ${event.finishedJobs} complete` : ""
        }\n`
      case "jobsAdded":
        return `${event.jobId}: ${event.jobs.length} jobs more${
          event.removedJobIds.length > 0 ? `, ${event.removedJobIds.length} less` : ""
        }\n`
      case "jobStarted":
        return this.started(event)
      case "jobWaiting": {
        const wait = event.until <= event.at ? "at once" : `in ${waitOf(event.until - event.at)}`
        return event.for === "retry"
          ? `${event.jobId}: tries again ${wait}\n`
          : `${event.jobId}: its sequence starts again ${wait}\n`
      }
      case "tryEnded":
        return this.ended(event)
      case "jobSkipped":
        return event.sequenceId === undefined
          ? `${event.jobId}: skipped, as its condition is not met: ${event.condition}\n`
          : `${event.jobId}: skipped, as the condition of the sequence ${event.sequenceId} is not met: ${event.condition}\n`
      case "signalReceived":
        return `(signal "${event.name}" came)\n`
      case "sequenceRewound":
        return `${event.sequenceId}: its sequence goes back to its start, as ${event.failedJobId} has failed\n`
      case "output":
        return this.output(event)
      case "lost":
        return `(${event.count} events came too fast to be shown)\n`
      default:
        return ""
    }
  }

  /** Says that a try began. */
  started({ jobId, try: number }: Pick<TryEnded, "jobId" | "try">): string {
    return `${jobId}: started${number > 1 ? `, try ${number}` : ""}\n`
  }

  /** Says how a try ended, after what it had left of an open line. */
  ended(
    { error, finishedAt, jobId, startedAt, state }: Omit<TryEnded, "_tag" | "at" | "number" | "try" | "exit">
  ): string {
    const took = startedAt === 0 ? "" : ` after ${seconds(finishedAt - startedAt)}`
    const why = error === "" ? "" : ` (${error})`
    return `${this.rest(jobId)}${jobId}: ${state}${took}${why}\n`
  }

  /** Returns the lines that end with a piece of output. */
  output({ jobId, stream, text }: Pick<OutputEvent, "jobId" | "stream" | "text">): string {
    const key = `${jobId} ${stream}`
    const lines = `${this.open.get(key) ?? ""}${text}`.split("\n")
    const last = lines.pop() ?? ""
    // A line without end is not waited for for ever.
    if (last.length > lineMax) lines.push(last)
    this.open.set(key, last.length > lineMax ? "" : last)
    return lines.map((line) => `${jobId} | ${overwritten(line)}\n`).join("")
  }

  private rest(jobId: string): string {
    return ["stdout", "stderr"].map((stream) => {
      const text = this.open.get(`${jobId} ${stream}`) ?? ""
      this.open.delete(`${jobId} ${stream}`)
      return text === "" ? "" : `${jobId} | ${overwritten(text)}\n`
    }).join("")
  }
}

const lineMax = 16_384

/** A progress bar writes its line over and over: the last is what counts. */
const overwritten = (line: string): string => line.replace(/\r+$/, "").replace(/^.*\r/s, "")

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)}s`

/** To a tenth of a second, as a moment goes by before the event is made; a shorter one as it is. */
const waitOf = (milliseconds: number): string =>
  GoDuration.format(milliseconds < 100 ? milliseconds : Math.round(milliseconds / 100) * 100)
