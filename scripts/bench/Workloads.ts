/**
 * All workloads, in the order in which they are measured.
 */
import * as CommandWorkloads from "./CommandWorkloads.ts"
import * as DurableWorkloads from "./DurableWorkloads.ts"
import * as GraphWorkloads from "./GraphWorkloads.ts"
import * as ReadWorkloads from "./ReadWorkloads.ts"
import type { Workload } from "./Workload.ts"

export const all: ReadonlyArray<Workload> = [
  ...GraphWorkloads.all,
  ...DurableWorkloads.all,
  ...CommandWorkloads.all,
  ...ReadWorkloads.all
]

/** Returns the workloads that a name selects: `W10` selects `W10a` and `W10b`. */
export const named = (name: string): ReadonlyArray<Workload> =>
  all.filter((workload) => workload.name === name || /^W\d+(?=[a-z])/.exec(workload.name)?.[0] === name)

/** Returns the workload of exactly this name in which a contestant takes part. */
export const get = (name: string, contestant: string): Workload => {
  const found = all.find((workload) => workload.name === name && workload.contestants.includes(contestant))
  if (found === undefined) throw new Error(`There is no workload ${name} with ${contestant}`)
  return found
}
