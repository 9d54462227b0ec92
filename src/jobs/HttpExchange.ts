/**
 * One request of an HTTP job and its answer.
 *
 * What a header holds is in no log, error or span, nor is the query of a URL: both often hold secrets.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as UrlParams from "effect/http/UrlParams"
import * as Stream from "effect/Stream"
import * as GoDuration from "../domain/GoDuration.ts"
import type { JobContext } from "../engine/JobContext.ts"
import type { HttpArgs } from "./HttpArgs.ts"

/** What an exchange hands on. */
export interface Answer {
  readonly status: number
  /** The value, where the answer is JSON; its text otherwise. */
  readonly body: unknown
}

/** There was no answer, or not one that was asked for. */
export class ExchangeFailed extends Data.TaggedError("ExchangeFailed")<{
  /** Method and URL, without the query. */
  readonly request: string
  readonly reason: string
}> {
  override get message(): string {
    return `${this.request}: ${this.reason}`
  }
}

/** Far more than job data should be: all of it is kept with the chain. */
const bodyBytesMax = 1024 * 1024

/** As much of an unexpected answer as helps to see what is wrong. */
const shownBytesMax = 4 * 1024

/** Sends the request and returns the answer. */
export const exchange = Effect.fnUntraced(function*(args: HttpArgs, context: JobContext) {
  const request = `${args.method} ${args.url.replace(/[?#].*$/s, "")}`
  const failed = (reason: string) => new ExchangeFailed({ request, reason })
  yield* context.setStatus(request)
  return yield* Effect.gen(function*() {
    const response = yield* HttpClient.execute(requestOf(args, context))
    if (!isExpected(args, response.status)) return yield* unexpected(args, context, response)
    const { isWhole, text } = yield* bodyOf(response, bodyBytesMax)
    if (!isWhole) return yield* Effect.fail(`the answer's body is over ${bodyBytesMax} bytes`)
    return yield* Effect.map(valueOf(response, text), (body): Answer => ({ status: response.status, body }))
  }).pipe(
    Effect.timeoutOrElse({
      duration: args.timeout,
      orElse: () => Effect.fail(`no answer within ${GoDuration.format(Duration.toMillis(args.timeout))}`)
    }),
    Effect.mapError((error) => failed(typeof error === "string" ? error : reasonOf(error))),
    Effect.provideService(Headers.CurrentRedactedNames, everything),
    Effect.provideService(UrlParams.CurrentRedactedNames, everything)
  )
})

const everything = [/^/]

const requestOf = (args: HttpArgs, context: JobContext): HttpClientRequest.HttpClientRequest =>
  HttpClientRequest.make(args.method)(args.url).pipe(
    args.body === undefined
      ? (request) => request
      : typeof args.body === "string"
      ? HttpClientRequest.bodyText(args.body)
      : HttpClientRequest.bodyJsonUnsafe(args.body),
    HttpClientRequest.setHeader("idempotency-key", headerText(context.idempotencyKey)),
    // Last, as what the user says counts.
    HttpClientRequest.setHeaders(args.headers)
  )

// Ids can be in any script, headers cannot.
const headerText = (text: string): string => /^[\x20-\x7e]*$/.test(text) ? text : encodeURI(text)

const isExpected = ({ expectedStatus }: HttpArgs, status: number): boolean => {
  if (expectedStatus === undefined) return status >= 200 && status <= 299
  return typeof expectedStatus === "number" ? status === expectedStatus : expectedStatus.includes(status)
}

const unexpected = Effect.fnUntraced(function*(
  { expectedStatus }: HttpArgs,
  context: JobContext,
  response: HttpClientResponse.HttpClientResponse
) {
  const { isWhole, text } = yield* bodyOf(response, shownBytesMax)
  if (text !== "") yield* context.write("stderr", isWhole ? text : `${text}…`)
  const expected = expectedStatus === undefined ? "2xx" : [expectedStatus].flat().join(" or ")
  return yield* Effect.fail(`expected status ${expected}, got ${response.status}`)
})

/** Reads the body, or as much of it as is allowed. */
const bodyOf = (response: HttpClientResponse.HttpClientResponse, bytesMax: number) =>
  Effect.suspend(() => {
    let size = 0
    return response.stream.pipe(
      Stream.takeUntil((chunk) => {
        size += chunk.length
        return size > bytesMax
      }),
      Stream.runCollect,
      Effect.catchIf((error) => error.reason._tag === "EmptyBodyError", () => Effect.succeed([])),
      Effect.map((chunks) => ({
        isWhole: size <= bytesMax,
        text: new TextDecoder().decode(Buffer.concat(chunks).subarray(0, bytesMax))
      }))
    )
  })

const valueOf = ({ headers }: HttpClientResponse.HttpClientResponse, text: string): Effect.Effect<unknown, string> =>
  text === "" || !/[/+]json\b/i.test(headers["content-type"] ?? "")
    ? Effect.succeed(text)
    : Effect.try({
      try: (): unknown => JSON.parse(text),
      catch: (error) => `the answer is not the JSON that its content type says: ${(error as SyntaxError).message}`
    })

/** Says why nothing came, in the words of the innermost cause: `fetch` itself only says that it failed. */
const reasonOf = ({ reason }: HttpClientError.HttpClientError): string => {
  let cause: unknown = "cause" in reason ? reason.cause : undefined
  while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause
  if (!(cause instanceof Error)) return reason.message
  return cause.message || ("code" in cause ? String(cause.code) : cause.name)
}
