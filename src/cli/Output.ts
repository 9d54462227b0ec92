/**
 * The command's two streams: results go to stdout, everything else to stderr.
 *
 * Whoever reads them may go away (`jobchain run … | head -1`). What is written after that is dropped and the chain goes on
 * to its end: its jobs do real work, which should not stop half way because nobody looks.
 *
 * @since 0.1.0
 */

/** Writes results. */
export const out = (text: string): void => write(process.stdout, text)

/** Writes everything that is no result. */
export const err = (text: string): void => write(process.stderr, text)

/** Whether people look at stderr, so that it may be drawn on. */
export const isDrawable = (): boolean =>
  process.stderr.isTTY && process.env.TERM !== "dumb" && process.env.CI === undefined

/** Whether text on stderr, or stdout, may be coloured: the conventions of `NO_COLOR` and `FORCE_COLOR`. */
export const hasColor = (stream: NodeJS.WriteStream = process.stderr): boolean => {
  if (process.env.NO_COLOR) return false
  return process.env.FORCE_COLOR ? true : stream.isTTY
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

const closed = new Set<NodeJS.WriteStream>()

const write = (stream: NodeJS.WriteStream, text: string): void => {
  if (!closed.has(stream)) stream.write(text)
}
