/**
 * `npm run soak`: real processes that run real chains are killed and frozen, and what they leave behind is counted.
 *
 * The figures go to stdout, progress to stderr. It fails where one of those that have to be 0 is not. What is done is in
 * `soak/Kills.ts`, `soak/Writes.ts` and `soak/Freezes.ts`, what a process does in `soak/worker.ts`, what is counted in `soak/Audit.ts`.
 */
import * as Flags from "./Flags.ts"
import * as Arguments from "./soak/Arguments.ts"
import * as Freezes from "./soak/Freezes.ts"
import * as Kills from "./soak/Kills.ts"
import * as Shapes from "./soak/Shapes.ts"
import * as Writes from "./soak/Writes.ts"

interface Figure {
  readonly what: string
  readonly count: number
  readonly mustBeZero?: boolean
}

const main = async ({ database, freezes, keep, kills, seed, shapes }: Arguments.Arguments): Promise<void> => {
  const startedAt = performance.now()
  const killed = await Kills.run({ database, kills, seed, keep, say })
  const died = await Writes.run({ database, names: Shapes.names.slice(0, shapes), seed, keep, say })
  const frozen = await Freezes.run({ database, freezes, seed, keep, say })
  say("")
  const figures: ReadonlyArray<Figure> = [
    { what: "processes killed", count: kills },
    { what: "chains", count: killed.chains },
    { what: "runs of jobs", count: killed.runs },
    { what: "runs that a kill cut off, and were recovered", count: killed.recovered },
    { what: "chains given up, as a job ran at three crashes in a row", count: killed.givenUp },
    { what: "jobs run after three crashes in a row", count: killed.overrun, mustBeZero: true },
    { what: "chains lost", count: killed.lost, mustBeZero: true },
    { what: "chains stuck", count: killed.stuck, mustBeZero: true },
    { what: "chains that ended otherwise than they should", count: killed.wrong, mustBeZero: true },
    { what: "jobs run again after their COMPLETE was committed", count: killed.again, mustBeZero: true },
    { what: "reports not told, or out of order", count: killed.untold, mustBeZero: true },
    { what: "processes that ended right before or after a write", count: died.deaths },
    {
      what: "chains of theirs lost, stuck, or ended otherwise",
      count: died.lost + died.stuck + died.wrong,
      mustBeZero: true
    },
    { what: "jobs of theirs run again after their COMPLETE was committed", count: died.again, mustBeZero: true },
    { what: "reports of theirs not told, or out of order", count: died.untold, mustBeZero: true },
    { what: "processes frozen past their lease", count: freezes },
    { what: "chains taken over from them", count: frozen.takenOver },
    { what: "writes of theirs refused", count: frozen.refused },
    { what: "writes of theirs that got through", count: frozen.gotThrough, mustBeZero: true },
    { what: "chains of theirs that ended otherwise than they should", count: frozen.wrong, mustBeZero: true }
  ]
  console.log(tableOf(figures))
  console.log(
    `\n${database}, seed ${seed}, ${
      Math.round((performance.now() - startedAt) / 1000)
    } s, Node ${process.versions.node}`
  )
  const faults = figures.filter(({ count, mustBeZero }) => mustBeZero === true && count > 0)
  // A soak in which nothing was refused has shown nothing.
  if (faults.length > 0 || (freezes > 0 && frozen.refused === 0)) process.exitCode = 1
}

const tableOf = (figures: ReadonlyArray<Figure>): string => {
  const width = Math.max(...figures.map(({ what }) => what.length))
  return figures.map(({ count, mustBeZero, what }) => {
    const verdict = mustBeZero === true && count > 0 ? "  must be 0" : ""
    return `${what.padEnd(width)}  ${String(count).padStart(8)}${verdict}`
  }).join("\n")
}

/** On a terminal one line that changes, else a line now and then. */
const say = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
  else if (/^\d*0 of|^[a-z]/.test(text)) process.stderr.write(`${text}\n`)
}

try {
  const args = Arguments.parse(process.argv.slice(2))
  if (args.help) console.log(Arguments.usage)
  else await main(args)
} catch (error) {
  console.error(error instanceof Flags.BadArguments ? error.message : error)
  process.exitCode = error instanceof Flags.BadArguments ? 2 : 1
}
