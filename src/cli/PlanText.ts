/**
 * How the forecast of a chain is shown: for people, and as JSON.
 *
 * @since 0.1.0
 */
import type { Forecast, JobForecast } from "../domain/Forecast.ts"
import * as GoDuration from "../domain/GoDuration.ts"
import type { TimeBound } from "../domain/TimeBound.ts"
import { listed } from "./Listed.ts"
import * as Table from "./Table.ts"

/** Returns the forecast as the document of `--output json`. Times are milliseconds; `null` is no limit. */
export const toJson = ({ fanOuts, jobs, longestPath, time, triesMax, waits }: Forecast): object => ({
  jobs: jobs.map(({ id, job, level, triesMax }) => ({
    id,
    name: job.name ?? "",
    type: job.type ?? "",
    level,
    sequenceId: job.sequenceId || null,
    triesMax,
    data: Object.keys(job.data ?? {})
  })),
  longestPath,
  fanOuts,
  triesMax: finite(triesMax),
  waitsMaxMs: boundToJson(waits),
  timeMaxMs: boundToJson(time)
})

const boundToJson = ({ atOnce, oneByOne }: TimeBound) => ({ atOnce: finite(atOnce), oneByOne: finite(oneByOne) })

const finite = (value: number): number | null => Number.isFinite(value) ? value : null

/** Returns the forecast in lines: the jobs level by level, then what holds for all of them. */
export const pretty = (forecast: Forecast): string => {
  const { fanOuts, jobs, longestPath, triesMax } = forecast
  const rows = jobs.map((job, index) => [
    job.level === jobs[index - 1]?.level ? "" : String(job.level + 1),
    job.id,
    job.job.type ?? "",
    notesOn(job)
  ])
  const lines = [
    `longest path: ${pathOf(longestPath)}`,
    ...(fanOuts.length === 0 ? [] : [`known when it runs: how many jobs follow ${listed(fanOuts)}`]),
    `tries: ${Number.isFinite(triesMax) ? `${triesMax} at most` : unknownYet}`,
    `waits between tries: ${Number.isFinite(forecast.waits.atOnce) ? describe(forecast.waits) : unknownYet}`,
    `time: ${describeTime(forecast)}`
  ]
  return `${Table.render(["LEVEL", "JOB", "TYPE", "AT MOST"], rows)}\n${lines.map((line) => `${line}\n`).join("")}`
}

const notesOn = ({ job, triesMax }: JobForecast): string =>
  [
    ...(triesMax > 1 ? [`${triesMax} tries`] : []),
    ...(job.timeout ? [`${job.timeout} a try`] : []),
    ...(job.totalTimeout ? [`${job.totalTimeout} in all`] : [])
  ].join(", ")

/** Of a longer path the ends say enough. */
const pathShownMax = 12

const pathOf = (ids: ReadonlyArray<string>): string => {
  const hidden = ids.length - pathShownMax
  const shown = hidden > 0 ? [...ids.slice(0, pathShownMax - 1), `${hidden} more`, ...ids.slice(-1)] : ids
  return shown.join(" → ")
}

const describe = ({ atOnce, oneByOne }: TimeBound): string =>
  atOnce === oneByOne
    ? `${GoDuration.format(atOnce)} at most`
    : `${GoDuration.format(atOnce)} at most, ${
      Number.isFinite(oneByOne) ? GoDuration.format(oneByOne) : "no limit is known"
    } with one job at a time`

const unknownYet = "not known before it runs"

const describeTime = ({ fanOuts, jobs, time }: Forecast): string => {
  if (Number.isFinite(time.atOnce)) return describe(time)
  const unlimited = jobs.filter(({ job }) => !job.timeout && !job.totalTimeout).map(({ id }) => id)
  if (unlimited.length === 0 && fanOuts.length > 0) return unknownYet
  return `no limit is known, as these have no timeout: ${listed(unlimited)}`
}
