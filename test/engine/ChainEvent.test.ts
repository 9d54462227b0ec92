import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Schema, Stream } from "effect"
import { ChainEvent } from "../../src/engine/ChainEvent.ts"
import type { Traverser } from "../../src/engine/Traverser.ts"
import { chainOf } from "../../src/testing/index.ts"
import * as Bench from "./Bench.ts"
import { itYielding } from "./Bench.ts"

/** Listens to a traverser from before it runs. */
const listen = (bench: Bench.Bench, traverser: Traverser) => {
  const heard: Array<ChainEvent> = []
  const listening = Stream.runForEach(traverser.events, (event) => Effect.sync(() => void heard.push(event)))
  return Effect.map(bench.fork(listening), (fiber) => ({ heard, fiber }))
}

/** A sequence of two jobs, tried twice, of which the second fails once with and once without a job try left. */
const eventful = () =>
  chainOf("a -> b\nb -> c", {
    a: { sequenceId: "a", sequenceRetry: 1, sequenceRetryWait: "1m" },
    b: { sequenceId: "a", retry: 1, retryWait: "10s" }
  })

const eventfulJobs = () =>
  Bench.jobsThat((_, context) =>
    Effect.gen(function*() {
      yield* context.setStatus(`try ${context.try}`)
      yield* context.write("stdout", `hello from ${context.jobId}`)
      if (context.jobId === "b" && context.try < 3) return yield* Effect.fail(`no ${context.try}`)
      if (context.jobId === "c") return yield* Effect.never
    })
  )

