/**
 * What the command's exit code says.
 *
 * @since 0.1.0
 */
import type { JobState } from "../domain/JobState.ts"

export const badInput = 2
/** The store failed in the middle of a run, or another process has taken its chain over. */
export const cutOff = 74
/** A second Ctrl-C: ended at once, as by the signal itself. */
export const killed = 130
/** A fault of jobchain's own. */
export const internalError = 70

/** Returns the exit code for how a chain ended. */
export const ofState = (state: JobState): number => {
  switch (state) {
    case "COMPLETE":
      return 0
    case "STOPPED":
      return 3
    case "SUSPENDED":
      return 4
    default:
      return 1
  }
}
