/**
 * Why a run ended that nobody has ended: its store has failed, or another process has taken its chain over. One clear
 * message on stderr, exit code 74. What was committed before is in the store.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"

export class CutOff extends Data.TaggedError("CutOff")<{ readonly message: string }> {}
