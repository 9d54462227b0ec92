import { assert, describe, it } from "@effect/vitest"
import * as Chain from "../../src/domain/Chain.ts"
import * as DataFlow from "../../src/domain/DataFlow.ts"
import type { JobData } from "../../src/domain/JobData.ts"
import * as Progress from "../../src/domain/Progress.ts"
import * as Rewind from "../../src/domain/Rewind.ts"
import { chainOf } from "../../src/testing/index.ts"

type Fields = Parameters<typeof chainOf>[1]

/** Jobs that write and complete by hand, by their ids. */
class Jobs {
  chain: Chain.Chain

  constructor(drawing: string, fields: Fields = {}) {
    this.chain = Chain.make(chainOf(drawing, fields))
  }

  index(id: string): number {
    return this.chain.graph.indexOf.get(id) as number
  }

  start(id: string, writes: JobData = {}): void {
    Progress.start(this.chain, this.index(id))
    DataFlow.write(this.chain.data, this.index(id), writes)
  }

  complete(id: string, writes: JobData = {}): void {
    this.start(id, writes)
    Progress.complete(this.chain, this.index(id))
  }

  see(id: string): JobData {
    return Chain.jobData(this.chain, id)
  }

  rewind(first: string): ReadonlyArray<string | undefined> {
    return Rewind.rewind(this.chain, this.index(first)).map((job) => this.chain.graph.ids[job])
  }

  /** Suspends and resumes, over the wire. */
  resume(): void {
    this.chain = Chain.fromSuspended(JSON.parse(JSON.stringify(Chain.toSuspended(this.chain))))
  }
}

const diamond = "a -> b c\nb -> d\nc -> d"
const sequence = { s: { sequenceId: "s", sequenceRetry: 3 }, t: { sequenceId: "s" } }

