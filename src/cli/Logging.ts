/**
 * The engine's logs as lines on stderr: warnings and errors, unless `--log-level` says otherwise.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Formatter from "effect/Formatter"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import * as Output from "./Output.ts"

const toStderr = Logger.make<unknown, void>(({ cause, fiber, logLevel, message }) => {
  const texts = (Array.isArray(message) ? message : [message]).map(show)
  const { jobId, requestId: _, ...rest } = fiber.getRef(References.CurrentLogAnnotations)
  const subject = jobId === undefined ? "" : `${show(jobId)}: `
  const annotations = Object.entries(rest).map(([key, value]) => ` ${key}=${show(value)}`).join("")
  const reasons = cause.reasons.length === 0 ? "" : `\n${Cause.pretty(cause)}`
  Output.err(`${logLevel.toUpperCase()} ${subject}${texts.join(" ")}${annotations}${reasons}\n`)
})

const show = (value: unknown): string => typeof value === "string" ? value : Formatter.format(value)

export const layer: Layer.Layer<never> = Layer.mergeAll(
  Logger.layer([toStderr]),
  Layer.succeed(References.MinimumLogLevel, "Warn" as const)
)
