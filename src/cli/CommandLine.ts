/**
 * The commands of `jobchain`, their flags and their help. What a command does is loaded when it is called, so that
 * `--help` starts fast.
 *
 * @since 0.1.0
 */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as Effect from "effect/Effect"
import * as Path from "node:path"
import * as InitialData from "./InitialData.ts"

const exitCodes = "Exit codes: 0 COMPLETE, 1 FAIL, 2 bad usage or input, 3 STOPPED, 4 SUSPENDED, 130 killed."

// A path, for the sake of completions; they come absolute, and are shown as people write them.
const file = Argument.Path("FILE").pipe(Argument.map((path) => {
  const relative = Path.relative("", path)
  return relative.startsWith("..") ? path : relative
}))

const chainFile = file.pipe(Argument.withDescription("A chain file in YAML, JSON or TOML; - reads stdin"))

const runFlags = {
  concurrency: Flag.Int("concurrency").pipe(
    Flag.filter((count) => count > 0, (count) => `a number > 0, got ${count}`),
    Flag.withMetavar("N"),
    Flag.withDescription("How many jobs may run at once; as many as can unless given"),
    Flag.optional
  ),
  output: Flag.Literals("output", ["pretty", "json", "ndjson"]).pipe(
    Flag.withDescription("pretty: for people; json: one document at the end; ndjson: an event a line, as it happens"),
    Flag.withDefault("pretty" as const)
  ),
  onInterrupt: Flag.Literals("on-interrupt", ["suspend", "stop"]).pipe(
    Flag.withDescription("What the first Ctrl-C or SIGTERM does; the second kills at once"),
    Flag.withDefault("suspend" as const)
  )
}

const run = Command.make("run", {
  file: chainFile,
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
    Flag.mapTryCatch(InitialData.parse, (error) => error instanceof Error ? error.message : String(error))
  )
}, (options) => ending(Effect.flatMap(Effect.promise(() => import("./Run.ts")), (module) => module.run(options)))).pipe(
  Command.withDescription(`Run a chain. ${exitCodes}`),
  Command.withShortDescription("Run a chain"),
  Command.withExamples([
    { command: "jobchain run release.yaml", description: "Run a chain; Ctrl-C suspends it into a file" },
    {
      command: "jobchain run release.yaml --data version=1.2 --concurrency 4",
      description: "With job data, at most 4 jobs at once"
    },
    { command: "jobchain run release.yaml --output ndjson | jq -c .", description: "Follow it as events" }
  ])
)

const resume = Command.make(
  "resume",
  { file: file.pipe(Argument.withDescription("A suspended chain's file; - reads stdin")), ...runFlags },
  (options) => ending(Effect.flatMap(Effect.promise(() => import("./Resume.ts")), (module) => module.resume(options)))
).pipe(
  Command.withDescription(
    `Go on with a suspended chain. Its file is called .resuming.json meanwhile and is removed in the end, or kept as ` +
      `.ended.json if not all of it is COMPLETE. ${exitCodes}`
  ),
  Command.withShortDescription("Go on with a suspended chain"),
  Command.withExamples([
    { command: "jobchain resume release-20261124-101500-a1b2.suspended.json", description: "Go on where it was" }
  ])
)

const validate = Command.make(
  "validate",
  {
    files: file.pipe(Argument.withDescription("Chain files; - reads stdin"), Argument.variadic({ min: 1 })),
    output: Flag.Literals("output", ["pretty", "json"]).pipe(
      Flag.withDescription("pretty: for people; json: one document"),
      Flag.withDefault("pretty" as const)
    )
  },
  (options) =>
    ending(Effect.flatMap(Effect.promise(() => import("./Validate.ts")), (module) => module.validate(options)))
).pipe(
  Command.withDescription(
    "Check chain files, and report every fault with its line and column. Exit code 2 if any has one."
  ),
  Command.withShortDescription("Check chain files"),
  Command.withExamples([{ command: "jobchain validate *.yaml", description: "Check all of them" }])
)

const graph = Command.make("graph", {
  file: chainFile,
  format: Flag.Literals("format", ["text", "mermaid", "dot"]).pipe(
    Flag.withDescription("text: for the terminal; mermaid: for Markdown; dot: for Graphviz"),
    Flag.withDefault("text" as const)
  )
}, (options) => ending(Effect.flatMap(Effect.promise(() => import("./Graph.ts")), (module) => module.graph(options))))
  .pipe(
    Command.withDescription("Draw a chain"),
    Command.withExamples([
      {
        command: "jobchain graph release.yaml --format dot | dot -Tsvg > release.svg",
        description: "Make a picture of it"
      }
    ])
  )

/** Read by `Main` before anything is parsed, as it holds for what is said of bad usage, too. */
const noColor = GlobalFlag.Setting("no-color")({
  flag: Flag.Boolean("no-color").pipe(
    Flag.withoutNegation,
    Flag.withDescription("Colour nothing, as if NO_COLOR were set"),
    Flag.withDefault(false)
  )
})

/** Everything that `jobchain` understands. Running it sets the process's exit code. */
export const jobchain = Command.make("jobchain").pipe(
  Command.withDescription("Run chains of jobs: in order, retried alone or as whole sequences, suspended and resumed."),
  Command.withSubcommands([run, resume, validate, graph]),
  Command.withGlobalFlags([noColor]),
  Command.withExamples([
    { command: "jobchain run release.yaml", description: "Run a chain; Ctrl-C suspends it into a file" },
    { command: "jobchain run --help", description: "What a command can do" },
    { command: `eval "$(jobchain --completions bash)"`, description: "Complete commands and flags in this shell" }
  ])
)

/** A function, as it is used above. */
function ending<E, R>(code: Effect.Effect<number, E, R>): Effect.Effect<void, E, R> {
  return Effect.map(code, (value) => {
    process.exitCode = value
  })
}