describe("DataFlow", () => {
  describe("view", () => {
    it("holds what every job before has handed on, not what jobs beside wrote", () => {
      const jobs = new Jobs(diamond)
      jobs.complete("a", { a: 1 })
      jobs.complete("b", { b: 1 })
      assert.deepStrictEqual(jobs.see("c"), { a: 1 })
      jobs.complete("c", { c: 1 })
      assert.deepStrictEqual(jobs.see("d"), { a: 1, b: 1, c: 1 })
    })

    it("lets an item stand over what the jobs before hand on, and what the job writes over the item", () => {
      const jobs = new Jobs("a -> b\nb -> c", { a: { data: { host: 0 } }, b: { item: { host: 1 } } })
      assert.deepStrictEqual(jobs.see("b"), { host: 1 })
      jobs.complete("a", { host: 2, other: 2 })
      assert.deepStrictEqual(jobs.see("b"), { host: 1, other: 2 })
      jobs.resume()
      assert.deepStrictEqual(jobs.see("b"), { host: 1, other: 2 })
      jobs.complete("b")
      assert.deepStrictEqual(jobs.see("c"), { host: 1, other: 2 })
      jobs.start("c", { host: 3 })
      assert.deepStrictEqual(jobs.see("c"), { host: 3, other: 2 })
    })

    it.each([["b", "c"], ["c", "b"]])("lets the parent that completed last win: %s, then %s", (former, latter) => {
      const jobs = new Jobs(diamond)
      jobs.complete("a")
      jobs.complete(former, { key: former })
      jobs.complete(latter, { key: latter })
      assert.deepStrictEqual(jobs.see("d"), { key: latter })
    })

    it("copies a parent's whole view: the last parent wins also with what it only passes on", () => {
      const jobs = new Jobs(diamond)
      jobs.complete("a", { key: "a" })
      jobs.complete("b", { key: "b" })
      jobs.complete("c")
      assert.deepStrictEqual(jobs.see("d"), { key: "a" })
    })

    it("lets parents win over the data the job came with, and the job's own writes over both", () => {
      const jobs = new Jobs("a -> b", { b: { data: { key: "given", given: 1 } } })
      jobs.complete("a", { key: "parent" })
      assert.deepStrictEqual(jobs.see("b"), { key: "parent", given: 1 })
      jobs.start("b", { key: "own" })
      assert.deepStrictEqual(jobs.see("b"), { key: "own", given: 1 })
    })

    it("shows a job that is not yet runnable what has been copied into it so far", () => {
      const jobs = new Jobs(diamond)
      jobs.complete("a", { a: 1 })
      jobs.complete("c", { c: 1 })
      assert.deepStrictEqual(jobs.see("d"), { a: 1, c: 1 })
      jobs.complete("b", { b: 1 })
      assert.deepStrictEqual(jobs.see("d"), { a: 1, b: 1, c: 1 })
    })

    it("does not show what a job wrote that has not completed", () => {
      const jobs = new Jobs("a -> b")
      jobs.start("a", { a: 1 })
      assert.deepStrictEqual(jobs.see("b"), {})
      Chain.setJobState(jobs.chain, "a", "FAIL")
      assert.deepStrictEqual(jobs.see("b"), {})
    })

    it("is a snapshot that nobody can change", () => {
      const jobs = new Jobs("a -> b")
      jobs.complete("a", { a: 1 })
      const before = jobs.see("b")
      jobs.start("b", { b: 1 })
      assert.deepStrictEqual(before, { a: 1 })
      assert.throws(() => Object.assign(before, { a: 2 }))
      assert.throws(() => Object.assign(jobs.see("b"), { a: 2 }))
    })

    it("shares values rather than copying them", () => {
      const value = { deep: [1, 2, 3] }
      const jobs = new Jobs("a -> b\nb -> c")
      jobs.complete("a", { value })
      jobs.complete("b", { other: 1 })
      assert.strictEqual(jobs.see("c").value, value)
    })

    it("does not overflow on a line of 100,000 jobs that set a key each", () => {
      const size = 100_000
      const ids = Array.from({ length: size }, (_, index) => `j${index}`)
      const jobs = Object.fromEntries(ids.map((id) => [id, { id, state: 1 }]))
      const adjacencyList = Object.fromEntries(ids.slice(1).map((id, index) => [`j${index}`, [id]]))
      const chain = Chain.make({ requestId: "r", jobs, adjacencyList })
      for (let job = 0; job < size - 1; job++) {
        Progress.start(chain, job)
        DataFlow.write(chain.data, job, { [`key${job % 10}`]: job })
        Progress.complete(chain, job)
      }
      const seen = Chain.jobData(chain, `j${size - 1}`)
      assert.lengthOf(Object.keys(seen), 10)
      assert.strictEqual(seen.key8, size - 2)
    })
  })

  describe("write", () => {
    it("merges, later writes win, and earlier tries' writes stay", () => {
      const jobs = new Jobs("a")
      jobs.start("a", { one: 1, both: 1 })
      DataFlow.write(jobs.chain.data, 0, { two: 2, both: 2 })
      assert.deepStrictEqual(jobs.see("a"), { one: 1, two: 2, both: 2 })
      assert.deepStrictEqual(DataFlow.written(jobs.chain.data, 0), { one: 1, two: 2, both: 2 })
    })

    it("reaches jobs after it also when it comes after someone has looked", () => {
      const jobs = new Jobs("a -> b\nb -> c")
      jobs.complete("a")
      assert.deepStrictEqual(jobs.see("b"), {})
      jobs.start("b", { late: 1 })
      Progress.complete(jobs.chain, 1)
      assert.deepStrictEqual(jobs.see("c"), { late: 1 })
    })
  })

  describe("reset", () => {
    it("gives every job of a rewound sequence its data in the chain, and that of COMPLETE parents outside", () => {
      const jobs = new Jobs("o -> s\ns -> m\nm -> t\nt -> z", { ...sequence, m: { data: { given: 1 } } })
      jobs.complete("o", { outside: 1 })
      jobs.complete("s", { leaked: "s", given: 2 })
      jobs.start("m", { leaked: "m" })
      Chain.setJobState(jobs.chain, "m", "FAIL")
      jobs.rewind("s")
      assert.deepStrictEqual(jobs.see("s"), { outside: 1 })
      assert.deepStrictEqual(jobs.see("m"), { given: 1 })
      assert.deepStrictEqual(jobs.see("t"), {})
    })

    it("applies the parents outside in the order in which they completed", () => {
      const jobs = new Jobs("o -> s q p\ns -> t\np -> t\nq -> t", sequence)
      jobs.complete("o")
      jobs.complete("q", { key: "q" })
      jobs.complete("p", { key: "p" })
      jobs.complete("s", { key: "s" })
      assert.deepStrictEqual(jobs.see("t"), { key: "s" })
      jobs.rewind("s")
      assert.deepStrictEqual(jobs.see("t"), { key: "p" })
    })

    it("takes copies back from PENDING jobs outside the extent, but not what others copied there", () => {
      const jobs = new Jobs("o -> s p\ns -> t out\nt -> z\nout -> z\np -> out", sequence)
      jobs.complete("o")
      jobs.complete("p", { p: 1 })
      jobs.complete("s", { leaked: 1 })
      assert.deepStrictEqual(jobs.see("out"), { leaked: 1, p: 1 })
      jobs.rewind("s")
      assert.deepStrictEqual(jobs.see("out"), { p: 1 })
      assert.isFalse(Chain.isRunnable(jobs.chain, "out"))
    })
  })

  describe("settle", () => {
    const drawing = "s -> t out\nt -> z\nout -> z"

    it.each(["RUNNING", "COMPLETE", "FAIL"] as const)(
      "keeps what a job outside the extent has that is %s, also from the next try",
      (state) => {
        const jobs = new Jobs(drawing, sequence)
        jobs.complete("s", { try: 1 })
        jobs.start("out", { out: 1 })
        if (state === "COMPLETE") Progress.complete(jobs.chain, jobs.index("out"))
        else Chain.setJobState(jobs.chain, "out", state)
        assert.deepStrictEqual(jobs.rewind("s"), [])
        assert.deepStrictEqual(jobs.see("out"), { try: 1, out: 1 })
        jobs.complete("s", { try: 2 })
        assert.deepStrictEqual(jobs.see("out"), { try: 1, out: 1 })
        assert.deepStrictEqual(jobs.see("t"), { try: 2 })
      }
    )

    it("lets what a kept job hands on still reach the jobs after it", () => {
      const jobs = new Jobs(drawing, sequence)
      jobs.complete("s", { try: 1 })
      jobs.complete("out", { out: 1 })
      jobs.rewind("s")
      jobs.complete("s", { try: 2 })
      jobs.complete("t")
      assert.deepStrictEqual(jobs.see("z"), { try: 2, out: 1 })
    })
  })

  describe("closedAt", () => {
    it("copies nothing from jobs that complete after a stop, and leaves what was copied before", () => {
      const jobs = new Jobs(diamond)
      jobs.complete("a", { a: 1 })
      jobs.complete("b", { b: 1 })
      jobs.start("c", { c: 1 })
      jobs.chain.data.closedAt = jobs.chain.completed
      Progress.complete(jobs.chain, jobs.index("c"))
      assert.deepStrictEqual(jobs.see("d"), { a: 1, b: 1 })
      assert.deepStrictEqual(jobs.see("c"), { a: 1, c: 1 })
    })
  })

  describe("after a resume", () => {
    it("shows what was seen before, and what completes from then on", () => {
      const jobs = new Jobs(diamond)
      jobs.complete("a", { key: "a" })
      jobs.complete("c", { key: "c", c: 1 })
      jobs.resume()
      assert.deepStrictEqual(jobs.see("d"), { key: "c", c: 1 })
      jobs.complete("b", { key: "b" })
      assert.deepStrictEqual(jobs.see("d"), { key: "b", c: 1 })
    })

    it("still takes a sequence back to what its jobs had in the chain", () => {
      const jobs = new Jobs("o -> s\ns -> t\nt -> z", { ...sequence, t: { ...sequence.t, data: { given: 1 } } })
      jobs.complete("o", { outside: 1 })
      jobs.complete("s", { leaked: 1 })
      jobs.start("t", { leaked: 2 })
      Chain.setJobState(jobs.chain, "t", "STOPPED")
      jobs.resume()
      assert.deepStrictEqual(jobs.see("t"), { given: 1, outside: 1, leaked: 2 })
      jobs.rewind("s")
      assert.deepStrictEqual(jobs.see("s"), { outside: 1 })
      assert.deepStrictEqual(jobs.see("t"), { given: 1 })
      jobs.complete("s")
      assert.deepStrictEqual(jobs.see("t"), { given: 1, outside: 1 })
    })

    it("counts the data in a suspended chain as the original where initialData is absent", () => {
      const chain = chainOf("s -> t", { s: { ...sequence.s, data: { kept: 1 } }, t: sequence.t })
      const jobs = new Jobs("s -> t")
      jobs.chain = Chain.fromSuspended({ requestId: "r", jobChain: chain })
      jobs.start("s", { written: 1 })
      jobs.rewind("s")
      Rewind.endRewinding(jobs.chain, 0)
      assert.deepStrictEqual(jobs.see("s"), { kept: 1 })
    })

    it("goes through several resumes without losing or leaking anything", () => {
      const jobs = new Jobs("o -> s\ns -> m\nm -> t\nt -> z", sequence)
      for (const id of ["o", "s", "m"]) {
        jobs.complete(id, { [id]: 1 })
        jobs.resume()
      }
      assert.deepStrictEqual(jobs.see("t"), { o: 1, s: 1, m: 1 })
      jobs.rewind("s")
      jobs.resume()
      assert.deepStrictEqual(jobs.see("s"), { o: 1 })
      for (const id of ["s", "m", "t"]) {
        jobs.complete(id, { [id]: 2 })
        jobs.resume()
      }
      assert.deepStrictEqual(jobs.see("z"), { o: 1, s: 2, m: 2, t: 2 })
    })
  })
})
