import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, type Scope } from "effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import { TestClock } from "effect/testing"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { http } from "../../src/jobs/Http.ts"
import { faultsOf, run, TryContext } from "./TryContext.ts"

interface Received {
  readonly request: IncomingMessage
  readonly body: string
}

/** Starts a server on the loopback interface; it ends with the scope. */
const serve = (
  answer: (received: Received, response: ServerResponse) => void
): Effect.Effect<string, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<Server>((resume) => {
        const server = createServer((request, response) => {
          let body = ""
          request.on("data", (chunk) => body += String(chunk)).on("end", () => answer({ request, body }, response))
        })
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) =>
        Effect.callback<void>((resume) => {
          server.close(() => resume(Effect.void))
          server.closeAllConnections()
        })
    ),
    (server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  )

const send = (args: object, context = new TryContext()) =>
  run(http, args, context).pipe(Effect.provide(FetchHttpClient.layer))

/** Sends a request and returns the message it fails with. */
const failure = (args: object, context?: TryContext) =>
  Effect.map(Effect.flip(send(args, context)), (error) => (error as Error).message)

const json = { "content-type": "application/json; charset=utf-8" }

describe("http", () => {
  describe("args", () => {
    const url = "http://127.0.0.1/"

    it.each<[string, object, ReadonlyArray<string>]>([
      ["no url", {}, ["args.url: Missing key"]],
      ["what is no url", { url: "127.0.0.1" }, ["args.url: Expected a URL that begins with http:// or https://"]],
      ["a password in the url", { url: "http://a:b@c" }, ["args.url: Expected a URL without user and password"]],
      ["a bad name of a header", { url, headers: { "a b": "c" } }, ["args.headers.a b: Expected the name of a header"]],
      ["a bad header", { url, headers: { a: "b\nc" } }, ["args.headers.a: Expected text that a header can hold"]],
      ["a body that is not sent", { url, body: "a" }, ["args.body: Expected none, as a GET request has no body"]],
      ["no time", { url, timeout: "0s" }, ["args.timeout: Expected a duration above 0"]]
    ])("refuses %s", (_, args, faults) => {
      assert.deepStrictEqual(faultsOf(http, args), faults)
    })
  })

  describe("run", () => {
    it.live("hands on status and JSON", () =>
      Effect.gen(function*() {
        const url = yield* serve((_, response) => response.writeHead(201, json).end(`{"id": 7}`))
        assert.deepStrictEqual(yield* send({ url }), { status: 201, body: { id: 7 } })
      }))

    it.live("hands on what is not JSON as text", () =>
      Effect.gen(function*() {
        const url = yield* serve((_, response) => response.end(`{"id": 7}`))
        assert.deepStrictEqual(yield* send({ url }), { status: 200, body: `{"id": 7}` })
      }))

    it.live("hands on an empty text where there is no body", () =>
      Effect.gen(function*() {
        const url = yield* serve((_, response) => response.writeHead(204, json).end())
        assert.deepStrictEqual(yield* send({ url }), { status: 204, body: "" })
        assert.deepStrictEqual(yield* send({ url, method: "HEAD" }), { status: 204, body: "" })
      }))

    it.live("sends what it is given", () =>
      Effect.gen(function*() {
        const url = yield* serve(({ body, request: { headers, method, url } }, response) => {
          const { "content-type": type, "idempotency-key": key, "x-own": own } = headers
          response.writeHead(200, json).end(JSON.stringify({ method, url, type, key, own, body }))
        })
        const { body } = yield* send({ url: `${url}/a%20b?c=d`, method: "PUT", headers: { "X-Own": "e" }, body: [1] })
        assert.deepStrictEqual(body, {
          method: "PUT",
          url: "/a%20b?c=d",
          type: "application/json",
          key: "request/job/2",
          own: "e",
          body: "[1]"
        })
        const headers = { "Idempotency-Key": "mine", "Content-Type": "text/csv" }
        const other = yield* send({ url, method: "POST", headers, body: "a,b" })
        assert.deepInclude(other.body, { key: "mine", type: "text/csv", body: "a,b" })
      }))

    it.live("encodes an idempotency key that no header can hold", () =>
      Effect.gen(function*() {
        class Named extends TryContext {
          override readonly idempotencyKey = "r/größe/1"
        }
        const url = yield* serve(({ request }, response) => response.end(request.headers["idempotency-key"]))
        assert.deepInclude(yield* send({ url }, new Named()), { body: "r/gr%C3%B6%C3%9Fe/1" })
      }))

    it.live("fails at a status that is not expected, and shows the answer", () =>
      Effect.gen(function*() {
        const url = yield* serve((_, response) => response.writeHead(404).end("x".repeat(5000)))
        const context = new TryContext()
        assert.strictEqual(
          yield* failure({ url: `${url}/a?token=secret` }, context),
          `GET ${url}/a: expected status 2xx, got 404`
        )
        assert.strictEqual(String(context.stderr), `${"x".repeat(4096)}…`)
        assert.deepStrictEqual(context.statuses, [`GET ${url}/a`])
      }))

    it.live("takes the statuses that are said to be expected", () =>
      Effect.gen(function*() {
        const url = yield* serve((_, response) => response.writeHead(404).end("none"))
        assert.deepStrictEqual(yield* send({ url, expectedStatus: [200, 404] }), { status: 404, body: "none" })
        assert.deepStrictEqual(yield* send({ url, expectedStatus: 404 }), { status: 404, body: "none" })
        assert.include(yield* failure({ url, expectedStatus: [200, 201] }), "expected status 200 or 201, got 404")
      }))

    it.live("fails at JSON that is none", () =>
      Effect.gen(function*() {
        const url = yield* serve((_, response) => response.writeHead(200, json).end("{"))
        assert.include(yield* failure({ url }), "the answer is not the JSON that its content type says")
      }))

    it.live("fails at a body that is too large", () =>
      Effect.gen(function*() {
        const url = yield* serve(({ request }, response) => response.end("x".repeat(Number(request.url?.slice(1)))))
        const most = yield* send({ url: `${url}/1048576` })
        assert.lengthOf(most.body, 1024 * 1024)
        assert.include(yield* failure({ url: `${url}/1048577` }), "the answer's body is over 1048576 bytes")
      }))

    it.live("fails where nobody listens", () =>
      Effect.gen(function*() {
        const url = yield* Effect.scoped(serve(() => {}))
        assert.strictEqual(yield* failure({ url }), `GET ${url}: connect ECONNREFUSED ${url.slice("http://".length)}`)
      }))

    it.live("fails where the connection breaks", () =>
      Effect.gen(function*() {
        const url = yield* serve((_, response) => {
          response.writeHead(200, { "content-length": "100" }).write("half", () => response.destroy())
        })
        assert.include(yield* failure({ url }), `GET ${url}: `)
      }))

    it.effect("fails when no answer comes in time", () =>
      Effect.gen(function*() {
        const arrived = Promise.withResolvers<void>()
        const url = yield* serve(() => arrived.resolve())
        const fiber = yield* Effect.forkChild(failure({ url, timeout: "90s" }))
        yield* Effect.promise(() => arrived.promise)
        yield* TestClock.adjust("89 seconds")
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust("1 second")
        assert.strictEqual(yield* Fiber.join(fiber), `GET ${url}: no answer within 1m30s`)
      }))

    it.effect("breaks off the request when interrupted", () =>
      Effect.gen(function*() {
        const arrived = Promise.withResolvers<void>()
        const closed = Promise.withResolvers<void>()
        const url = yield* serve((_, response) => {
          response.once("close", closed.resolve)
          arrived.resolve()
        })
        const fiber = yield* Effect.forkChild(send({ url }))
        yield* Effect.promise(() => arrived.promise)
        yield* Fiber.interrupt(fiber)
        yield* Effect.promise(() => closed.promise)
      }))
  })
})