describe("Traverser.events", () => {
  itYielding("tells everything that happens, in order, in numbers that grow by one", () =>
    Effect.gen(function*() {
      const bench = yield* Bench.make({ jobs: eventfulJobs() })
      const traverser = yield* bench.make({ ...eventful(), requestId: "r" })
      const { fiber, heard } = yield* listen(bench, traverser)
      yield* bench.begin(traverser)
      yield* bench.pass("70 seconds")
      yield* bench.fork(traverser.stop)
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(heard.map((event) => event.number), heard.map((_, index) => index + 1))
      assert.isTrue(heard.every((event) => event.requestId === "r"))
      const kinds = new Set(heard.map((event) => event._tag))
      assert.sameMembers([...kinds], [
        "snapshot",
        "chainStarted",
        "jobStarted",
        "status",
        "output",
        "tryEnded",
        "jobWaiting",
        "jobEnded",
        "progress",
        "sequenceRewound",
        "chainStopping",
        "chainEnded"
      ])
      const told = heard.flatMap((event) => {
        if (event._tag === "status" || event._tag === "output" || event._tag === "progress") return []
        return [`${event.at / 1000} ${event._tag}${"jobId" in event ? ` ${event.jobId}` : ""}`]
      })
      assert.deepStrictEqual(told, [
        "0 snapshot",
        "0 chainStarted",
        "0 jobStarted a",
        "0 tryEnded a",
        "0 jobEnded a",
        "0 jobStarted b",
        "0 tryEnded b",
        "0 jobWaiting b",
        "10 tryEnded b",
        "10 jobEnded b",
        "10 sequenceRewound",
        "10 jobWaiting a",
        "70 jobStarted a",
        "70 tryEnded a",
        "70 jobEnded a",
        "70 jobStarted b",
        "70 tryEnded b",
        "70 jobEnded b",
        "70 jobStarted c",
        "70 chainStopping",
        "70 tryEnded c",
        "70 jobEnded c",
        "70 chainEnded"
      ])
      const first = (tag: ChainEvent["_tag"]) => heard.find((event) => event._tag === tag)
      assert.deepInclude(first("tryEnded"), { jobId: "a", try: 1, state: "COMPLETE", exit: 0, error: "" } as never)
      assert.deepInclude(first("jobWaiting"), { jobId: "b", for: "retry", until: 10_000 } as never)
      assert.deepInclude(heard.filter((event) => event._tag === "jobWaiting")[1], {
        for: "sequenceRetry",
        until: 70_000
      })
      assert.deepInclude(
        first("sequenceRewound"),
        { sequenceId: "a", failedJobId: "b", jobIds: ["a", "b"], tries: 1 } as never
      )
      assert.deepInclude(first("status"), { jobId: "a", status: "try 1" } as never)
      assert.deepInclude(first("output"), { jobId: "a", try: 1, stream: "stdout", text: "hello from a" } as never)
      assert.deepInclude(first("chainStopping"), { reason: "stop" } as never)
      assert.deepInclude(first("chainEnded"), { state: "STOPPED", finishedJobs: 2 } as never)
      const progress = heard.filter((event) => event._tag === "progress").map((event) => event.finishedJobs)
      assert.deepStrictEqual(progress, [1, 0, 1, 2, 2])
    }))

  itYielding("goes over the wire as it is", () =>
    Effect.gen(function*() {
      const bench = yield* Bench.make({ jobs: eventfulJobs() })
      const traverser = yield* bench.make(eventful())
      const { fiber, heard } = yield* listen(bench, traverser)
      yield* bench.begin(traverser)
      yield* bench.pass("70 seconds")
      yield* bench.fork(traverser.suspend)
      yield* Fiber.join(fiber)
      for (const event of heard) {
        const json = JSON.stringify(Schema.encodeSync(ChainEvent)(event))
        assert.deepStrictEqual(Schema.decodeUnknownSync(ChainEvent)(JSON.parse(json)), event)
      }
      assert.deepInclude(heard.at(-1), { _tag: "chainEnded", state: "SUSPENDED" })
    }))

  itYielding("begins for a late listener where every job stands then", () =>
    Effect.gen(function*() {
      const bench = yield* Bench.make({ jobs: eventfulJobs() })
      const traverser = yield* bench.make(eventful())
      yield* bench.begin(traverser)
      yield* bench.pass("70 seconds")
      const { fiber, heard } = yield* listen(bench, traverser)
      assert.deepInclude(heard[0], {
        _tag: "snapshot",
        state: "RUNNING",
        finishedJobs: 2,
        jobs: [
          { id: "a", name: "a", type: "noop", state: "COMPLETE", tries: 2 },
          { id: "b", name: "b", type: "noop", state: "COMPLETE", tries: 3 },
          { id: "c", name: "c", type: "noop", state: "RUNNING", tries: 1 }
        ]
      } as never)
      yield* bench.fork(traverser.stop)
      yield* Fiber.join(fiber)
      const [after] = yield* Stream.runCollect(traverser.events)
      assert.deepInclude(after, { _tag: "snapshot", state: "STOPPED" })
    }))

  it.effect("joins a character that was cut in two, and is not slowed by a listener that never takes", () =>
    Effect.gen(function*() {
      const euro = new TextEncoder().encode("€")
      const jobs = Bench.jobsThat((_, context) =>
        Effect.gen(function*() {
          yield* context.write("stderr", euro.slice(0, 2))
          yield* context.write("stderr", euro.slice(2))
          for (let piece = 0; piece < 20_000; piece++) yield* context.write("stdout", ".")
        })
      )
      const bench = yield* Bench.make({ jobs })
      const traverser = yield* bench.make(chainOf("a"))
      yield* bench.fork(Stream.runForEach(traverser.events, () => Effect.never))
      const { fiber, heard } = yield* listen(bench, traverser)
      yield* bench.begin(traverser)
      assert.strictEqual((yield* traverser.result).state, "COMPLETE")
      yield* Fiber.join(fiber)
      const texts = heard.flatMap((event) => event._tag === "output" && event.stream === "stderr" ? [event.text] : [])
      assert.strictEqual(texts.join(""), "€")
      assert.strictEqual(heard.at(-1)?._tag, "chainEnded")
    }))
})
