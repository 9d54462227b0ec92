/**
 * The results for a terminal.
 */
import type { Absence, Result, Results } from "./Result.ts"
import type { Workload } from "./Workload.ts"

const header = ["workload", "contestant", "jobs", "warm ms", "[min – max]", "cold ms", "µs/job", "× floor", "peak MiB"]

/** Returns a table, a group of rows for each workload, with what is to be said of them below. */
export const make = (
  workloads: ReadonlyArray<Workload>,
  results: Results,
  absences: ReadonlyArray<Absence>
): string => {
  const groups = workloads.map((workload) => rowsOf(workload, results, absences))
  const rows = [header, ...groups.flat()]
  const widths = header.map((_, column) => Math.max(...rows.map((row) => [...row[column] ?? ""].length)))
  const line = (row: ReadonlyArray<string>) =>
    row.map((cell, column) => column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))
      .join("  ").trimEnd()
  const notes = [
    ...absences.map(({ contestant, reason, workload }) => `${workload} ${contestant} does not get there: ${reason}`),
    ...workloads.flatMap(({ name, note }) => note === undefined ? [] : [`${name}: ${note}`])
  ]
  return [line(header), ...groups.map((group) => group.map(line).join("\n")), ...notes].join("\n\n")
}

type Row = ReadonlyArray<string>

const rowsOf = (workload: Workload, results: Results, absences: ReadonlyArray<Absence>): ReadonlyArray<Row> =>
  workload.contestants.flatMap((contestant): ReadonlyArray<Row> => {
    const result = results.get(workload.name, contestant)
    if (result !== undefined) return [rowOf(result, results.get(workload.name, workload.floorOf(contestant)))]
    const isAbsent = absences.some((absence) => absence.workload === workload.name && absence.contestant === contestant)
    return isAbsent ? [[workload.name, contestant, String(workload.jobs), ...header.slice(3).map(() => "–")]] : []
  })

const rowOf = (result: Result, floor: Result | undefined): Row => [
  result.workload,
  result.contestant,
  String(result.jobs),
  figure(result.warmMs.median),
  `[${figure(result.warmMs.min)} – ${figure(result.warmMs.max)}]`,
  figure(result.coldMs),
  figure(microsecondsPerJob(result)),
  floor === undefined ? "–" : (microsecondsPerJob(result) / microsecondsPerJob(floor)).toFixed(2),
  result.peakMiB.toFixed(0)
]

const microsecondsPerJob = ({ jobs, warmMs }: Result): number => warmMs.median * 1000 / jobs

/** Three digits that mean something. */
export const figure = (value: number): string => {
  if (value >= 100) return value.toFixed(0)
  if (value >= 10) return value.toFixed(1)
  return value >= 1 ? value.toFixed(2) : value.toFixed(3)
}
