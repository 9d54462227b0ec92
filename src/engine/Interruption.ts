/**
 * Why a job is interrupted, as a value that the job can see and that stays in its `Cause`.
 *
 * Inner fibers of a job (timeouts, races, children) get a plain interruption; the reason is on the job's own fiber.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/**
 * Schema for the reasons: `stop` ends the chain for good, `suspend` ends this run of it, `rewind` takes the job's
 * sequence back to its start, `timeout` says the job took too long.
 */
export const Reason = Schema.Literals(["stop", "suspend", "rewind", "timeout"])
export type Reason = typeof Reason.Type

/** The annotation that carries the reason in a `Cause`. */
export class InterruptionReason extends Context.Service<InterruptionReason, Reason>()("jobchain/InterruptionReason") {}

/** Interrupts a fiber with a reason and does not wait for it. */
export const interruptUnsafe = (fiber: Fiber.Fiber<unknown, unknown>, reason: Reason): void =>
  fiber.interruptUnsafe(undefined, Context.make(InterruptionReason, reason))

/** Returns the first reason in a cause; none where it holds no interruption or one without a reason. */
export const reasonOf = (cause: Cause.Cause<unknown>): Option.Option<Reason> => {
  for (const reason of cause.reasons) {
    if (!Cause.isInterruptReason(reason)) continue
    const found = Context.getOption(Cause.reasonAnnotations(reason), InterruptionReason)
    if (Option.isSome(found)) return found
  }
  return Option.none()
}
