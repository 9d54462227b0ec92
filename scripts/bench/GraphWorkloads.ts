/**
 * The workloads that are graphs of jobs, for contestants that keep everything in memory.
 *
 * To add a contestant, write its file in `contestants/` and name it where it takes part.
 */
import type * as Graph from "./Graph.ts"
import * as GraphWorkload from "./GraphWorkload.ts"
import * as Shape from "./Shape.ts"
import type { Workload } from "./Workload.ts"

const floors = ["floor-queue", "floor-direct", "floor-records"]
const ours = [...floors, "jobchain"]
const everyone = [...ours, "p-graph", "toposort+p-limit", "async.auto", "listr2", "effect-workflow"]
const layersOf = (layers: number, width: number) => Shape.layered({ jobs: layers * width, width, seed: 1 })

interface GraphOptions extends Pick<Workload, "name" | "title" | "jobs" | "contestants"> {
  readonly quick?: Workload["quick"]
  readonly note?: string
  readonly graphs: () => ReadonlyArray<Graph.Graph>
  readonly with?: Parameters<typeof GraphWorkload.make>[1]
}

const ofGraphs = ({ graphs, with: options, ...rest }: GraphOptions): Workload => ({
  group: "memory",
  quick: rest.contestants,
  floorOf: () => "floor-queue",
  ...rest,
  load: async (name) => (await GraphWorkload.contestant(name))(GraphWorkload.make(graphs(), options))
})

/** A line of nested sequences: in each group the first job of the outermost, of the next, …, and their last jobs back out. */
const nested = (groups: number, depth: number): ReadonlyArray<GraphWorkload.Sequence> =>
  Array.from({ length: groups * depth }, (_, index) => {
    const start = Math.floor(index / depth) * 2 * depth
    const level = index % depth
    return { first: start + level, last: start + 2 * depth - 1 - level }
  })

const retried = (jobs: number, name: string, title: string): Workload =>
  ofGraphs({
    name,
    title,
    jobs: 11 * jobs,
    contestants: ["jobchain"],
    quick: [],
    graphs: () => [Shape.layered({ jobs: jobs - 2, width: 100, seed: 1 })],
    with: { sequences: [{ first: 0, last: jobs - 1 }], failures: 10 }
  })

export const all: ReadonlyArray<Workload> = [
  ofGraphs({
    name: "W1",
    title: "linear 1,000",
    jobs: 1000,
    contestants: everyone,
    graphs: () => [Shape.linear(1000)]
  }),
  ofGraphs({
    name: "W2",
    title: "1 → 1,000 → 1",
    jobs: 1002,
    contestants: everyone,
    quick: [...ours, "p-graph"],
    graphs: () => [Shape.fan(1000)]
  }),
  ofGraphs({
    name: "W3",
    title: "layered 30 × 30",
    jobs: 902,
    contestants: everyone,
    quick: [...ours, "async.auto"],
    graphs: () => [layersOf(30, 30)]
  }),
  ofGraphs({
    name: "W4",
    title: "1,000 chains of 10 at once",
    jobs: 10_000,
    contestants: everyone,
    quick: [...ours, "toposort+p-limit"],
    graphs: () => Array.from({ length: 1000 }, () => Shape.linear(10))
  }),
  ofGraphs({
    name: "W5",
    title: "layered 100 × 1,000",
    jobs: 100_002,
    contestants: everyone,
    quick: [],
    graphs: () => [layersOf(100, 1000)]
  }),
  ofGraphs({
    name: "W6",
    title: "layered 1,000 × 1,000",
    jobs: 1_000_002,
    contestants: ours,
    quick: [],
    note: "the others do not get there",
    graphs: () => [layersOf(1000, 1000)]
  }),
  ofGraphs({
    name: "W7",
    title: "30 × 30, jobs wait 1 ms",
    jobs: 902,
    contestants: ["floor-promises", ...everyone],
    quick: ["floor-promises", "floor-queue", "jobchain"],
    graphs: () => [layersOf(30, 30)],
    with: { work: "wait" }
  }),
  ofGraphs({
    name: "W8",
    title: "linear 10",
    jobs: 10,
    contestants: everyone,
    quick: ours,
    graphs: () => [Shape.linear(10)]
  }),
  ofGraphs({
    name: "W9",
    title: "1 → 100,000 → 1",
    jobs: 100_002,
    contestants: everyone,
    quick: [],
    graphs: () => [Shape.fan(100_000)]
  }),
  ofGraphs({
    name: "W10a",
    title: "1,000 sequences nested ten deep",
    jobs: 2000,
    contestants: ["jobchain"],
    graphs: () => [Shape.linear(2000)],
    with: { sequences: nested(100, 10) }
  }),
  retried(10_000, "W10b", "a sequence of 10,000 retried ten times"),
  retried(5000, "W10b-half", "a sequence of 5,000 retried ten times"),
  ofGraphs({
    name: "W11",
    title: "linear 1,000, jobs set data",
    jobs: 1000,
    contestants: ["floor-queue", "jobchain"],
    graphs: () => [Shape.linear(1000)],
    with: { work: "setData" }
  })
]
