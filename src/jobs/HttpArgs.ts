/**
 * The args of an HTTP job.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { DurationArg } from "./DurationArg.ts"

const isHttpUrl = Schema.makeFilter((text: string) => {
  const url = URL.parse(text)
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    return "Expected a URL that begins with http:// or https://"
  }
  return url.username === "" && url.password === "" ? undefined : "Expected a URL without user and password"
})

const Status = Schema.Int.check(
  Schema.isBetween({ minimum: 200, maximum: 599 }, { expected: "a status from 200 to 599" })
)

const Timeout = DurationArg.check(Schema.makeFilter(Duration.isPositive, { expected: "a duration above 0" }))

// What HTTP allows in names and values of headers.
const Headers = Schema.Record(
  Schema.String,
  Schema.String.check(Schema.isPattern(/^[\t\x20-\x7e\x80-\xff]*$/, { expected: "text that a header can hold" }))
).check(
  Schema.makeFilter((headers) =>
    Object.keys(headers)
      .filter((name) => !/^[\w!#$%&'*+.^`|~-]+$/.test(name))
      .map((name) => ({ path: [name], issue: "Expected the name of a header" }))
  )
)

/** Schema for the args of an HTTP job. */
export const HttpArgs = Schema.Struct({
  url: Schema.String.check(isHttpUrl),
  method: Schema.Literals(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed("GET" as const))
  ),
  headers: Headers.pipe(Schema.withDecodingDefaultKey(Effect.succeed({}))),
  /** Sent as it is where it is a text, as JSON otherwise. */
  body: Schema.optionalKey(Schema.Json),
  /** The statuses that are COMPLETE; 200 to 299 unless said. */
  expectedStatus: Schema.optionalKey(Schema.Union([Status, Schema.NonEmptyArray(Status)])),
  /** From sending the request to the last byte of the answer. */
  timeout: Timeout.pipe(Schema.withDecodingDefaultKey(Effect.succeed("1m")))
}).check(
  Schema.makeFilter(({ body, method }) =>
    body === undefined || (method !== "GET" && method !== "HEAD") ? undefined : {
      path: ["body"],
      issue: `Expected none, as a ${method} request has no body`
    }
  )
)
export type HttpArgs = typeof HttpArgs.Type
