import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer } from "effect"
import * as TraverserConfig from "../../src/engine/TraverserConfig.ts"

describe("TraverserConfig", () => {
  describe("Current", () => {
    it.effect("has the reference's counts and times, and no limit of concurrency", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* TraverserConfig.Current, {
          stopTimeout: Duration.seconds(10),
          stopGrace: undefined,
          sendTimeout: Duration.seconds(10),
          reportTries: 5,
          unmadeJobReportTries: 3,
          reportRetryWait: Duration.millis(500),
          progressInterval: Duration.seconds(1),
          concurrency: Number.POSITIVE_INFINITY
        })
      }))
  })

  describe("layer", () => {
    it.each([0, -1, Number.NaN])("refuses a concurrency of %d, with which nothing would ever start", (concurrency) => {
      assert.throws(() => TraverserConfig.layer({ concurrency }), RangeError)
    })

    it.effect("changes what it says, and leaves the rest as it is, layer upon layer", () =>
      Effect.gen(function*() {
        const settings = yield* TraverserConfig.Current
        assert.deepInclude(settings, { concurrency: 3, reportTries: 7, unmadeJobReportTries: 3 })
      }).pipe(
        Effect.provide(
          TraverserConfig.layer({ concurrency: 3 }).pipe(
            Layer.provide(TraverserConfig.layer({ concurrency: 2, reportTries: 7 }))
          )
        )
      ))
  })
})
