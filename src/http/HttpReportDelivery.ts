/**
 * Delivers reports to a Request Manager over HTTP, as the reference's Job Runner does (spincycle request-manager client).
 *
 * | report          | call                                    |
 * | --------------- | --------------------------------------- |
 * | job log         | `POST /api/v1/requests/<id>/log`        |
 * | progress        | `PUT  /api/v1/requests/<id>/progress`   |
 * | final state     | `PUT  /api/v1/requests/<id>/finish`     |
 * | suspended chain | `PUT  /api/v1/requests/<id>/suspend`    |
 *
 * What the answers mean says `HttpReportAnswer`. That there is none is no reason to give up.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { SuspendedJobChain } from "../domain/JobChain.ts"
import { JobLog } from "../domain/JobLog.ts"
import { FinishRequest, RequestProgress } from "../domain/Request.ts"
import { refused, type Report, type ReportAnswer, ReportDelivery, retry } from "../engine/ReportDelivery.ts"
import * as HttpReportAnswer from "./HttpReportAnswer.ts"

export interface Options {
  /** Where the Request Manager is, such as `https://rm.example.com:32308`; a path in it goes before those of the calls. */
  readonly baseUrl: string
}

/** Delivers by whatever `HttpClient` there is. */
export const layerWith = ({ baseUrl }: Options): Layer.Layer<ReportDelivery, never, HttpClient.HttpClient> => {
  const root = `${baseUrl.replace(/\/+$/, "")}/api/v1/requests`
  return Layer.effect(
    ReportDelivery,
    Effect.map(HttpClient.HttpClient, (client) => ({ deliver: (report: Report) => deliver(client, root, report) }))
  )
}

const deliver = (client: HttpClient.HttpClient, root: string, report: Report): Effect.Effect<ReportAnswer> =>
  Effect.match(callOf(root, report), {
    onFailure: (error) => Effect.succeed(refused(`it cannot be written as JSON: ${error.message}`)),
    onSuccess: (request) =>
      client.execute(request).pipe(
        Effect.flatMap((response) =>
          Effect.map(messageOf(response), (message) =>
            HttpReportAnswer.answerOf(report, { status: response.status, message }))
        ),
        Effect.catch((error) =>
          Effect.succeed(retry(error.message))
        )
      )
  }).pipe(Effect.flatten)

const callOf = (root: string, report: Report) => {
  const { method, path, write } = calls[report.kind]
  const url = `${root}/${encodeURIComponent(report.body.requestId ?? "")}/${path}`
  return Effect.map(
    write(report.body),
    (body) => HttpClientRequest.make(method)(url).pipe(HttpClientRequest.bodyText(body, "application/json"))
  )
}

const jsonOf = <A, I>(schema: Schema.Codec<A, I>) => Schema.encodeUnknownEffect(Schema.fromJsonString(schema))

const calls = {
  "job log": { method: "POST", path: "log", write: jsonOf(JobLog) },
  "progress": { method: "PUT", path: "progress", write: jsonOf(RequestProgress) },
  "final state": { method: "PUT", path: "finish", write: jsonOf(FinishRequest) },
  "suspended chain": { method: "PUT", path: "suspend", write: jsonOf(SuspendedJobChain) }
} as const

/** The whole body is read, also that of a success, so that the connection can be used again. */
const messageOf = (response: HttpClientResponse.HttpClientResponse) =>
  Effect.map(response.text, (text) => {
    const decoded = decodeError(text)
    return (decoded._tag === "Some" ? decoded.value.message : text).slice(0, messageLengthMax)
  })

/** Both the reference's own errors and those of its HTTP library have it. */
const decodeError = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Struct({ message: Schema.String })))

/** It is kept with a report that is refused. */
const messageLengthMax = 1000
