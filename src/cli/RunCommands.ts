/**
 * The commands that run chains, with their flags and help: `run`, `resume`, `retry`.
 *
 * @since 0.1.0
 */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Flags from "./Flags.ts"
import * as InitialData from "./InitialData.ts"

const exitCodes =
  "Exit codes: 0 COMPLETE, 1 FAIL, 2 bad usage or input, 3 STOPPED, 4 SUSPENDED, 74 cut off, 130 killed."

const runFlags = {
  concurrency: Flag.Int("concurrency").pipe(
    Flag.filter((count) => count > 0, (count) => `a number > 0, got ${count}`),
    Flag.withMetavar("N"),
    Flag.withDescription("How many jobs may run at once; as many as can unless given"),
    Flag.optional
  ),
  output: Flag.Literals("output", ["pretty", "json", "ndjson"]).pipe(
    Flag.withDescription(
      "pretty, unless given: for people; json: one document at the end; ndjson: an event a line, as it happens"
    ),
    Flag.withDefault("pretty" as const)
  ),
  onInterrupt: Flag.Literals("on-interrupt", ["suspend", "stop"]).pipe(
    Flag.withDescription("What the first Ctrl-C or SIGTERM does; suspend unless given. The second kills at once"),
    Flag.withDefault("suspend" as const)
  ),
  db: Flags.db,
  memory: Flags.memory
}

export const run = Command.make("run", {
  file: Flags.chainFile,
  ...runFlags,
  requestId: Flag.String("request-id").pipe(
    Flag.filter((id) => id !== "", () => "a text that is not empty"),
    Flag.withMetavar("ID"),
    Flag.withDescription("Names the run; else the file does, else it gets an id of its own"),
    Flag.optional
  ),
  data: Flag.String("data").pipe(
    Flag.withMetavar("KEY=VALUE"),
    Flag.withDescription("Job data for the first job, from which it flows to all; KEY:=JSON for any JSON; repeatable"),
    Flag.atLeast(0),
    Flag.mapTryCatch(InitialData.parse, Flags.reasonOf)
  )
}, (options) => Flags.lazily(() => import("./Run.ts"), ({ run }) => run(options))).pipe(
  Command.withDescription(
    `Run a chain. The store keeps it: whatever becomes of this process, "jobchain resume" goes on with it. ${exitCodes}`
  ),
  Command.withShortDescription("Run a chain"),
  Command.withExamples([
    { command: "jobchain run release.yaml", description: "Run a chain; Ctrl-C suspends it" },
    {
      command: "jobchain run release.yaml --data version=1.2 --concurrency 4",
      description: "With job data, at most 4 jobs at once"
    },
    { command: "jobchain run release.yaml --output ndjson | jq -c .", description: "Follow it as events" }
  ])
)

export const resume = Command.make("resume", {
  chain: Argument.String("ID|FILE").pipe(
    Argument.withDescription("A request id, or its beginning; or a suspended chain's file, - reads stdin"),
    Argument.optional
  ),
  ...runFlags
}, (options) => Flags.lazily(() => import("./Resume.ts"), ({ resume }) => resume(options))).pipe(
  Command.withDescription(
    `Go on with a chain that was suspended or cut off by a crash; without one, list them. A chain in a file is taken into ` +
      `the store first. ${exitCodes}`
  ),
  Command.withShortDescription("Go on with a suspended or crashed chain"),
  Command.withExamples([
    { command: "jobchain resume", description: "List the chains that can be resumed" },
    { command: "jobchain resume release-20261124-101500-a1b2", description: "Go on where it was" },
    { command: "jobchain resume release.export.json", description: "Go on with what another store has exported" }
  ])
)

export const retry = Command.make("retry", {
  chain: Argument.String("ID|FILE").pipe(
    Argument.withDescription("A request id, or its beginning; or the file of a chain that is over, - reads stdin")
  ),
  dryRun: Flag.Boolean("dry-run").pipe(
    Flag.withoutNegation,
    Flag.withDescription("Only say what would run, why, and with which data"),
    Flag.withDefault(false)
  ),
  ...runFlags
}, (options) => Flags.lazily(() => import("./Retry.ts"), ({ retry }) => retry(options))).pipe(
  Command.withDescription(
    `Try a chain again that has failed or was stopped: what is COMPLETE stays, the rest runs again under the same request. ` +
      `A failed job takes the nearest sequence around it back that may be tried again. ${exitCodes}`
  ),
  Command.withShortDescription("Try again what failed"),
  Command.withExamples([
    { command: "jobchain retry release-7 --dry-run", description: "See what would run" },
    { command: "jobchain retry release-7", description: "Run it" }
  ])
)
