/**
 * What jobchain wants to reach, and where it stands. Nothing depends on it but the reader: machines differ, and are busy.
 */
import type { Results } from "./Result.ts"
import { figure } from "./Table.ts"

/** Returns a line for each target of which all was measured. */
export const lines = (results: Results): ReadonlyArray<string> => [
  ...["W1", "W2", "W3", "W4", "W5", "W9"].flatMap((workload) => [
    ...ratio(results, `${workload} / floor-queue`, [workload, "jobchain"], [workload, "floor-queue"], 1.5),
    ...["p-graph", "async.auto", "listr2", "effect-workflow"].flatMap((peer) =>
      ratio(results, `${workload} / ${peer}`, [workload, "jobchain"], [workload, peer], 1)
    ),
    ...ratio(
      results,
      `${workload} / toposort+p-limit`,
      [workload, "jobchain"],
      [workload, "toposort+p-limit"],
      ["W1", "W2", "W3"].includes(workload) ? 2 : 1
    )
  ]),
  ...jobsPerSecond(results),
  ...perJob(results, "jobchain", ["W6", "W5"], 1.3),
  ...perJob(results, "jobchain", ["W6", "W3"], 1.5),
  ...durable(results),
  ...ratio(results, "W7 / floor-promises", ["W7", "jobchain"], ["W7", "floor-promises"], 1.15),
  ...atMost("W8 warm, ms", results.warm("W8", "jobchain"), 0.2),
  ...ratio(results, "W10b / its half", ["W10b", "jobchain"], ["W10b-half", "jobchain"], undefined),
  ...ratio(results, "W11 / W1", ["W11", "jobchain"], ["W1", "jobchain"], 2),
  ...ratio(results, "start / bare", ["start", "jobchain"], ["start", "bare"], 4),
  ...difference(results, "run10 − bare, ms", "run10", 350),
  ...ratio(results, "shell1000 / bare", ["shell1000", "jobchain"], ["shell1000", "bare"], 1.15),
  ...ratio(results, "readJson / bare", ["readJson", "jobchain"], ["readJson", "bare"], 6),
  ...ratio(results, "readWire / bare", ["readWire", "jobchain"], ["readWire", "bare"], 6),
  ...ratio(results, "readYaml / bare", ["readYaml", "jobchain"], ["readYaml", "bare"], 1.3)
]

/** What stores cost beside bare ones, and beside others that keep what has run. */
const durable = (results: Results): ReadonlyArray<string> => {
  const beside = (workload: string, one: string, other: string, max: number) =>
    ratio(results, `${workload} ${one} / ${other}`, [workload, one], [workload, other], max)
  const besideAll = (workload: string, one: string, max: number) =>
    ["openworkflow", "@dbos-inc/dbos-sdk", "pg-boss"].flatMap((peer) => beside(workload, one, peer, max))
  return [
    ...beside("W1", "jobchain-sqlite", "floor-sqlite-group", 1.3),
    ...beside("W2", "jobchain-sqlite", "floor-sqlite-group", 3),
    ...beside("W3", "jobchain-sqlite", "floor-sqlite-group", 2.5),
    ...beside("W4", "jobchain-sqlite", "floor-sqlite-group", 3),
    ...besideAll("W2", "jobchain-sqlite", 1 / 8),
    ...beside("W1", "jobchain-pg", "floor-pg-group", 1.5),
    ...["W2", "W3", "W4"].flatMap((workload) => besideAll(workload, "jobchain-pg", 1 / 3)),
    ...perJob(results, "jobchain-sqlite", ["W5", "W3"], 1),
    ...perJob(results, "jobchain-sqlite", ["W6", "W5"], 1.25),
    ...atMost("W5 jobchain-sqlite, MiB above memory", memoryAbove(results), 60)
  ]
}

/** How much more a chain takes in a store than in memory. */
const memoryAbove = (results: Results): number | undefined => {
  const [stored, inMemory] = [results.get("W5", "jobchain-sqlite"), results.get("W5", "jobchain")]
  return stored === undefined || inMemory === undefined ? undefined : stored.peakMiB - inMemory.peakMiB
}

type Name = readonly [workload: string, contestant: string]

const ratio = (results: Results, title: string, one: Name, other: Name, max: number | undefined) => {
  const [above, below] = [results.warm(...one), results.warm(...other)]
  return atMost(title, above === undefined || below === undefined ? undefined : above / below, max)
}

const difference = (results: Results, title: string, workload: string, max: number) => {
  const [jobchain, bare] = [results.warm(workload, "jobchain"), results.warm(workload, "bare")]
  return atMost(title, jobchain === undefined || bare === undefined ? undefined : jobchain - bare, max)
}

/** Time per job of one workload by that of another. */
const perJob = (results: Results, contestant: string, [one, other]: readonly [string, string], max: number) => {
  const [above, below] = [results.get(one, contestant), results.get(other, contestant)]
  if (above === undefined || below === undefined) return []
  const value = (above.warmMs.median / above.jobs) / (below.warmMs.median / below.jobs)
  const whose = contestant === "jobchain" ? "" : `${contestant} `
  return atMost(`${whose}${one} / ${other}, time per job`, value, max)
}

const jobsPerSecond = (results: Results) => {
  const result = results.get("W4", "jobchain")
  if (result === undefined) return []
  const perSecond = result.jobs * 1000 / result.warmMs.median
  return [line("W4 jobs/s", perSecond.toFixed(0), "≥ 200000", perSecond >= 200_000)]
}

/** A line for a value that should not be larger than something. */
export const atMost = (title: string, value: number | undefined, max: number | undefined): ReadonlyArray<string> => {
  if (value === undefined) return []
  return [
    max === undefined
      ? line(title, figure(value), "", undefined)
      : line(title, figure(value), `≤ ${Number(max.toFixed(3))}`, value <= max)
  ]
}

const line = (title: string, value: string, target: string, isReached: boolean | undefined): string => {
  const verdict = isReached === undefined ? "" : isReached ? "yes" : "no"
  return `${title.padEnd(40)}${value.padStart(9)}  ${target.padEnd(9)}${verdict}`.trimEnd()
}
