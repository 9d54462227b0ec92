import { assert, describe, it } from "@effect/vitest"
import * as Graph from "../../scripts/bench/Graph.ts"
import * as Shape from "../../scripts/bench/Shape.ts"

const parentsIn = (graph: Graph.Graph): ReadonlyArray<ReadonlyArray<number>> =>
  Array.from({ length: graph.size }, (_, job) => [...Graph.parentsOf(graph, job)])

describe("reversed", () => {
  it("turns parents into children, and back", () => {
    const graph = Shape.layered({ jobs: 60, width: 10, seed: 1 })
    assert.deepStrictEqual(parentsIn(Graph.reversed(Shape.fan(2))), [[1, 2], [3], [3], []])
    assert.deepStrictEqual(
      parentsIn(Graph.reversed(Graph.reversed(graph))),
      parentsIn(graph).map((parents) => parents.toSorted((a, b) => a - b))
    )
  })
})

describe("joined", () => {
  it("counts the jobs of the next graph on", () => {
    assert.deepStrictEqual(parentsIn(Graph.joined([Shape.linear(2), Shape.linear(2)])), [[], [0], [], [2]])
  })
})

describe("levelsOf", () => {
  it("returns the jobs by their longest way from the first", () => {
    assert.deepStrictEqual(Graph.levelsOf(Shape.fan(2)), [[0], [1, 2], [3]])
  })
})
