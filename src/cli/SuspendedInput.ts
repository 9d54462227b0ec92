/**
 * A suspended chain that comes in from a file or stdin, whoever has written it.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { BadInput } from "./BadInput.ts"
import * as InputFile from "./InputFile.ts"
import * as SuspendedFile from "./SuspendedFile.ts"

/** Reads a suspended chain from a file that no run has in its hands. */
export const read = Effect.fnUntraced(function*(file: string, altered?: InputFile.Altered) {
  if (SuspendedFile.isClaimed(file)) {
    const message = `${file}: a run has resumed this chain. If that was killed, rename the file and resume that`
    return yield* new BadInput({ message })
  }
  const parsed = yield* InputFile.read(file, altered)
  if (parsed.kind === "new") {
    return yield* new BadInput({ message: `${file}: this chain is not suspended: start it by "jobchain run ${file}"` })
  }
  return parsed.suspended
})
