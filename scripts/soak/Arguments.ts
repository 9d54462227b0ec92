/**
 * What `npm run soak` is asked for.
 */
import * as Flags from "../Flags.ts"

export interface Arguments {
  readonly help: boolean
  /** How many processes to kill. */
  readonly kills: number
  /** How many processes to freeze. */
  readonly freezes: number
  /** How many of the kinds of chains to end at every write. */
  readonly shapes: number
  readonly seed: number
  /** Where the store is. */
  readonly database: "sqlite" | "postgres"
  /** Whether to leave the databases where they are. */
  readonly keep: boolean
}

export const usage = `npm run soak -- [flags]

  --quick       about a minute: 20 kills, the deaths of 1 chain, 2 freezes
  --kills N     how many processes to kill; 1000
  --freezes N   how many processes to freeze past their lease; 20
  --shapes N    of how many kinds of chains to have processes end at every write; 11
  --postgres    on a PostgreSQL server that is started for it, rather than on SQLite
  --seed N      for the moments and chains; 1
  --keep        leaves the databases where they are, and says where
  --help        says this
`

/** Reads arguments; throws `Flags.BadArguments`. */
export const parse = (args: ReadonlyArray<string>): Arguments => {
  const { help = false, keep = false, postgres = false, quick = false, ...values } = Flags.read(args, options)
  return {
    help,
    keep,
    kills: countOf("kills", values.kills, quick ? 20 : 1000),
    freezes: countOf("freezes", values.freezes, quick ? 2 : 20),
    database: postgres ? "postgres" : "sqlite",
    shapes: countOf("shapes", values.shapes, quick ? 1 : 11),
    seed: countOf("seed", values.seed, 1)
  }
}

const options = {
  quick: { type: "boolean" },
  postgres: { type: "boolean" },
  kills: { type: "string" },
  freezes: { type: "string" },
  shapes: { type: "string" },
  seed: { type: "string" },
  keep: { type: "boolean" },
  help: { type: "boolean", short: "h" }
} as const

const countOf = (flag: string, text: string | undefined, unlessGiven: number): number => {
  if (text === undefined) return unlessGiven
  if (!/^\d{1,9}$/.test(text)) throw new Flags.BadArguments(`--${flag} is "${text}", expected a whole number from 0.`)
  return Number(text)
}
