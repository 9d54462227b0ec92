import { assert, describe, it } from "@effect/vitest"
import * as Graph from "../../src/domain/Graph.ts"
import type { Job } from "../../src/domain/JobChain.ts"
import * as Sequences from "../../src/domain/Sequences.ts"
import { chainOf } from "../../src/testing/index.ts"

type Fields = Parameters<typeof chainOf>[1]

/** The sequences of a drawing, asked and answering by id. */
const sequencesOf = (drawing: string, fields: Fields) => {
  const chain = chainOf(drawing, fields)
  const graph = Graph.make(chain)
  const sequences = Sequences.make(graph, graph.ids.map((id) => chain.jobs?.[id] as Job))
  const index = (id: string) => graph.indexOf.get(id) as number
  const ids = (jobs: ReadonlyArray<number>) => jobs.map((job) => graph.ids[job])
  return {
    extent: (first: string) => ids(Sequences.extent(sequences, index(first))),
    enclosing: (first: string) => ids(Sequences.enclosing(sequences, index(first))),
    isFirst: (id: string) => Sequences.isFirst(sequences, index(id)),
    retriable: ids(sequences.retriable)
  }
}

const first = (sequenceId: string, sequenceRetry = 1) => ({ sequenceId, sequenceRetry })
const member = (sequenceId: string) => ({ sequenceId })

describe("Sequences", () => {
  describe("make", () => {
    it("knows the first jobs, and which sequences may be retried", () => {
      const { isFirst, retriable } = sequencesOf("a -> b\nb -> c\nc -> d", {
        a: first("a"),
        b: first("b", 0),
        c: { ...member("b"), sequenceRetry: 5 }
      })
      assert.deepStrictEqual(["a", "b", "c", "d"].map(isFirst), [true, true, false, false])
      assert.deepStrictEqual(retriable, ["a"])
    })
  })

  describe("extent", () => {
    it("is the first job alone when no other has its id", () => {
      assert.deepStrictEqual(sequencesOf("a -> b", { a: first("a") }).extent("a"), ["a"])
    })

    it("holds every job on a path to a member, in no sequence or in others, and none beyond or beside", () => {
      const { extent } = sequencesOf("s -> a b side\na -> c\nb -> c\nc -> after\nside -> after\nafter -> z", {
        s: first("s"),
        a: member(""),
        b: first("b"),
        c: member("s")
      })
      assert.sameMembers(extent("s"), ["s", "a", "b", "c"])
      assert.strictEqual(extent("s")[0], "s")
    })

    it("holds nothing upstream of the first job, though paths from there lead to members", () => {
      const { extent } = sequencesOf("o -> s p\ns -> m\np -> m\nm -> z", { s: first("s"), m: member("s") })
      assert.sameMembers(extent("s"), ["s", "m"])
    })

    it("reaches to every member, near and far", () => {
      const { extent } = sequencesOf("s -> near x\nx -> y\ny -> far\nnear -> z\nfar -> z", {
        s: first("s"),
        near: member("s"),
        far: member("s")
      })
      assert.sameMembers(extent("s"), ["s", "near", "x", "y", "far"])
    })

    it("takes a sequence of 100,000 jobs in a line", () => {
      const size = 100_000
      const ids = Array.from({ length: size }, (_, index) => `j${index}`)
      const jobs = Object.fromEntries(ids.map((id) => [id, { id, sequenceId: "j0", sequenceRetry: 1 }]))
      const adjacencyList = Object.fromEntries(ids.slice(1).map((id, index) => [`j${index}`, [id]]))
      const graph = Graph.make({ jobs, adjacencyList })
      const sequences = Sequences.make(graph, Object.values(jobs))
      assert.lengthOf(Sequences.extent(sequences, 0), size)
    })
  })

  describe("enclosing", () => {
    it("names the retriable sequences around one, the smallest first, itself not", () => {
      const { enclosing } = sequencesOf("o -> m\nm -> i\ni -> x\nx -> n\nn -> p", {
        o: first("o"),
        p: member("o"),
        m: first("m"),
        n: member("m"),
        i: first("i"),
        x: member("i")
      })
      assert.deepStrictEqual(enclosing("i"), ["m", "o"])
      assert.deepStrictEqual(enclosing("m"), ["o"])
      assert.deepStrictEqual(enclosing("o"), [])
    })

    it("leaves out sequences that are never retried", () => {
      const { enclosing } = sequencesOf("o -> m\nm -> i\ni -> n\nn -> p", {
        o: first("o"),
        p: member("o"),
        m: first("m", 0),
        n: member("m"),
        i: first("i")
      })
      assert.deepStrictEqual(enclosing("i"), ["o"])
    })

    it("does not name sequences that only lie before or beside", () => {
      const { enclosing } = sequencesOf("s -> t\nt -> u v\nu -> z\nv -> z", {
        s: first("s"),
        t: member("s"),
        u: first("u"),
        v: first("v")
      })
      assert.deepStrictEqual(enclosing("u"), [])
    })

    it("names every sequence that holds the first job where extents overlap without nesting, smallest first", () => {
      // "big" is b…f, "small" is c…e, and "late" begins in both, at d, but reaches beyond them, to g.
      const { enclosing, extent } = sequencesOf("a -> b\nb -> c\nc -> d\nd -> e\ne -> f\nf -> g\ng -> h", {
        b: first("b"),
        f: member("b"),
        c: first("c"),
        e: member("c"),
        d: first("d"),
        g: member("d")
      })
      assert.deepStrictEqual(extent("d"), ["d", "e", "f", "g"])
      assert.deepStrictEqual(enclosing("d"), ["c", "b"])
    })
  })
})
