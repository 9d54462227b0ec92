/**
 * What `npm run bench` is asked for.
 */
import * as Flags from "../Flags.ts"
import type { Workload } from "./Workload.ts"
import * as Workloads from "./Workloads.ts"

export interface Arguments {
  readonly help: boolean
  readonly quick: boolean
  readonly rounds: number
  readonly workloads: ReadonlyArray<Workload>
  /** Files to write. */
  readonly json: string | undefined
  readonly chart: string | undefined
}

export const usage = `npm run bench -- [flags]

  --quick         under a minute: fewer rounds, and without the largest workloads
  --only W1,W5    these workloads; W10 is W10a and W10b
  --only durable  those that are kept in databases; also memory, commands, reading, and with names: durable,W1
  --rounds N      how often each contestant is timed when it is warm; 7, with --quick 3
  --json FILE     writes the results
  --chart FILE    writes a chart of them, as SVG
  --help          says this

Workloads:
${[...new Set(Workloads.all.map(({ name, title }) => `  ${name.padEnd(14)}${title}`))].join("\n")}
`

/** Reads arguments; throws `Flags.BadArguments`. */
export const parse = (args: ReadonlyArray<string>): Arguments => {
  const { help = false, quick = false, ...values } = Flags.read(args, options)
  const only = values.only?.split(",").map((word) => word.trim()).filter((word) => word !== "") ?? []
  const workloads = values.only !== undefined && only.length === 0 ? [] : selected(only, quick)
  if (workloads.length === 0) throw new Flags.BadArguments(`--only names no workload; ${known()}`)
  return { help, quick, rounds: roundsOf(values.rounds, quick), workloads, json: values.json, chart: values.chart }
}

const options = {
  quick: { type: "boolean" },
  only: { type: "string" },
  rounds: { type: "string" },
  json: { type: "string" },
  chart: { type: "string" },
  help: { type: "boolean", short: "h" }
} as const

/** Names of workloads choose, those of groups narrow the choice; large workloads are in `quick` only where they are named. */
const selected = (only: ReadonlyArray<string>, quick: boolean): ReadonlyArray<Workload> => {
  const names = only.filter((word) => !isGroup(word))
  const groups = only.filter(isGroup)
  const chosen = names.length > 0
    ? names.flatMap(workloadsNamed)
    : Workloads.all.filter((workload) => !quick || workload.quick.length > 0)
  return [...new Set(chosen)].filter(({ group }) => groups.length === 0 || groups.includes(group))
}

const workloadsNamed = (name: string): ReadonlyArray<Workload> => {
  const found = Workloads.named(name)
  if (found.length === 0) throw new Flags.BadArguments(`There is no workload "${name}"; ${known()}`)
  return found
}

const isGroup = (word: string): boolean => Workloads.all.some(({ group }) => group === word)

const known = (): string => {
  const [names, groups] = [Workloads.all.map(({ name }) => name), Workloads.all.map(({ group }) => group)]
  return `the workloads are ${listOf(names)}, in the groups ${listOf(groups)}.`
}

/** The words in their order, each once. */
const listOf = (words: ReadonlyArray<string>): string => [...new Set(words)].join(", ")

const roundsOf = (text: string | undefined, quick: boolean): number => {
  if (text === undefined) return quick ? 3 : 7
  if (!/^[1-9]\d{0,3}$/.test(text)) {
    throw new Flags.BadArguments(`--rounds is "${text}", expected a number from 1 to 9999.`)
  }
  return Number(text)
}
