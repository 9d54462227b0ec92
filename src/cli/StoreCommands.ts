/**
 * The commands that look after the chains of a store, with their flags and help.
 *
 * @since 0.1.0
 */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Age from "./Age.ts"
import * as Flags from "./Flags.ts"
import * as InitialData from "./InitialData.ts"

const { db, id, output } = Flags

export const ps = Command.make(
  "ps",
  { db, output },
  (options) => Flags.lazily(() => import("./List.ts"), ({ ps }) => ps(options))
).pipe(
  Command.withDescription("List the chains that run now, by whichever process"),
  Command.withExamples([{ command: "jobchain ps", description: "What runs now" }])
)

const limit = 50

const states = ["running", "complete", "fail", "stopped", "suspended", "crashed", "damaged", "pending"] as const

export const list = Command.make("list", {
  states: Flag.Literals("state", states).pipe(
    Flag.withDescription("Only chains in this state; repeatable"),
    Flag.map((state) => state.toUpperCase() as Uppercase<typeof state>),
    Flag.atLeast(0)
  ),
  name: Flag.String("name").pipe(
    Flag.withMetavar("NAME"),
    Flag.withDescription("Only chains of this name, which is that in the chain file, or the file's"),
    Flag.optional
  ),
  since: Flag.String("since").pipe(
    Flag.withMetavar("AGE"),
    Flag.withDescription("Only chains that ran in this time: 90s, 30m, 12h, 7d, 2w"),
    Flag.mapTryCatch(Age.parse, Flags.reasonOf),
    Flag.optional
  ),
  limit: Flag.Int("limit").pipe(
    Flag.filter((count) => count > 0, (count) => `a number > 0, got ${count}`),
    Flag.withMetavar("N"),
    Flag.withDescription(`How many at most; ${limit} unless given`),
    Flag.withDefault(limit)
  ),
  db,
  output
}, (options) => Flags.lazily(() => import("./List.ts"), ({ list }) => list(options))).pipe(
  Command.withDescription("List the chains of the store, the newest first"),
  Command.withExamples([
    { command: "jobchain list --state fail --since 7d", description: "What has failed in the last week" }
  ])
)

export const status = Command.make(
  "status",
  { id, db, output },
  (options) => Flags.lazily(() => import("./Status.ts"), ({ status }) => status(options))
).pipe(
  Command.withDescription("Show how a chain and each of its jobs stand: state, tries, times"),
  Command.withShortDescription("Show how a chain and its jobs stand"),
  Command.withExamples([
    { command: "jobchain status release-7", description: "For people" },
    { command: "jobchain status release-7 --output json | jq .state", description: "For programs" }
  ])
)

export const log = Command.make("log", {
  id,
  job: Argument.String("JOB").pipe(Argument.withDescription("Only this job's"), Argument.optional),
  follow: Flag.Boolean("follow").pipe(
    Flag.withAlias("f"),
    Flag.withoutNegation,
    Flag.withDescription("Go on until the chain ends or is suspended"),
    Flag.withDefault(false)
  ),
  db,
  output
}, (options) => Flags.lazily(() => import("./Log.ts"), ({ log }) => log(options))).pipe(
  Command.withDescription("Show what the jobs of a chain have written, and how each of their tries ended"),
  Command.withShortDescription("Show what jobs have written"),
  Command.withExamples([
    { command: "jobchain log release-7 build", description: "Of one job" },
    { command: "jobchain log release-7 --follow", description: "As it is written, by whichever process" }
  ])
)

export const stop = Command.make(
  "stop",
  { id, db, output },
  (options) => Flags.lazily(() => import("./Stop.ts"), ({ stop }) => stop(options))
).pipe(
  Command.withDescription(
    "Stop a chain for good, whoever runs it, and wait until it is over. Exit code 0 when it is, however it ended."
  ),
  Command.withShortDescription("Stop a chain for good"),
  Command.withExamples([{ command: "jobchain stop release-7", description: "Stop it, wherever it runs" }])
)

export const signal = Command.make("signal", {
  id,
  name: Argument.String("NAME").pipe(
    Argument.filter((name) => name !== "", () => "a name that is not empty"),
    Argument.withDescription("The signal's name")
  ),
  data: Flag.String("data").pipe(
    Flag.withMetavar("KEY=VALUE"),
    Flag.withDescription("What the job that takes it hands on; KEY:=JSON for any JSON; repeatable"),
    Flag.atLeast(0),
    Flag.mapTryCatch(InitialData.parse, Flags.reasonOf)
  ),
  db
}, (options) => Flags.lazily(() => import("./Signal.ts"), ({ signal }) => signal(options))).pipe(
  Command.withDescription("Send a signal to a chain, for a job of type wait. It is kept until a job has taken it."),
  Command.withShortDescription("Send a signal to a chain"),
  Command.withExamples([
    { command: "jobchain signal release-7 approve --data by=ann", description: "Let it go on" }
  ])
)

export const exporting = Command.make("export", {
  id,
  file: Flag.Path("out").pipe(
    Flag.withAlias("o"),
    Flag.withMetavar("FILE"),
    Flag.withDescription("Where to; stdout unless given"),
    Flag.map(Flags.asWritten),
    Flag.optional
  ),
  db
}, (options) => Flags.lazily(() => import("./Export.ts"), ({ exportChain }) => exportChain(options))).pipe(
  Command.withDescription("Write a suspended or crashed chain to a file, with checksums, to go on with it elsewhere"),
  Command.withShortDescription("Write a chain to a file"),
  Command.withExamples([
    { command: "jobchain export release-7 -o release-7.json", description: "Write it to a file" },
    { command: "jobchain export release-7 | ssh build jobchain resume -", description: "Go on elsewhere" }
  ])
)

export const importing = Command.make("import", {
  file: Flags.file.pipe(Argument.withDescription("An exported or suspended chain; - reads stdin")),
  force: Flag.Boolean("force").pipe(
    Flag.withoutNegation,
    Flag.withDescription("Take in a chain that was altered since its export, and say where"),
    Flag.withDefault(false)
  ),
  db
}, (options) => Flags.lazily(() => import("./Import.ts"), ({ importFile }) => importFile(options))).pipe(
  Command.withDescription("Take a suspended chain into the store, to be resumed. One that was altered is refused."),
  Command.withShortDescription("Take a chain into the store"),
  Command.withExamples([{ command: "jobchain import release-7.json", description: "What another store has exported" }])
)

export const gc = Command.make("gc", {
  olderThan: Flag.String("older-than").pipe(
    Flag.withMetavar("AGE"),
    Flag.withDescription("How long ago a chain must have ended: 90s, 30m, 12h, 30d, 2w"),
    Flag.mapTryCatch(Age.parse, Flags.reasonOf)
  ),
  dryRun: Flag.Boolean("dry-run").pipe(
    Flag.withoutNegation,
    Flag.withDescription("Only say how many they are"),
    Flag.withDefault(false)
  ),
  db,
  output
}, (options) => Flags.lazily(() => import("./Gc.ts"), ({ gc }) => gc(options))).pipe(
  Command.withDescription(
    "Delete chains that ended long ago, with all that belongs to them. Nothing else deletes any."
  ),
  Command.withShortDescription("Delete chains that ended long ago"),
  Command.withExamples([{ command: "jobchain gc --older-than 30d --dry-run", description: "What that would be" }])
)
