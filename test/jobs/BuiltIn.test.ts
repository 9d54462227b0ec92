import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Result } from "effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import { TestClock } from "effect/testing"
import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { JobFactory } from "../../src/engine/JobFactory.ts"
import { builtIn } from "../../src/jobs/BuiltIn.ts"
import { noop } from "../../src/jobs/Noop.ts"
import { sleep } from "../../src/jobs/Sleep.ts"
import { faultsOf, run } from "./TryContext.ts"

describe("builtIn", () => {
  it.effect("makes a factory of the five types, with a client for http", () =>
    Effect.gen(function*() {
      const factory = yield* JobFactory
      assert.deepStrictEqual(factory.types, ["shell", "http", "sleep", "wait", "noop"])
      assert.isTrue(Result.isSuccess(factory.make({ id: "a", type: "shell", args: { command: "true" } })))
    }).pipe(Effect.provide(Layer.provide(JobFactory.layer(builtIn), FetchHttpClient.layer))))

  it("loads no HTTP client", () => {
    const builtIn = join(import.meta.dirname, "../../src/jobs/BuiltIn.ts")
    const script = `
      const { registerHooks } = await import("node:module")
      registerHooks({ load: (url, context, next) => { if (url.includes("/http/HttpClient")) console.log(url); return next(url, context) } })
      await import(${JSON.stringify(builtIn)})`
    const loaded = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" })
    assert.strictEqual(loaded, "")
  })
})

describe("sleep", () => {
  it.effect("waits for its duration", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(run(sleep, { duration: "1m30s" }))
      yield* TestClock.adjust("89 seconds")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
    }))

  it.each(["", "-1s", "5", "soon"])("refuses the duration %j", (duration) => {
    assert.deepStrictEqual(faultsOf(sleep, { duration }), [
      `args.duration: Expected a duration such as "300ms", "5s" or "1m30s"`
    ])
  })
})

describe("noop", () => {
  it.effect("does nothing", () => Effect.map(run(noop, {}), (value) => assert.isUndefined(value)))

  it("takes no args", () => {
    assert.deepStrictEqual(faultsOf(noop, { a: 1 }), ["args.a: Expected no args"])
  })
})
