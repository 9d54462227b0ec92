import { assert, describe, layer } from "@effect/vitest"
import { Context, Effect, Layer, Schema } from "effect"
import { FetchHttpClient } from "effect/http"
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { text } from "node:stream/consumers"
import { JobLog } from "../../src/domain/JobLog.ts"
import { ReportDelivery } from "../../src/engine/ReportDelivery.ts"
import * as HttpReportDelivery from "../../src/http/HttpReportDelivery.ts"
import { reports } from "./Reports.ts"

interface Call {
  readonly line: string
  readonly contentType: string | undefined
  readonly body: string
}

/** A server that answers as it is told, and keeps what it was asked. */
class Server extends Context.Service<Server, {
  readonly baseUrl: string
  readonly calls: Array<Call>
  readonly answer: (status: number, body: string) => void
}>()("test/http/Server") {
  static readonly layer = Layer.effect(
    Server,
    Effect.acquireRelease(
      Effect.promise(async () => {
        const calls: Array<Call> = []
        let next: readonly [number, string] = [200, ""]
        const server = createServer(async (request, response) => {
          const body = await text(request)
          const { headers, method, url } = request
          calls.push({ line: `${method} ${url}`, contentType: headers["content-type"], body })
          response.writeHead(next[0], { "content-type": "application/json" }).end(next[1])
        }).listen(0, "127.0.0.1")
        await once(server, "listening")
        return {
          server,
          calls,
          baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
          answer: (status: number, body: string) => {
            next = [status, body]
          }
        }
      }),
      ({ server }) =>
        Effect.sync(() => {
          server.close()
          server.closeAllConnections()
        })
    )
  )
}

const delivery = Layer.unwrap(
  Effect.map(Server, ({ baseUrl }) => HttpReportDelivery.layerWith({ baseUrl: `${baseUrl}/rm/` }))
).pipe(Layer.provideMerge([Server.layer, FetchHttpClient.layer]))

describe("HttpReportDelivery", () => {
  layer(delivery, { excludeTestServices: true })((it) => {
    it.effect("makes the reference's calls", () =>
      Effect.gen(function*() {
        const { answer, calls } = yield* Server
        const { deliver } = yield* ReportDelivery
        answer(200, "null\n")
        calls.length = 0
        for (const report of Object.values(reports)) {
          assert.deepStrictEqual(yield* deliver(report), { _tag: "Delivered" })
        }
        assert.deepStrictEqual(calls.map(({ line }) => line), [
          "POST /rm/api/v1/requests/r/log",
          "PUT /rm/api/v1/requests/r/progress",
          "PUT /rm/api/v1/requests/r/finish",
          "PUT /rm/api/v1/requests/r/suspend"
        ])
        assert.deepStrictEqual(calls.map(({ contentType }) => contentType), Array(4).fill("application/json"))
        const [log = "", , finish = "", suspend = ""] = calls.map(({ body }) => body)
        assert.match(log, /"startedAt":1795486566242934\d{3},/)
        assert.match(log, /"state":3,/)
        assert.deepStrictEqual(
          yield* Schema.decodeUnknownEffect(Schema.fromJsonString(JobLog))(log),
          reports["job log"].body
        )
        assert.strictEqual(
          finish,
          "{\"requestId\":\"r\",\"state\":3,\"finishedAt\":\"2026-11-24T02:16:06.279Z\",\"finishedJobs\":8}"
        )
        assert.deepStrictEqual(JSON.parse(suspend), reports["suspended chain"].body)
      }))

    it.effect("reads the message of an error, whoever words it", () =>
      Effect.gen(function*() {
        const { answer } = yield* Server
        const { deliver } = yield* ReportDelivery
        answer(
          500,
          "{\"message\":\"request in state FAIL, expected state RUNNING\",\"requestId\":\"\",\"httpStatus\":500}\n"
        )
        const refused = yield* deliver(reports["final state"])
        assert.deepStrictEqual(refused, {
          _tag: "Refused",
          reason: "500 request in state FAIL, expected state RUNNING"
        })
        answer(502, "Bad Gateway")
        assert.deepStrictEqual(yield* deliver(reports["final state"]), { _tag: "Retry", reason: "502 Bad Gateway" })
      }))

    it.effect("says again what nobody took", () =>
      Effect.gen(function*() {
        // A port that nobody listens on any more.
        const gone = yield* Effect.scoped(Effect.map(Layer.build(Server.layer), Context.get(Server)))
        const { deliver } = yield* Effect.map(
          Layer.build(HttpReportDelivery.layerWith(gone)),
          Context.get(ReportDelivery)
        )
        assert.strictEqual((yield* deliver(reports.progress))._tag, "Retry")
      }))
  })
})
