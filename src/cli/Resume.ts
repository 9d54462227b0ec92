/**
 * `jobchain resume`: a chain that was suspended, or cut off by a crash, goes on where it was.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { BadInput } from "./BadInput.ts"
import * as ExitCode from "./ExitCode.ts"
import * as MemoryResume from "./MemoryResume.ts"
import type { StoredResumeOptions } from "./StoredResume.ts"
import * as StoreLocation from "./StoreLocation.ts"
import * as SuspendedInput from "./SuspendedInput.ts"

export type ResumeOptions = StoredResumeOptions & StoreLocation.KeepingFlags

/** Resumes a chain; returns the exit code. */
export const resume = Effect.fnUntraced(function*(options: ResumeOptions) {
  const database = yield* StoreLocation.ofRun(options)
  if (database !== undefined) {
    // SQLite is loaded only where it is used.
    const StoredResume = yield* Effect.promise(() => import("./StoredResume.ts"))
    return yield* StoredResume.resume(options, database)
  }
  if (Option.isNone(options.chain)) return yield* new BadInput({ message: "With --memory, resume needs a FILE" })
  const file = options.chain.value
  const suspended = yield* SuspendedInput.read(file)
  return ExitCode.ofState((yield* MemoryResume.resume(options, { file, suspended })).state)
})
