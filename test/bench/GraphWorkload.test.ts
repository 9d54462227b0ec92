import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as GraphWorkload from "../../scripts/bench/GraphWorkload.ts"
import * as Shape from "../../scripts/bench/Shape.ts"
import { ranBy } from "./RunCount.ts"

const contestants = [
  "floor-queue",
  "floor-direct",
  "floor-promises",
  "jobchain",
  "p-graph",
  "toposort+p-limit",
  "async.auto",
  "listr2",
  "effect-workflow"
]

describe("contestants", () => {
  const graphs = [Shape.layered({ jobs: 20, width: 4, seed: 1 }), Shape.linear(8)]

  it.effect.each(contestants)(
    "%s runs every job of every graph, as often as it is asked to",
    (name) =>
      Effect.gen(function*() {
        assert.strictEqual(yield* ranBy(name, GraphWorkload.make(graphs)), 2 * 30)
        assert.strictEqual(yield* ranBy(name, GraphWorkload.make(graphs, { work: "wait" })), 2 * 30)
      })
  )

  it.effect("jobchain tries sequences again", () =>
    Effect.gen(function*() {
      const workload = GraphWorkload.make([Shape.linear(8)], { sequences: [{ first: 0, last: 7 }], failures: 3 })
      assert.strictEqual(yield* ranBy("jobchain", workload), 2 * 8 * 4)
    }))
})
