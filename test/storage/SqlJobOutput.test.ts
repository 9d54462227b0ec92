import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Stream } from "effect"
import { JobOutput } from "../../src/engine/JobOutput.ts"
import * as Sql from "../../src/storage/Sql.ts"
import { chainOf } from "../../src/testing/index.ts"
import { add } from "./Steps.ts"
import * as TestStore from "./TestStore.ts"

const bytes = (size: number) => Uint8Array.from({ length: size }, (_, at) => (at * 7) % 256)

const read = (store: TestStore.TestStore, requestId: string, jobTry = 1, stream: "stdout" | "stderr" = "stdout") =>
  Effect.map(
    Stream.runCollect(store.store.output({ requestId, jobId: "a", try: jobTry }, stream)),
    (chunks) => new Uint8Array(Buffer.concat(chunks))
  )

const textOf = (found: Uint8Array) => new TextDecoder().decode(found)

/** A store in which the output of a job is written. */
const opened = Effect.fnUntraced(function*(options: Parameters<typeof TestStore.make>[0] = {}) {
  const store = yield* TestStore.make(options)
  const output = Context.get(store.context, JobOutput)
  const { requestId } = yield* add(store.repo, chainOf("a"))
  return { store, output, requestId, key: { requestId, jobId: "a", try: 1 } }
})

describe("SqlJobOutput", () => {
  it.effect("keeps every byte, in rows of a bounded size, and returns the tail", () =>
    Effect.scoped(Effect.gen(function*() {
      const { key, output, requestId, store } = yield* opened()
      const all = bytes(300_000)
      for (let start = 0; start < all.length; start += 7001) {
        yield* output.write(key, "stdout", all.subarray(start, start + 7001))
      }
      yield* output.write(key, "stderr", new TextEncoder().encode("oops"))
      const { stderr, stdout } = yield* output.end(key)
      assert.deepStrictEqual([stderr, stdout], ["oops", textOf(all.slice(-64 * 1024))])
      assert.deepStrictEqual(yield* read(store, requestId), all)
      const { size } = (yield* store.tables.read(() =>
        Sql.get<{ readonly size: number }>("SELECT max(length(bytes)) AS size FROM jobchain_outputs")
      )) ?? { size: 0 }
      assert.isAtMost(size, 64 * 1024)
    })))

  it.effect("tells how much there is of each stream, and reads on from any chunk", () =>
    Effect.scoped(Effect.gen(function*() {
      const { key, output, requestId, store: { store } } = yield* opened()
      const all = bytes(200_001)
      yield* output.write(key, "stdout", all)
      yield* output.write(key, "stderr", new TextEncoder().encode("oops"))
      yield* output.end(key)
      const stdout = { ...key, stream: "stdout", chunks: 4 } as const
      const stderr = { ...key, stream: "stderr", chunks: 1 } as const
      assert.deepStrictEqual(yield* store.written(requestId), [stdout, stderr])
      assert.lengthOf(yield* store.written(requestId, "a"), 2)
      assert.deepStrictEqual(yield* store.written(requestId, "b"), [])
      const rest = Buffer.concat(yield* Stream.runCollect(store.output(key, "stdout", 3)))
      assert.deepStrictEqual(new Uint8Array(rest), all.slice(-rest.length))
      assert.isAtMost(rest.length, 64 * 1024)
    })))

  it.effect("takes one piece that is larger than a row", () =>
    Effect.scoped(Effect.gen(function*() {
      const { key, output, requestId, store } = yield* opened()
      const all = bytes(200_001)
      yield* output.write(key, "stdout", all)
      yield* output.end(key)
      assert.deepStrictEqual(yield* read(store, requestId), all)
    })))

  it.live("lets others read what a running job has written a moment ago", () =>
    Effect.scoped(Effect.gen(function*() {
      const { key, output, requestId, store } = yield* opened()
      yield* output.write(key, "stdout", new TextEncoder().encode("at it"))
      while (textOf(yield* read(store, requestId)) !== "at it") yield* Effect.sleep(20)
    })))

  it.effect("keeps no more of a job than its limit, over all its tries, and says how much it left out", () =>
    Effect.scoped(Effect.gen(function*() {
      const { key, output, requestId, store } = yield* opened({ outputBytesMax: 100_000 })
      yield* output.write(key, "stdout", bytes(60_000))
      yield* output.end(key)
      const second = { ...key, try: 2 }
      yield* output.write(second, "stdout", bytes(70_000))
      yield* output.write(second, "stdout", bytes(30_000))
      yield* output.end(second)
      assert.deepStrictEqual(yield* read(store, requestId), bytes(60_000))
      const kept = yield* read(store, requestId, 2)
      assert.deepStrictEqual(kept.slice(0, 40_000), bytes(70_000).slice(0, 40_000))
      assert.strictEqual(
        textOf(kept.slice(40_000)),
        "\n[60000 bytes left out: of a job, 100000 bytes of output are kept]\n"
      )
    })))

  it.effect("goes on behind what a try had written before a crash", () =>
    Effect.scoped(Effect.gen(function*() {
      const database = yield* TestStore.database
      const first = yield* TestStore.open(database)
      const { requestId } = yield* add(first.repo, chainOf("a"))
      const key = { requestId, jobId: "a", try: 1 }
      const write = (store: TestStore.TestStore, text: string) => {
        const output = Context.get(store.context, JobOutput)
        return Effect.andThen(output.write(key, "stdout", new TextEncoder().encode(text)), output.end(key))
      }
      yield* write(first, "before, ")
      yield* first.expire
      const second = yield* TestStore.open(database)
      yield* second.store.claim(requestId)
      yield* write(first, "too late, ")
      yield* write(second, "after")
      assert.strictEqual(textOf(yield* read(second, requestId)), "before, after")
    })))
})
