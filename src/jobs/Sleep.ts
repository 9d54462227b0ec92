/**
 * The job type `sleep`: waits, and is COMPLETE. A stop or suspend ends the wait at once.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as JobType from "../engine/JobType.ts"
import { DurationArg } from "./DurationArg.ts"

/** Takes `duration`, a Go duration. Waits anew when it is tried or resumed. */
export const sleep = JobType.make("sleep", {
  args: Schema.Struct({ duration: DurationArg }),
  run: ({ duration }) => Effect.sleep(duration)
})
