import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Stream } from "effect"
import type { ChainEvent } from "../../src/engine/ChainEvent.ts"
import { EventHub, type NewEvent } from "../../src/engine/EventHub.ts"

const snapshot = (): NewEvent => ({ _tag: "snapshot", state: "RUNNING", finishedJobs: 0, jobs: [] })
const status = (number: number): NewEvent => ({ _tag: "status", jobId: "a", status: `${number}` })
const ended: NewEvent = { _tag: "chainEnded", state: "COMPLETE", finishedJobs: 1 }

const makeHub = Effect.map(Clock.clockWith(Effect.succeed), (clock) => new EventHub("r", clock))

/** Listens to all that a hub says. */
const listen = (hub: EventHub) => {
  const heard: Array<ChainEvent> = []
  const listening = Stream.runForEach(hub.stream(snapshot), (event) => Effect.sync(() => void heard.push(event)))
  return Effect.map(Effect.forkChild(listening, { startImmediately: true }), (fiber) => ({ heard, fiber }))
}

const numbered = (events: ReadonlyArray<ChainEvent>) => events.map((event) => `${event._tag} ${event.number}`)

describe("EventHub", () => {
  describe("stream", () => {
    it.effect("begins with a snapshot, goes on with every event, dated and numbered, and ends with the hub", () =>
      Effect.gen(function*() {
        const hub = yield* makeHub
        const { fiber, heard } = yield* listen(hub)
        hub.publish(status(1))
        hub.publish(ended)
        hub.close()
        yield* Fiber.join(fiber)
        assert.deepStrictEqual(heard, [
          { ...snapshot(), requestId: "r", at: 0, number: 1 },
          { ...status(1), requestId: "r", at: 0, number: 2 },
          { ...ended, requestId: "r", at: 0, number: 3 }
        ] as never)
      }))

    it.effect("leaves no gap in the numbers of one listener when another one begins", () =>
      Effect.gen(function*() {
        const hub = yield* makeHub
        const first = yield* listen(hub)
        hub.publish(status(1))
        const second = yield* listen(hub)
        hub.publish(status(2))
        hub.close()
        yield* Fiber.join(first.fiber)
        yield* Fiber.join(second.fiber)
        assert.deepStrictEqual(numbered(first.heard), ["snapshot 1", "status 2", "status 3"])
        assert.deepStrictEqual(numbered(second.heard), ["snapshot 2", "status 3"])
      }))

    it.effect("tells a slow listener how many events it has lost, and the last event all the same", () =>
      Effect.gen(function*() {
        const hub = yield* makeHub
        const { fiber, heard } = yield* listen(hub)
        yield* Effect.yieldNow
        assert.lengthOf(heard, 1)
        // Nobody listens meanwhile: publishing never waits.
        const published = 20_000
        for (let number = 1; number <= published; number++) hub.publish(status(number))
        hub.publish(ended)
        hub.close()
        yield* Fiber.join(fiber)
        const lost = heard.filter((event) => event._tag === "lost")
        assert.lengthOf(lost, 1)
        assert.strictEqual(heard.length - 3 + (lost[0]?.count ?? 0), published)
        assert.deepStrictEqual(numbered(heard.slice(-2)), [`lost ${published + 1}`, `chainEnded ${published + 2}`])
      }))

    it.effect("tells of the lost ones before the first event that comes through again", () =>
      Effect.gen(function*() {
        const hub = yield* makeHub
        const { fiber, heard } = yield* listen(hub)
        yield* Effect.yieldNow
        for (let number = 1; number <= 20_000; number++) hub.publish(status(number))
        for (let turn = 0; turn < 100; turn++) yield* Effect.yieldNow
        const before = heard.length
        hub.publish(status(20_001))
        hub.close()
        yield* Fiber.join(fiber)
        const [lost, next] = heard.slice(before)
        assert.isTrue(lost?._tag === "lost" && lost.count === 20_000 - (before - 1))
        assert.strictEqual(next?.number, (lost?.number ?? 0) + 1)
      }))

    it.effect("tells what was lost also when the hub closes without a last event", () =>
      Effect.gen(function*() {
        const hub = yield* makeHub
        const { fiber, heard } = yield* listen(hub)
        for (let number = 1; number <= 20_000; number++) hub.publish(status(number))
        hub.close()
        yield* Fiber.join(fiber)
        assert.strictEqual(heard.at(-1)?._tag, "lost")
      }))

    it.effect("is a snapshot and no more when the hub is closed", () =>
      Effect.gen(function*() {
        const hub = yield* makeHub
        hub.close()
        assert.deepStrictEqual(numbered(yield* Stream.runCollect(hub.stream(snapshot))), ["snapshot 1"])
      }))
  })

  describe("isHeard", () => {
    it.effect("holds while someone listens", () =>
      Effect.gen(function*() {
        const hub = yield* makeHub
        assert.isFalse(hub.isHeard)
        const { fiber } = yield* listen(hub)
        assert.isTrue(hub.isHeard)
        yield* Fiber.interrupt(fiber)
        assert.isFalse(hub.isHeard)
      }))
  })
})
