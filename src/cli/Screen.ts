/**
 * Some lines at the end of a terminal that are drawn over and over, in place.
 *
 * A frame is written in one piece and only where it differs from the last one, so that nothing flickers. The cursor is
 * hidden meanwhile, and given back when the screen is closed, the process exits, or Ctrl-Z puts it aside.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import stringWidth from "string-width"
import * as Output from "./Output.ts"

export interface Screen {
  /** Draws lines, none of which is wider than the terminal, in the place of those drawn before. */
  readonly draw: (lines: ReadonlyArray<string>) => void
}

/** Opens a screen on stderr. Whatever else the command writes there appears above it until the scope closes. */
export const open: Effect.Effect<Screen, never, Scope.Scope> = Effect.map(
  Effect.acquireRelease(Effect.sync(() => new Lines()), (lines) => Effect.sync(() => lines.close())),
  (lines) => ({ draw: (next) => lines.draw(next) })
)

const hideCursor = "\u001b[?25l"
const showCursor = "\u001b[?25h"
// Terminals that know them show what lies between the two at once.
const beginFrame = "\u001b[?2026h"
const endFrame = "\u001b[?2026l"
const clearToEnd = "\u001b[J"
const clearLine = "\u001b[K"

class Lines implements Output.Drawing {
  private drawn: ReadonlyArray<string> = []
  private readonly giveBack = () => Output.draw(showCursor)
  private readonly putAside = () => {
    this.giveBack()
    process.kill(process.pid, "SIGSTOP")
  }
  private readonly goOn = () => {
    const lines = this.drawn
    this.drawn = []
    Output.draw(hideCursor)
    this.draw(lines)
  }

  constructor() {
    Output.draw(hideCursor)
    Output.setDrawing(this)
    process.on("exit", this.giveBack)
    process.on("SIGTSTP", this.putAside)
    process.on("SIGCONT", this.goOn)
  }

  draw(lines: ReadonlyArray<string>): void {
    if (lines.length === this.drawn.length && lines.every((line, index) => line === this.drawn[index])) return
    const text = lines.map((line) => `${line}${clearLine}\n`).join("")
    Output.draw(`${beginFrame}${this.home()}${text}${clearToEnd}${endFrame}`)
    this.drawn = lines
  }

  around(write: () => void): void {
    const lines = this.drawn
    Output.draw(`${beginFrame}${this.home()}${clearToEnd}`)
    write()
    this.drawn = []
    this.draw(lines)
    Output.draw(endFrame)
  }

  close(): void {
    process.off("exit", this.giveBack)
    process.off("SIGTSTP", this.putAside)
    process.off("SIGCONT", this.goOn)
    Output.setDrawing(undefined)
    this.giveBack()
  }

  /** To the beginning of the first line drawn; a terminal that has become narrower has wrapped some of them. */
  private home(): string {
    const columns = process.stderr.columns || Number.POSITIVE_INFINITY
    const rows = this.drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(stringWidth(line) / columns)), 0)
    return rows === 0 ? "\r" : `\r\u001b[${rows}A`
  }
}
