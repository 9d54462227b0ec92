import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Shapes from "../../scripts/soak/Shapes.ts"
import * as Writes from "../../scripts/soak/Writes.ts"

/** A hundred processes are started, one for each write. */
const millisMax = 600_000

it.live(
  "five chains, whose real processes die before and after every write, end as they should, and nothing runs twice",
  () =>
    Effect.gen(function*() {
      const { deaths, recovered, runs, chains, ...wrong } = yield* Effect.promise(() =>
        Writes.run({ database: "sqlite", keep: false, names: Shapes.ordinaryNames, say: () => {}, seed: 1 })
      )
      // A chain has a write to be added, one to go, and some between.
      assert.isAtLeast(deaths, 5 * 2 * 5)
      assert.isAtLeast(chains, deaths)
      assert.isAtLeast(recovered, 5)
      assert.isAbove(runs, chains)
      const none = { givenUp: 0, overrun: 0, lost: 0, stuck: 0, wrong: 0, again: 0, untold: 0 }
      assert.deepStrictEqual(wrong, none)
    }),
  millisMax
)
