/**
 * Why the command cannot do what was asked: one clear message on stderr, and an exit code.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as ExitCode from "./ExitCode.ts"

/** Bad usage or bad input: nothing was run. */
export class BadInput extends Data.TaggedError("BadInput")<{ readonly message: string }> {
  readonly exitCode = ExitCode.badInput
}
