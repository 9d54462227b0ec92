/**
 * Signals: what somebody tells a running chain by name, such as that it may go on.
 *
 * A chain keeps each signal from when it comes, also before anything waits for it, until the job that took it is COMPLETE.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { JobData } from "./JobData.ts"

/** Schema for a signal that a chain keeps. */
export const Signal = Schema.Struct({
  /** Unique in its chain: the same again is no second signal. */
  id: Schema.String,
  name: Schema.String,
  data: Schema.optionalKey(Schema.NullOr(JobData))
}).annotate({ identifier: "Signal" })
export type Signal = typeof Signal.Type
