import { assert, describe, it } from "@effect/vitest"
import { Effect, Queue } from "effect"
import type { Happening } from "../../src/engine/Happening.ts"
import { Inbox } from "../../src/engine/Inbox.ts"

const happening = (index: number): Happening => ({ _tag: "LimitReached", limit: { of: "job", index } })

const indexOf = (happening: Happening): number => happening._tag === "LimitReached" ? happening.limit.index : -1

const addAll = (inbox: Inbox, from: number, to: number): void => {
  for (let index = from; index < to; index++) inbox.add(happening(index))
}

/** Takes what is there until nothing is; returns how much each time, and all of it. */
const takeAll = (inbox: Inbox) => {
  const sizes: Array<number> = []
  const found: Array<number> = []
  for (let taken = inbox.take(); taken.length > 0; taken = inbox.take()) {
    sizes.push(taken.length)
    found.push(...taken.map(indexOf))
  }
  return { sizes, found }
}

const upTo = (size: number): ReadonlyArray<number> => Array.from({ length: size }, (_, index) => index)

describe("an inbox", () => {
  it.effect("hands a step what happens meanwhile after what was there, in order and in slices", () =>
    Effect.gen(function*() {
      const inbox = new Inbox(yield* Queue.unbounded<Happening>())
      addAll(inbox, 0, 10)
      inbox.begin()
      addAll(inbox, 10, 1_500)
      const { found, sizes } = takeAll(inbox)
      assert.deepStrictEqual(found, upTo(1_500))
      assert.isAtMost(Math.max(...sizes), 512)
    }))

  it.effect("keeps what happens in one go within a slice where nothing was there", () =>
    Effect.gen(function*() {
      const inbox = new Inbox(yield* Queue.unbounded<Happening>())
      inbox.begin()
      addAll(inbox, 0, 1_500)
      assert.deepStrictEqual(takeAll(inbox), { sizes: [512, 512, 476], found: upTo(1_500) })
    }))

  it.effect("leaves what a step has not taken to the queue, in order", () =>
    Effect.gen(function*() {
      const inbox = new Inbox(yield* Queue.unbounded<Happening>())
      inbox.begin()
      addAll(inbox, 0, 600)
      inbox.end()
      addAll(inbox, 600, 700)
      assert.deepStrictEqual((yield* Queue.takeAll(inbox.queue)).map(indexOf), upTo(700))
    }))
})
