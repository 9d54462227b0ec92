/**
 * The live view: what is going on in a chain, drawn over and over at the end of a terminal.
 *
 * `render` makes lines of a `ChainView` for a width and height and knows no terminal; `show` draws them on stderr. Jobs
 * that have failed come first, then those that run, then those that wait; what does not fit is counted.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import stringWidth from "string-width"
import type { ChainEvent } from "../engine/ChainEvent.ts"
import * as ChainView from "./ChainView.ts"

export interface Frame {
  readonly columns: number
  readonly rows: number
  /** Unix milliseconds. */
  readonly now: number
  readonly color: boolean
}

export interface Terminal {
  readonly columns: () => number
  readonly rows: () => number
  readonly color: boolean
  readonly write: (text: string) => void
}

/** Often enough to look alive, seldom enough to cost nothing. */
const drawEvery = "100 millis"

/** Draws a chain until its events end, and leaves the last frame standing. The cursor is given back in every case. */
export const show = (events: Stream.Stream<ChainEvent>, terminal: Terminal): Effect.Effect<ChainView.ChainView> =>
  Effect.suspend(() => {
    const view = ChainView.make()
    let drawn = 0
    const draw = Effect.map(Clock.currentTimeMillis, (now) => {
      const frame = { columns: terminal.columns(), rows: terminal.rows(), now, color: terminal.color }
      const lines = view.jobs.size === 0 ? [] : render(view, frame)
      const up = drawn > 0 ? `\u001b[${drawn}A` : ""
      terminal.write(`${up}\r\u001b[J${lines.map((line) => `${line}\n`).join("")}`)
      drawn = lines.length
    })
    const follow = Stream.runForEach(events, (event) => Effect.sync(() => ChainView.take(view, event)))
    const redraw = Effect.forever(Effect.andThen(draw, Effect.sleep(drawEvery)))
    terminal.write(hideCursor)
    process.on("exit", showCursorAtExit)
    return Effect.raceFirst(follow, redraw).pipe(
      Effect.andThen(draw),
      Effect.as(view),
      Effect.ensuring(Effect.sync(() => {
        process.off("exit", showCursorAtExit)
        terminal.write(showCursor)
      }))
    )
  })

const hideCursor = "\u001b[?25l"
const showCursor = "\u001b[?25h"
const showCursorAtExit = () => void process.stderr.write(showCursor)

/** Returns the lines that show a chain: at most `rows - 1`, each at most `columns` wide. */
export const render = (view: ChainView.ChainView, frame: Frame): ReadonlyArray<string> => {
  const failed = [...ChainView.jobsIn(view, "FAIL"), ...ChainView.jobsIn(view, "UNKNOWN")]
  const running = ChainView.jobsIn(view, "RUNNING").toSorted((left, right) => left.tryStartedAt - right.tryStartedAt)
  const waiting = ChainView.jobsIn(view, "PENDING").filter((job) => job.waitsUntil !== undefined)
  const shown = [...failed, ...running, ...waiting]
  const room = Math.max(1, frame.rows - 3)
  const hidden = shown.length - room
  const visible = hidden > 0 ? shown.slice(0, room - 1) : shown
  const idWidth = Math.min(Math.floor(frame.columns / 3), Math.max(0, ...visible.map((job) => stringWidth(job.id))))
  return [
    header(view, frame, { failed: failed.length, running: running.length, waiting: waiting.length }),
    ...visible.map((job) => line(job, idWidth, frame)),
    ...(hidden > 0 ? [fit(`  and ${hidden + 1} more`, frame.columns)] : [])
  ]
}

interface Counts {
  readonly failed: number
  readonly running: number
  readonly waiting: number
}

const header = (view: ChainView.ChainView, frame: Frame, counts: Counts): string => {
  const total = view.jobs.size
  const share = total === 0 ? 0 : view.finishedJobs / total
  const width = Math.max(5, Math.min(30, Math.floor(frame.columns / 4)))
  const filled = Math.floor(share * width)
  const bar = "█".repeat(filled) + "░".repeat(width - filled)
  const doing = view.stopping === undefined ? [] : [view.stopping === "stop" ? "stopping" : "suspending"]
  const parts = [
    `${view.finishedJobs}/${total}`,
    ...doing,
    ...(counts.running > 0 ? [`${counts.running} running`] : []),
    ...(counts.waiting > 0 ? [`${counts.waiting} waiting`] : []),
    ...(counts.failed > 0 ? [`${counts.failed} failed`] : []),
    clock(frame.now - view.startedAt)
  ]
  return fit(`${bar} ${parts.join("  ")}  ${view.requestId}`, frame.columns)
}

const line = (job: ChainView.JobView, idWidth: number, frame: Frame): string => {
  const id = pad(job.id, idWidth)
  const jobTry = job.try > 1 ? `try ${job.try}  ` : ""
  if (job.waitsUntil !== undefined) {
    return paint("33", fit(`◌ ${id}  ${jobTry}waits ${clock(job.waitsUntil - frame.now)}`, frame.columns), frame)
  }
  if (job.state === "RUNNING") {
    const says = job.lastLine || job.status
    return paint(
      "36",
      fit(`▸ ${id}  ${jobTry}${clock(frame.now - job.tryStartedAt)}  ${plain(says)}`, frame.columns),
      frame
    )
  }
  return paint("31", fit(`✗ ${id}  ${jobTry}${plain(job.error || job.state)}`, frame.columns), frame)
}

const paint = (code: string, text: string, { color }: Frame): string => color ? `\u001b[${code}m${text}\u001b[0m` : text

/** What a job writes could move the cursor or ring the bell. */
// oxlint-disable-next-line no-control-regex -- Control characters are what is looked for.
const plain = (text: string): string => text.replaceAll(/\u001b\[[0-9;?]*[A-Za-z]|[\u0000-\u001f\u007f-\u009f]/g, "")

const pad = (text: string, width: number): string => {
  const cut = fit(text, width)
  return cut + " ".repeat(Math.max(0, width - stringWidth(cut)))
}

const fit = (text: string, columns: number): string => {
  if (stringWidth(text) <= columns) return text
  let fitting = ""
  let width = 0
  for (const letter of text) {
    width += stringWidth(letter)
    if (width > columns - 1) break
    fitting += letter
  }
  return `${fitting}…`
}

const clock = (milliseconds: number): string => {
  const seconds = Math.max(0, Math.round(milliseconds / 1000))
  const minutes = Math.floor(seconds / 60)
  const rest = String(seconds % 60).padStart(2, "0")
  return minutes >= 60
    ? `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`
    : `${minutes}:${rest}`
}
