/**
 * What went wrong, in the words of a job log.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"

/** A cause in one line for the job log: a failure by its message, a defect as a panic. */
export const describe = (cause: Cause.Cause<unknown>): string => {
  const failure = cause.reasons.find(Cause.isFailReason)
  if (failure !== undefined) return messageOf(failure.error)
  const defect = cause.reasons.find(Cause.isDieReason)
  return defect === undefined ? "interrupted" : `panic from job.Run: ${messageOf(defect.defect)}`
}

const messageOf = (error: unknown): string => {
  if (error instanceof Error) return error.message || error.name
  if (typeof error === "string") return error
  if (typeof error === "object" && error !== null && "message" in error) return String(error.message)
  return JSON.stringify(error) ?? String(error)
}
