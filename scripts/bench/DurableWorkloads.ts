/**
 * The same graphs for contestants that keep what has run in a database, so that it survives the process.
 *
 * Each commit is on the disk before it is over, but for `jobchain-sqlite-normal`.
 */
import * as GraphWorkloads from "./GraphWorkloads.ts"
import type { Workload } from "./Workload.ts"

const sqlite = ["floor-sqlite-group", "jobchain-sqlite", "jobchain-sqlite-normal"]
const postgres = ["floor-pg-group", "jobchain-pg"]
const ours = [...sqlite, ...postgres]

const floorOf = (contestant: string): string => postgres.includes(contestant) ? "floor-pg-group" : "floor-sqlite-group"

type Entry = Pick<Workload, "contestants" | "quick">

/** The workload of this name with other contestants. */
const durable = (name: string, entry: Entry): ReadonlyArray<Workload> =>
  GraphWorkloads.all.filter((workload) => workload.name === name).map(({ jobs, load, title }) => ({
    ...entry,
    name,
    group: "durable",
    title,
    jobs,
    floorOf,
    load
  }))

export const all: ReadonlyArray<Workload> = [
  ...durable("W1", { contestants: ours, quick: [] }),
  ...durable("W2", { contestants: ours, quick: ours }),
  ...durable("W3", { contestants: ours, quick: ours }),
  ...durable("W4", { contestants: ours, quick: ours }),
  ...durable("W5", { contestants: ours, quick: [] }),
  ...durable("W6", { contestants: sqlite, quick: [] })
]
