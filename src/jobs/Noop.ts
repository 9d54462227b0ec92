/**
 * The job type `noop`: does nothing, and is COMPLETE at once. Joins jobs where a chain needs one first or one last job.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as JobType from "../engine/JobType.ts"

const NoArgs = Schema.Record(Schema.String, Schema.Unknown).check(
  Schema.makeFilter((args) => Object.keys(args).map((key) => ({ path: [key], issue: "Expected no args" })))
)

const { name, prepare } = JobType.make("noop", { args: NoArgs, run: () => Effect.void })

/** Takes no args, reads no data and sets none. */
export const noop: JobType.JobType<"noop", Readonly<Record<string, unknown>>, never, never, never> = {
  name,
  prepare,
  // Said here, as schemas of nothing would be asked at each try: chains can have many that join others.
  keys: { needs: [], reads: [], sets: [] }
}
