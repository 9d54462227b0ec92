import { assert, describe, it } from "@effect/vitest"
import * as Graph from "../../scripts/bench/Graph.ts"
import * as Shape from "../../scripts/bench/Shape.ts"

const parentsIn = (graph: Graph.Graph): ReadonlyArray<ReadonlyArray<number>> =>
  Array.from({ length: graph.size }, (_, job) => [...Graph.parentsOf(graph, job)])

const zerosOf = (degrees: Int32Array) => Array.from(degrees.keys()).filter((job) => degrees[job] === 0)

/** The jobs without parents, and those without children. */
const endsOf = (graph: Graph.Graph) => ({
  first: zerosOf(Graph.degreesOf(graph)),
  last: zerosOf(Graph.degreesOf(Graph.reversed(graph)))
})

describe("linear", () => {
  it("puts one job after another", () => {
    assert.deepStrictEqual(parentsIn(Shape.linear(3)), [[], [0], [1]])
  })
})

describe("fan", () => {
  it("puts jobs beside each other between a first and a last one", () => {
    assert.deepStrictEqual(parentsIn(Shape.fan(3)), [[], [0], [0], [0], [1, 2, 3]])
  })
})

describe("layered", () => {
  const options = { jobs: 900, width: 30, seed: 1 }
  const layerOf = (job: number) => Math.ceil(job / options.width)

  it("has one first and one last job", () => {
    for (const seed of [1, 2, 3]) {
      assert.deepStrictEqual(endsOf(Shape.layered({ ...options, seed })), { first: [0], last: [901] })
    }
  })

  it("gives each job two or three different parents in the layer before", () => {
    for (const [job, parents] of parentsIn(Shape.layered(options)).slice(31, 901).entries()) {
      assert.isTrue(parents.length === 2 || parents.length === 3)
      assert.strictEqual(new Set(parents).size, parents.length)
      for (const parent of parents) assert.strictEqual(layerOf(parent), layerOf(job + 31) - 1)
    }
  })

  it("is the same for a seed, and another for another", () => {
    assert.deepStrictEqual(Shape.layered(options), Shape.layered(options))
    assert.notDeepEqual(Shape.layered(options), Shape.layered({ ...options, seed: 2 }))
  })

  it("takes a number of jobs that is no multiple of the width", () => {
    const graph = Shape.layered({ jobs: 95, width: 30, seed: 1 })
    assert.strictEqual(graph.size, 97)
    assert.deepStrictEqual(endsOf(graph), { first: [0], last: [96] })
  })
})
