/**
 * The job type `http`: sends a request, and hands on the answer's status and body.
 *
 * `HttpExchange`, which is loaded with the first job of the type, sends the request with the service `HttpClient`. So who
 * has no such job never loads Effect's HTTP modules.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as JobType from "../engine/JobType.ts"
import { HttpArgs } from "./HttpArgs.ts"

/** Sends a request; the answer's `status` and `body` become job data. Needs an `HttpClient`. */
export const http = JobType.make("http", {
  args: HttpArgs,
  run: Effect.fnUntraced(function*(args, context) {
    const { exchange } = yield* Effect.promise(() => import("./HttpExchange.ts"))
    return yield* exchange(args, context)
  })
})
