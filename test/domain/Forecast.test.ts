import { assert, describe, it } from "@effect/vitest"
import * as Forecast from "../../src/domain/Forecast.ts"
import type { JobChain } from "../../src/domain/JobChain.ts"
import { chainOf } from "../../src/testing/index.ts"

const forecast = (drawing: string, fields: Parameters<typeof chainOf>[1], chain: Partial<JobChain> = {}) =>
  Forecast.make({ ...chainOf(drawing, fields), ...chain })

const tries = ({ jobs }: Forecast.Forecast) => Object.fromEntries(jobs.map(({ id, triesMax }) => [id, triesMax]))

const unlimited = Number.POSITIVE_INFINITY

describe("Forecast", () => {
  describe("make", () => {
    it("orders the jobs by their levels, and finds a longest path", () => {
      const { jobs, longestPath } = forecast("a -> d b\nd -> e\nb -> c\nc -> e", {})
      assert.deepStrictEqual(jobs.map(({ id, level }) => [id, level]), [["a", 0], ["d", 1], ["b", 1], ["c", 2], [
        "e",
        3
      ]])
      assert.deepStrictEqual(longestPath, ["a", "b", "c", "e"])
    })

    it("multiplies the tries of a job by those of all sequences around it", () => {
      const found = forecast("a -> b\nb -> c\nc -> d\nd -> e", {
        a: { retry: 1 },
        b: { sequenceId: "b", sequenceRetry: 1 },
        c: { sequenceId: "c", sequenceRetry: 2, retry: 3 },
        d: { sequenceId: "c" },
        e: { sequenceId: "b", retry: 1 }
      })
      assert.deepStrictEqual(tries(found), { a: 2, b: 2, c: 2 * 3 * 4, d: 2 * 3, e: 2 * 2 })
      assert.strictEqual(found.triesMax, 2 + 2 + 24 + 6 + 4)
    })

    it("adds up the waits between tries, which grow by the policy, with those of sequences", () => {
      const { time, waits } = forecast("a -> b c\nb -> d\nc -> d", {
        a: { retry: 2, retryWait: "5s" },
        b: { sequenceId: "b", sequenceRetry: 1, sequenceRetryWait: "1m", retry: 1, retryWait: "4s" },
        c: { retry: 5, retryWait: "1s", retryPolicy: { factor: 2, maxWait: "5s", jitter: 0.5 } }
      })
      // a: 5 + 5; b: (4, 60, 4); c: 1 + 2 + 4 + 5 + 5.
      assert.deepStrictEqual(waits, { atOnce: 78_000, oneByOne: 95_000 })
      assert.deepStrictEqual(time, { atOnce: unlimited, oneByOne: unlimited })
    })

    it("bounds the time where every job has a timeout", () => {
      const { time } = forecast("a -> b c\nb -> d\nc -> d", {
        a: { timeout: "10s", retry: 1, retryWait: "1s" },
        b: { timeout: "1m" },
        c: { timeout: "20s", retry: 9, totalTimeout: "30s" },
        d: { timeout: "1s", retry: 9, retryWait: "1s", retryPolicy: { maxElapsed: "3s" } }
      })
      // a: 10 + 1 + 10; b: 60; c: 30; d: begins its last try within 3, which takes 1.
      assert.deepStrictEqual(time, { atOnce: 85_000, oneByOne: 115_000 })
    })

    it("bounds the time where a sequence or the chain has a timeout", () => {
      const fields = {
        a: { timeout: "10s" },
        b: { sequenceId: "b", sequenceTimeout: "1m" },
        c: { sequenceId: "b" }
      }
      assert.deepStrictEqual(forecast("a -> b\nb -> c", fields).time, { atOnce: 70_000, oneByOne: 70_000 })
      const whole = forecast("a -> b\nb -> c", {}, { timeout: "2m" })
      assert.deepStrictEqual(whole.time, { atOnce: 120_000, oneByOne: 120_000 })
    })

    it("runs a sequence as often as its tries after what it waits for in its middle", () => {
      const { time } = forecast("a -> first slow\nfirst -> last\nslow -> last", {
        a: { timeout: "1s" },
        first: { timeout: "50s", sequenceId: "first", sequenceRetry: 1, sequenceRetryWait: "2s" },
        slow: { timeout: "100s" },
        last: { timeout: "3s", sequenceId: "first" }
      })
      // `last` fails 104 s after the start, not 54: then 2, 50 and 3 more. Bound: 1 + 100 + 53 + 2 + 53.
      assert.deepStrictEqual(time, { atOnce: 209_000, oneByOne: 209_000 })
    })

    it("takes the sum where sequences wait for each other", () => {
      const { time } = forecast("a -> b c\nb -> d e\nc -> d e\nd -> f\ne -> f", {
        a: { timeout: "1s" },
        b: { timeout: "1s", sequenceId: "b", sequenceRetry: 1, sequenceRetryWait: "10s" },
        c: { timeout: "1s", sequenceId: "c", sequenceRetry: 2 },
        d: { timeout: "1s", sequenceId: "b" },
        e: { timeout: "1s", sequenceId: "c" },
        f: { timeout: "1s" }
      })
      // b and d twice and 10 in between, c and e three times, and 2 around them.
      assert.deepStrictEqual(time, { atOnce: 22_000, oneByOne: 22_000 })
    })

    it("takes the sum where extents overlap", () => {
      const { time } = forecast("a -> b c\nb -> d\nc -> d\nd -> e f\ne -> g\nf -> g", {
        a: { timeout: "1s" },
        b: { timeout: "1s", sequenceId: "b", sequenceRetry: 1, sequenceRetryWait: "10s" },
        c: { timeout: "1s", sequenceId: "c", sequenceRetry: 2 },
        d: { timeout: "1s" },
        e: { timeout: "1s", sequenceId: "b" },
        f: { timeout: "1s", sequenceId: "c" },
        g: { timeout: "1s" }
      })
      // a, g: 1 each; b, e: 2 each; c, f: 3 each; d: 6; and 10 in between.
      assert.deepStrictEqual(time, { atOnce: 28_000, oneByOne: 28_000 })
    })

    it("finds the longest path past lists that are not known yet, which leave room for jobs in between", () => {
      const each = { from: "hosts", as: "host", template: { jobs: { "": { id: "" } } } }
      assert.deepStrictEqual(forecast("a -> b c\nb -> d\nc -> d\nd -> e", { b: { each } }).longestPath, [
        "a",
        "b",
        "d",
        "e"
      ])
    })

    it("finds the forecast of large chains", () => {
      const size = 100_000
      const jobs = Object.fromEntries(Array.from({ length: size }, (_, i) => [`j${i}`, { id: `j${i}`, timeout: "1s" }]))
      const adjacencyList = Object.fromEntries(Array.from({ length: size - 1 }, (_, i) => [`j${i}`, [`j${i + 1}`]]))
      const { longestPath, time } = Forecast.make({ jobs, adjacencyList })
      assert.lengthOf(longestPath, size)
      assert.strictEqual(time.atOnce, size * 1000)
    })
  })
})
