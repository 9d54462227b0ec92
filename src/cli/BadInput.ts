/**
 * Why the command cannot do what was asked: one clear message on stderr, exit code 2, and nothing was run.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"

/** Bad usage or bad input. */
export class BadInput extends Data.TaggedError("BadInput")<{ readonly message: string }> {}
