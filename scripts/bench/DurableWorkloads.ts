/**
 * The same graphs for contestants that keep what has run in a database, so that it survives the process.
 *
 * Each commit is on the disk before it is over, but for `jobchain-sqlite-normal`. What a contestant cannot do, or not in
 * minutes, it is not in, or runs from a tenth.
 */
import * as GraphWorkload from "./GraphWorkload.ts"
import * as GraphWorkloads from "./GraphWorkloads.ts"
import * as Shape from "./Shape.ts"
import type { Workload } from "./Workload.ts"

const sqlite = ["floor-sqlite-group", "jobchain-sqlite", "jobchain-sqlite-normal"]
const postgres = ["floor-pg-group", "jobchain-pg"]
const ours = [...sqlite, ...postgres]
const dbos = "@dbos-inc/dbos-sdk"
const postgresPeers = [dbos, "pg-boss"]

const floorOf = (contestant: string): string =>
  [...postgres, ...postgresPeers].includes(contestant) ? "floor-pg-group" : "floor-sqlite-group"

interface Entry extends Pick<Workload, "contestants" | "quick"> {
  readonly note?: string
}

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

/** In the place of W5, for those who would take minutes. */
const tenthOfW5: Workload = {
  name: "W5",
  group: "durable",
  title: "a tenth of it, layered 10 × 1,000",
  jobs: 10_002,
  contestants: [dbos],
  quick: [],
  floorOf,
  note: `${dbos} runs a tenth of it, 10 layers`,
  load: async (name) => {
    const graph = Shape.layered({ jobs: 10_000, width: 1000, seed: 1 })
    return (await GraphWorkload.contestant(name))(GraphWorkload.make([graph]))
  }
}

const fewerSteps = "openworkflow takes 1,000 steps in a workflow at most"

export const all: ReadonlyArray<Workload> = [
  ...durable("W1", { contestants: [...ours, "openworkflow", ...postgresPeers], quick: [] }),
  ...durable("W2", { contestants: [...ours, ...postgresPeers], quick: [...ours, "pg-boss"], note: fewerSteps }),
  ...durable("W3", { contestants: [...ours, "openworkflow", ...postgresPeers], quick: ours }),
  ...durable("W4", { contestants: [...ours, "openworkflow", ...postgresPeers], quick: [] }),
  ...durable("W5", { contestants: [...ours, "pg-boss"], quick: [], note: fewerSteps }),
  tenthOfW5,
  ...durable("W6", { contestants: sqlite, quick: [] })
]
