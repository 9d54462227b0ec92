/**
 * The job type `wait`: waits for a signal, such as somebody's approval, and hands its data on.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as GoDuration from "../domain/GoDuration.ts"
import * as JobResult from "../engine/JobResult.ts"
import * as JobType from "../engine/JobType.ts"
import { DurationArg } from "./DurationArg.ts"

const isTime = Schema.makeFilter(
  (text: string) => Number.isFinite(Date.parse(text)) && /\dT\d.*(?:Z|[+-]\d\d:\d\d)$/.test(text),
  {
    expected: `a time such as "2026-11-30T18:00:00Z"`
  }
)

const WaitArgs = Schema.Struct({
  /** The signal's name. */
  signal: Schema.NonEmptyString.annotate({ expected: "the name of a signal" }),
  /** How long to wait for it, from when a try begins. */
  timeout: Schema.optionalKey(DurationArg),
  /** Until when to wait for it, whatever happens meanwhile. */
  until: Schema.optionalKey(Schema.String.check(isTime)),
  /** What becomes of the job when it has not come by then. */
  onTimeout: Schema.optionalKey(
    Schema.Literals(["fail", "continue"]).annotate({ expected: `"fail" or "continue"` })
  )
})

/** Takes `signal`, and `timeout`, `until` and `onTimeout` where it is not to wait for ever. */
export const wait = JobType.make("wait", {
  args: WaitArgs,
  run: (args, context) =>
    Effect.gen(function*() {
      const left = leftOf(args, yield* Clock.currentTimeMillis)
      yield* context.setStatus(`waits for signal "${args.signal}"`)
      const data = yield* context.takeSignal(args.signal, left)
      if (data !== undefined) return JobResult.make({ data })
      if (args.onTimeout === "continue") return JobResult.make()
      const limit = args.until === undefined ? "" : ` until ${args.until}`
      const within = args.timeout === undefined ? "" : ` within ${GoDuration.format(Duration.toMillis(args.timeout))}`
      return JobResult.make({ state: "FAIL", exit: 1, error: `no signal "${args.signal}" came${within}${limit}` })
    })
})

const leftOf = ({ timeout, until }: typeof WaitArgs.Type, now: number): Duration.Duration => {
  const left = until === undefined ? Duration.infinity : Duration.millis(Math.max(0, Date.parse(until) - now))
  return timeout === undefined ? left : Duration.min(timeout, left)
}
