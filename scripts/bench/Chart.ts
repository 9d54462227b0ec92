/**
 * The results as a picture: for each workload the time per job of each contestant, on a logarithmic scale.
 *
 * On a background of its own, so that it can be read on light and dark pages.
 */
import type { Result, Results } from "./Result.ts"
import { figure } from "./Table.ts"
import type { Workload } from "./Workload.ts"

const size = { width: 880, label: 210, right: 70, top: 64, bar: 9, gap: 14, bottom: 44 }
const text = "#24292f"
const faint = "#d0d7de"

/** What stands out is jobchain; the floors are grey. */
const colours: ReadonlyArray<readonly [contestant: string, colour: string]> = [
  ["jobchain", "#0969da"],
  ["floor-queue", "#8c959f"],
  ["floor-direct", "#c4cad0"],
  ["floor-promises", "#aab2ba"],
  ["p-graph", "#bf8700"],
  ["toposort+p-limit", "#1a7f37"],
  ["async.auto", "#cf222e"],
  ["listr2", "#8250df"],
  ["effect-workflow", "#bf3989"]
]
const spareColours = ["#0550ae", "#6e7781", "#116329", "#953800"]

/** Returns an SVG. Workloads without a comparison, and those not in memory, are left out. */
export const make = (workloads: ReadonlyArray<Workload>, results: Results): string => {
  const groups = workloads.flatMap((workload) => {
    const bars = workload.contestants.flatMap((contestant) => results.get(workload.name, contestant) ?? [])
    return bars.length > 1 && workload.group === "memory" ? [{ workload, bars }] : []
  })
  const contestants = [...new Set(groups.flatMap(({ bars }) => bars.map(({ contestant }) => contestant)))]
  const scale = scaleOf(groups.flatMap(({ bars }) => bars.map(perJob)))
  const heights = groups.map(({ bars }) => bars.length * size.bar + size.gap)
  const height = size.top + heights.reduce((sum, groupHeight) => sum + groupHeight, 0) + size.bottom
  const tops = heights.map((_, index) => size.top + heights.slice(0, index).reduce((sum, h) => sum + h, 0))
  return `${
    [
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${height}" width="${size.width}" ` +
      `height="${height}" font-family="system-ui, sans-serif" font-size="12" fill="${text}">`,
      `<title>Microseconds per job, warm, by workload and contestant</title>`,
      `<rect width="100%" height="100%" rx="6" fill="#f6f8fa"/>`,
      ...legend(contestants),
      ...scale.ticks.map((tick) => tickLine(scale.x(tick), tick, height - size.bottom)),
      label({ x: size.label, y: height - 12 }, "µs per job, warm median; shorter is better, the scale is logarithmic"),
      ...groups.flatMap(({ bars, workload }, index) => group(workload, bars, tops[index] ?? 0, scale.x)),
      "</svg>"
    ].join("\n")
  }\n`
}

const perJob = ({ jobs, warmMs }: Result): number => warmMs.median * 1000 / jobs

interface Scale {
  readonly x: (value: number) => number
  readonly ticks: ReadonlyArray<number>
}

const scaleOf = (values: ReadonlyArray<number>): Scale => {
  const low = Math.floor(Math.log10(Math.min(...values)))
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))))
  const width = size.width - size.label - size.right
  return {
    x: (value) => size.label + width * (Math.log10(value) - low) / (high - low),
    ticks: Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index))
  }
}

const group = (workload: Workload, bars: ReadonlyArray<Result>, top: number, x: Scale["x"]): ReadonlyArray<string> => [
  label({ x: 12, y: top + 11 }, `<tspan font-weight="600">${workload.name}</tspan> ${escape(workload.title)}`),
  ...bars.map((bar, index) => {
    const y = top + index * size.bar
    const end = x(perJob(bar))
    const shape = `<rect x="${size.label}" y="${y + 1}" width="${(end - size.label).toFixed(1)}" ` +
      `height="${size.bar - 2}" rx="1" fill="${colourOf(bar.contestant)}"><title>${
        escape(bar.contestant)
      }</title></rect>`
    if (bar.contestant !== "jobchain") return shape
    return `${shape}\n${label({ x: end + 4, y: y + size.bar - 1 }, figure(perJob(bar)))}`
  })
]

const legend = (contestants: ReadonlyArray<string>): ReadonlyArray<string> =>
  contestants.map((contestant, index) => {
    const [x, y] = [12 + (index % 5) * 170, 14 + Math.floor(index / 5) * 20]
    return `<rect x="${x}" y="${y}" width="10" height="10" rx="2" fill="${colourOf(contestant)}"/>` +
      label({ x: x + 15, y: y + 9 }, escape(contestant))
  })

const tickLine = (x: number, value: number, bottom: number): string =>
  `<line x1="${x}" x2="${x}" y1="${size.top - 6}" y2="${bottom}" stroke="${faint}"/>` +
  label({ x: x - 3, y: bottom + 12 }, String(value))

const label = ({ x, y }: { readonly x: number; readonly y: number }, content: string): string =>
  `<text x="${x.toFixed(1)}" y="${y}">${content}</text>`

const colourOf = (contestant: string): string => {
  const known = colours.find(([name]) => name === contestant)
  // The same for each name, whoever else is there.
  return known?.[1] ?? spareColours[contestant.length % spareColours.length] ?? text
}

const escape = (value: string): string => value.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
