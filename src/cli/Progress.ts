/**
 * Shows a chain while it runs, in the way that was asked for: a live view, plain lines, or events as JSON.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { ChainEvent } from "../engine/ChainEvent.ts"
import type { Traverser } from "../engine/Traverser.ts"
import * as ChainView from "./ChainView.ts"
import * as LiveView from "./LiveView.ts"
import * as Output from "./Output.ts"
import { PlainLines } from "./PlainLines.ts"
import * as Screen from "./Screen.ts"
import * as StopNotice from "./StopNotice.ts"

export type OutputFormat = "pretty" | "json" | "ndjson"

export interface ProgressOptions {
  readonly output: OutputFormat
  /** Milliseconds that a stop or suspend waits for jobs. */
  readonly stopTimeout: number
}

/** What is shown of a chain's traverser. */
type Shown = Pick<Traverser, "events" | "explain">

type Events = Traverser["events"]

/** Follows the events of a chain to their end. */
export const show = (shown: Shown, options: ProgressOptions): Effect.Effect<void> => {
  const { events } = shown
  if (options.output !== "ndjson") {
    return Output.isDrawable() ? live(shown, options) : lines(events, options, new PlainLines())
  }
  const written = Stream.runForEach(events, (event) => Output.outInTime(`${JSON.stringify(encode(event))}\n`))
  // Drawing and events would be in each other's way on one terminal.
  const told = Output.isDrawable() && !Output.isOutSeen() ? live(shown, options) : lines(events, options)
  // That one listens first: each listener's snapshot takes a number, and the events written should have no gap.
  return Effect.all([told, written], { concurrency: 2, discard: true })
}

const encode = Schema.encodeSync(ChainEvent)

/** Without `plain` says only that the chain is being suspended or stopped, and what is waited for. */
const lines = (events: Events, { stopTimeout }: ProgressOptions, plain?: PlainLines): Effect.Effect<void> => {
  const view = ChainView.make()
  return Stream.runForEach(afresh(events), (event) =>
    Effect.sync(() => {
      ChainView.take(view, event)
      const text = event._tag === "chainStopping"
        ? `${StopNotice.describe(view, { now: event.at, stopTimeout }) ?? ""}\n`
        : plain?.lines(event) ?? ""
      if (text !== "") Output.err(text)
    }))
}

/** Often enough to look alive, seldom enough to cost nothing. */
const drawEvery = "100 millis"

const live = ({ events, explain }: Shown, { stopTimeout }: ProgressOptions): Effect.Effect<void> =>
  Effect.scoped(Effect.gen(function*() {
    const view = ChainView.make()
    const screen = yield* Screen.open
    const render = Effect.map(Clock.currentTimeMillis, (now) => {
      const { columns = 80, rows = 24 } = process.stderr
      const color = Output.hasColor(process.stderr)
      return view.jobs.size === 0 ? [] : LiveView.render(view, { columns, rows, now, color, stopTimeout })
    })
    const draw = Effect.map(render, (lines) => screen.draw(lines))
    const follow = Stream.runForEach(afresh(events), (event) => Effect.sync(() => ChainView.take(view, event)))
    yield* Effect.raceAllFirst([
      follow,
      Effect.forever(Effect.andThen(draw, Effect.sleep(drawEvery))),
      Effect.forever(explaining(view, explain))
    ])
    ChainView.takeExplanations(view, [])
    // The bar stays; what has failed is told after it, and in full.
    screen.draw((yield* render).slice(0, 1))
  }))

/** Looks at why jobs wait, and then rests: of a large chain a look takes its time, and is not to keep the chain from running. */
const explaining = Effect.fnUntraced(function*(view: ChainView.ChainView, explain: Shown["explain"]) {
  const begun = yield* Clock.currentTimeMillis
  ChainView.takeExplanations(view, yield* explain)
  const took = (yield* Clock.currentTimeMillis) - begun
  yield* Effect.sleep(Math.max(1000, 20 * took))
})

/** Events of which none is missed: where some were lost, they begin again, with a snapshot. */
const afresh = (events: Events): Events =>
  Stream.suspend(() => {
    let isLost = false
    const untilLost = Stream.takeUntil(events, (event) => isLost = event._tag === "lost")
    return Stream.concat(untilLost, Stream.suspend(() => isLost ? afresh(events) : Stream.empty))
  })
