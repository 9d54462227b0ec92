/**
 * Shows a chain while it runs, in the way that was asked for: a live view, plain lines, or events as JSON.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { ChainEvent } from "../engine/ChainEvent.ts"
import * as LiveView from "./LiveView.ts"
import * as Output from "./Output.ts"
import { PlainLines } from "./PlainLines.ts"

export type OutputFormat = "pretty" | "json" | "ndjson"

/** Follows the events of a chain to their end. */
export const show = (events: Stream.Stream<ChainEvent>, format: OutputFormat): Effect.Effect<void> => {
  if (format === "ndjson") return each(events, (event) => Output.out(`${JSON.stringify(event)}\n`))
  if (Output.isDrawable()) return Effect.asVoid(LiveView.show(events, terminal))
  const plain = new PlainLines()
  return each(events, (event) => {
    const lines = plain.lines(event)
    if (lines !== "") Output.err(lines)
  })
}

const each = (events: Stream.Stream<ChainEvent>, act: (event: ChainEvent) => void): Effect.Effect<void> =>
  Stream.runForEach(events, (event) => Effect.sync(() => act(event)))

const terminal: LiveView.Terminal = {
  columns: () => process.stderr.columns || 80,
  rows: () => process.stderr.rows || 24,
  color: Output.hasColor(),
  write: Output.err
}
