/**
 * A process whose clock is not that of the others. The leases of SQLite run on the machine's clock, which is another one for
 * each machine, and may be set.
 */
import { assert, describe, it, vi } from "@effect/vitest"
import { Cause, Effect, Exit } from "effect"
import * as Progress from "../../src/domain/Progress.ts"
import { LeaseLost } from "../../src/storage/Ownership.ts"
import { chainOf, checkpointOf } from "../../src/testing/index.ts"
import { add, end, logOf, start } from "./Steps.ts"
import * as TestStore from "./TestStore.ts"

const hour = 3_600_000

/** Lets a test set the machine's clock; no timer runs. */
const clock = Effect.acquireRelease(
  Effect.sync(() => {
    vi.useFakeTimers({ toFake: ["Date"] })
    const now = Date.now()
    return (millis: number) => Effect.sync(() => void vi.setSystemTime(now + millis))
  }),
  () => Effect.sync(() => vi.useRealTimers())
)

describe("a process whose clock was two hours behind when it took its lease", () => {
  const jumps: ReadonlyArray<readonly [string, number]> = [
    ["behind still", -2 * hour],
    ["right", 0],
    ["two hours ahead", 2 * hour]
  ]
  it.effect.each(jumps)(
    "writes nothing to a chain that was taken over: now it is %s",
    ([, jump]) =>
      Effect.scoped(Effect.gen(function*() {
        const set = yield* clock
        const database = yield* TestStore.database
        yield* set(-2 * hour)
        const first = yield* TestStore.open(database)
        const late = yield* add(first.repo, chainOf("a -> b"))
        const { requestId } = late
        yield* start(first.repo, late, 0)
        yield* set(0)
        const second = yield* TestStore.open(database)
        assert.isTrue((yield* second.store.list())[0]?.isCrashed)
        const { chain } = yield* second.store.claim(requestId)
        yield* second.repo.add(chain)
        yield* start(second.repo, chain, 0)
        const before = yield* second.store.status(requestId)

        yield* set(jump)
        Progress.complete(late, 0)
        const logs = [logOf(requestId, "a", 1)]
        const written = yield* Effect.exit(first.repo.set(checkpointOf(late, { changed: [0], logs })))
        assert.instanceOf(Exit.isFailure(written) ? Cause.squash(written.cause) : undefined, LeaseLost)
        yield* first.repo.remove(requestId)
        yield* set(0)
        assert.deepStrictEqual(yield* second.store.status(requestId), before)
        assert.deepStrictEqual(yield* second.store.logs(requestId), [])
        yield* end(second.repo, chain)
      }))
  )
})
