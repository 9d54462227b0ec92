/**
 * Reading chains: from a text in hand to a chain that could be run, beside the parser alone.
 */
import * as Case from "./Case.ts"
import * as Shape from "./Shape.ts"
import type { Workload } from "./Workload.ts"

interface Reading {
  readonly name: string
  readonly title: string
  readonly form: "json" | "wire" | "yaml"
  /** Between the first and the last job. */
  readonly jobs: number
}

const workload = ({ form, jobs, name, title }: Reading): Workload => ({
  name,
  title,
  jobs: jobs + 2,
  group: "reading",
  contestants: ["bare", "jobchain"],
  floorOf: () => "bare",
  // To make the texts alone takes seconds.
  quick: [],
  load: async (contestant) => {
    const ChainText = await import("./ChainText.ts")
    const text = ChainText[form].textOf(Shape.layered({ jobs, width: jobs / 100, seed: 1 }))
    return Case.counting(async () =>
      contestant === "bare"
        ? Object.keys(ChainText[form].parse(text).jobs ?? {}).length
        : ChainText.read(text, ChainText[form])
    )
  }
})

export const all: ReadonlyArray<Workload> = [
  workload({ name: "readJson", title: "a chain file in JSON", form: "json", jobs: 100_000 }),
  workload({ name: "readWire", title: "a wire chain in JSON", form: "wire", jobs: 100_000 }),
  workload({ name: "readYaml", title: "a chain file in YAML", form: "yaml", jobs: 10_000 })
]
