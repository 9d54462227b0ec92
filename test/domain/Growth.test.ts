import { assert, describe, it } from "@effect/vitest"
import * as Chain from "../../src/domain/Chain.ts"
import * as DataFlow from "../../src/domain/DataFlow.ts"
import * as Graph from "../../src/domain/Graph.ts"
import * as Growth from "../../src/domain/Growth.ts"
import type { JobChain } from "../../src/domain/JobChain.ts"
import * as JobState from "../../src/domain/JobState.ts"
import * as Progress from "../../src/domain/Progress.ts"
import * as Sequences from "../../src/domain/Sequences.ts"
import { chainOf } from "../../src/testing/index.ts"
import { random } from "../engine/RandomChain.ts"

/** Takes the last of a chain's jobs away, and adds them again, some at a time. */
const regrown = (whole: JobChain, kept: number, step: number): Chain.Chain => {
  const graph = Graph.make(whole)
  const ids = graph.ids.slice(0, kept)
  const chain = Chain.make({
    ...whole,
    jobs: Object.fromEntries(ids.map((id) => [id, whole.jobs?.[id] ?? {}])),
    adjacencyList: Object.fromEntries(
      ids.map((id) => [id, (whole.adjacencyList?.[id] ?? []).filter((to) => ids.includes(to))])
    )
  })
  for (let start = kept; start < graph.ids.length; start += step) {
    const added = graph.ids.slice(start, start + step)
    const present = graph.ids.slice(0, start + step)
    Growth.append(chain, {
      jobs: added.map((id) => ({ ...whole.jobs?.[id], id })),
      levels: added.map((id) => Graph.at(graph.levels, graph.indexOf.get(id) as number)),
      edges: present.flatMap((id, from) =>
        (whole.adjacencyList?.[id] ?? []).map((to) => [from, graph.indexOf.get(to) as number] as const)
          .filter(([, to]) => (from >= start || to >= start) && to < present.length)
      )
    })
  }
  return chain
}

/** A random graph in which edges lead to jobs with higher numbers. */
const randomDag = (seed: number): JobChain => {
  const next = random(seed)
  const ids = Array.from({ length: 3 + Math.floor(next() * 20) }, (_, index) => `j${index}`)
  const edges = ids.map((id, from) => `${id} -> ${ids.filter((_, to) => to > from && next() < 0.3).join(" ")}`)
  const fields = Object.fromEntries(
    ids.map((
      id,
      job
    ) => [id, next() < 0.3 ? { sequenceId: ids[Math.floor(next() * job)] ?? id, sequenceRetry: 1 } : {}])
  )
  return chainOf([...ids, ...edges].join("\n"), fields)
}

const neighbours = ({ ends, starts, targets }: Graph.Adjacency) =>
  Array.from(starts, (start, job) => Array.from(targets.subarray(start, ends[job])).toSorted((a, b) => a - b))

const halfDone = () => {
  const chain = Chain.make(
    chainOf("a -> end", { a: { sequenceId: "a", sequenceRetry: 1 }, end: { sequenceId: "a" } })
  )
  Progress.start(chain, 0)
  DataFlow.write(chain.data, 0, { list: 1 })
  Progress.complete(chain, 0)
  return chain
}
const grow = (chain: Chain.Chain, id: string) =>
  Growth.append(chain, {
    jobs: [{ id, state: JobState.PENDING, sequenceId: "a" }],
    levels: [1],
    edges: [[0, chain.jobs.length], [chain.jobs.length, 1]]
  })

describe("Growth.append", () => {
  it("makes what the whole chain would have been, whatever is added in whatever steps", () => {
    for (let seed = 0; seed < 300; seed++) {
      const whole = randomDag(seed)
      const expected = Chain.make(whole)
      const next = random(seed + 1)
      const chain = regrown(whole, 1 + Math.floor(next() * 5), 1 + Math.floor(next() * 4))
      assert.deepStrictEqual(chain.graph.ids, expected.graph.ids)
      for (const side of ["next", "previous"] as const) {
        assert.deepStrictEqual(neighbours(chain.graph[side]), neighbours(expected.graph[side]), `${side} of ${seed}`)
      }
      for (const counts of ["states", "unmetParents", "counts", "runnable"] as const) {
        assert.deepStrictEqual(chain[counts], expected[counts], `${counts} of ${seed}`)
      }
      assert.deepStrictEqual(chain.sequences.sequenceOf, expected.sequences.sequenceOf)
      assert.deepStrictEqual(chain.graph.levels, expected.graph.levels)
    }
  })

  it("lets what is added start, and what comes after it wait", () => {
    const chain = halfDone()
    assert.isTrue(Chain.isRunnable(chain, "end"))
    grow(chain, "x")
    assert.isFalse(Chain.isRunnable(chain, "end"))
    assert.deepStrictEqual(Chain.runnableJobs(chain).map(({ id }) => id), ["x"])
    assert.deepStrictEqual(Chain.jobData(chain, "x"), { list: 1 })
    Chain.setJobState(chain, "x", "COMPLETE")
    assert.isTrue(Chain.isRunnable(chain, "end"))
  })

  it("finds the extents of sequences anew", () => {
    const chain = halfDone()
    assert.deepStrictEqual(Sequences.extent(chain.sequences, 0), [0, 1])
    grow(chain, "x")
    assert.sameMembers([...Sequences.extent(chain.sequences, 0)], [0, 1, 2])
    grow(chain, "y")
    assert.sameMembers([...Sequences.extent(chain.sequences, 0)], [0, 1, 2, 3])
  })
})
