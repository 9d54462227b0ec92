/**
 * The command's two streams: results go to stdout, everything else to stderr.
 *
 * Whoever reads them may go away (`jobchain run … | head -1`). What is written after that is dropped and the chain goes on
 * to its end: its jobs do real work, which should not stop half way because nobody looks.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"

/** Something that is drawn at the end of the terminal: what else is written has to appear above it. */
export interface Drawing {
  /** Takes the drawing away, lets `write` write, and draws again. */
  readonly around: (write: () => void) => void
}

/** Writes results. */
export const out = (text: string): void => void write(process.stdout, text)

/** Writes results, and waits until a reader who is slower has caught up. */
export const outInTime = (text: string): Effect.Effect<void> =>
  Effect.suspend(() => write(process.stdout, text) ? Effect.void : drained(process.stdout))

/** Writes everything that is no result. */
export const err = (text: string): void => {
  if (drawing === undefined) write(process.stderr, text)
  else drawing.around(() => write(process.stderr, text))
}

/** Draws on stderr, as it is. */
export const draw = (text: string): void => void write(process.stderr, text)

/** Sets what is drawn at the end of stderr from now on. */
export const setDrawing = (next: Drawing | undefined): void => {
  drawing = next
}

/** Whether people look at stderr, so that it may be drawn on. */
export const isDrawable = (): boolean =>
  process.stderr.isTTY && process.env.TERM !== "dumb" && process.env.CI === undefined

/** Whether people look at stdout, too. */
export const isOutSeen = (): boolean => process.stdout.isTTY

/** Whether somebody may still read stdout. */
export const isOutOpen = (): boolean => !closed.has(process.stdout)

/** Colours nothing from now on. */
export const disableColor = (): void => {
  mayColor = false
}

/** Whether text on a stream may be coloured: `--no-color`, and the conventions of `NO_COLOR` and `FORCE_COLOR`. */
export const hasColor = (stream: NodeJS.WriteStream): boolean => {
  const { FORCE_COLOR, NO_COLOR, TERM } = process.env
  if (!mayColor || NO_COLOR || TERM === "dumb") return false
  return FORCE_COLOR && FORCE_COLOR !== "0" && FORCE_COLOR !== "false" ? true : stream.isTTY
}

/** Takes care that a closed stream is no crash. Called once, at the start. */
export const expectClosedPipes = (): void => {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => closed.add(stream))
}

/** Calls back when all that was written is with the system. */
export const flush = (done: () => void): void => {
  const flushErr = () => closed.has(process.stderr) ? done() : void process.stderr.write("", () => done())
  if (closed.has(process.stdout)) flushErr()
  else process.stdout.write("", flushErr)
}

let drawing: Drawing | undefined
let mayColor = true
const closed = new Set<NodeJS.WriteStream>()

/** Returns whether the stream has room for more. */
const write = (stream: NodeJS.WriteStream, text: string): boolean => closed.has(stream) || stream.write(text)

const drained = (stream: NodeJS.WriteStream): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const events = ["drain", "error", "close"]
    const forget = () => {
      for (const event of events) stream.off(event, go)
    }
    const go = () => {
      forget()
      resume(Effect.void)
    }
    for (const event of events) stream.on(event, go)
    return Effect.sync(forget)
  })
