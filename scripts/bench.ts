/**
 * `npm run bench`: how fast jobchain is, beside others and beside the least that Effect could do.
 *
 * One command, one run, on one machine: the table goes to stdout, progress to stderr. What is measured is in
 * `bench/Workloads.ts`, how in `bench/Rounds.ts`, what counts as a run in `bench/Case.ts`.
 */
import { writeFileSync } from "node:fs"
import * as Arguments from "./bench/Arguments.ts"
import * as Chart from "./bench/Chart.ts"
import * as Probes from "./bench/Probes.ts"
import { type Absence, type Result, Results } from "./bench/Result.ts"
import * as Rounds from "./bench/Rounds.ts"
import * as Stores from "./bench/Stores.ts"
import * as Table from "./bench/Table.ts"
import * as Targets from "./bench/Targets.ts"
import { setup as ensureBuilt } from "./ensureBuilt.ts"
import * as Flags from "./Flags.ts"

const main = (args: Arguments.Arguments): Promise<void> =>
  args.workloads.some(({ group }) => group === "durable") ? Stores.use(() => measure(args)) : measure(args)

const measure = async (args: Arguments.Arguments): Promise<void> => {
  ensureBuilt()
  const measured: Array<Result> = []
  const absences: Array<Absence> = []
  for (const workload of args.workloads) {
    const contestants = args.quick && workload.quick.length > 0 ? workload.quick : workload.contestants
    const warmUpMs = args.quick ? 100 : 8000
    const outcome = await Rounds.run(workload, contestants, { rounds: args.rounds, warmUpMs, say })
    measured.push(...outcome.results)
    absences.push(...outcome.absences)
  }
  const results = new Results(measured)
  const probed = results.get("W6", "jobchain") === undefined ? [] : await Probes.lines(results, say)
  say("")
  console.log(Table.make(args.workloads, results, absences))
  console.log(`\n${[...Targets.lines(results), ...probed].join("\n")}`)
  if (args.json !== undefined) writeFileSync(args.json, `${JSON.stringify(measured, null, 2)}\n`)
  if (args.chart !== undefined) writeFileSync(args.chart, Chart.make(args.workloads, results))
}

/** On a terminal one line that changes, else a line each. */
const say = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
  else if (text !== "") process.stderr.write(`${text}\n`)
}

const explain = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message}: ${explain(error.cause)}`
}

try {
  const args = Arguments.parse(process.argv.slice(2))
  if (args.help) console.log(Arguments.usage)
  else await main(args)
} catch (error) {
  console.error(explain(error))
  process.exitCode = error instanceof Flags.BadArguments ? 2 : 1
}
