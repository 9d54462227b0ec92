/**
 * The `jobchain` command: what it can do, and how it ends.
 *
 * Commands only parse their flags here; what they do is loaded when they are called, so that `--help` starts fast.
 *
 * @since 0.1.0
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Cause from "effect/Cause"
import * as Argument from "effect/cli/Argument"
import * as CliError from "effect/cli/CliError"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import packageJson from "../../package.json" with { type: "json" }
import * as ExitCode from "./ExitCode.ts"
import * as Output from "./Output.ts"

const file = Argument.String("FILE").pipe(
  Argument.withDescription("A chain file in YAML, JSON or TOML; - reads stdin")
)

const runFlags = {
  concurrency: Flag.Int("concurrency").pipe(
    Flag.filter((count) => count > 0, (count) => `expected a number > 0, got ${count}`),
    Flag.withDescription("How many jobs may run at once; as many as can unless given"),
    Flag.optional
  ),
  output: Flag.Literals("output", ["pretty", "json", "ndjson"]).pipe(
    Flag.withDescription("pretty: for people. json: one document at the end. ndjson: one event a line, as it happens"),
    Flag.withDefault("pretty" as const)
  ),
  onInterrupt: Flag.Literals("on-interrupt", ["suspend", "stop"]).pipe(
    Flag.withDescription("What the first Ctrl-C or SIGTERM does; the second kills at once"),
    Flag.withDefault("suspend" as const)
  )
}

let exitCode = 0
const ending = <E, R>(code: Effect.Effect<number, E, R>): Effect.Effect<void, E, R> =>
  Effect.map(code, (value) => {
    exitCode = value
  })

const run = Command.make("run", {
  file,
  ...runFlags,
  requestId: Flag.String("request-id").pipe(
    Flag.withDescription("Names the run; made of the chain's name and the time unless given"),
    Flag.optional
  ),
  data: Flag.KeyValuePair("data").pipe(
    Flag.withDescription("key=value: job data for the first job, from which it flows to all; may be repeated"),
    Flag.withDefault({})
  )
}, (options) => ending(Effect.flatMap(Effect.promise(() => import("./Run.ts")), (module) => module.run(options)))).pipe(
  Command.withDescription(
    "Run a chain. Exit codes: 0 COMPLETE, 1 FAIL, 2 bad usage or input, 3 STOPPED, 4 SUSPENDED, 130 killed."
  ),
  Command.withExamples([
    { command: "jobchain run release.yaml", description: "Run a chain; Ctrl-C suspends it into a file" },
    {
      command: "jobchain run release.yaml --data version=1.2 --concurrency 4",
      description: "With data, at most 4 at once"
    },
    { command: "jobchain run release.yaml --output ndjson | jq -c .", description: "Follow it as events" }
  ])
)

const resume = Command.make(
  "resume",
  { file, ...runFlags },
  (options) => ending(Effect.flatMap(Effect.promise(() => import("./Run.ts")), (module) => module.resume(options)))
).pipe(
  Command.withDescription(
    "Go on with a suspended chain. While it runs its file is called .resuming.json; then it is removed."
  ),
  Command.withExamples([
    { command: "jobchain resume release-20261124-101500-a1b2.suspended.json", description: "Go on where it was" }
  ])
)

const validate = Command.make(
  "validate",
  {
    files: Argument.String("FILE").pipe(Argument.withDescription("Chain files"), Argument.variadic({ min: 1 })),
    output: Flag.Literals("output", ["pretty", "json"]).pipe(
      Flag.withDescription("pretty: for people. json: one document"),
      Flag.withDefault("pretty" as const)
    )
  },
  (options) =>
    ending(Effect.flatMap(Effect.promise(() => import("./Validate.ts")), (module) => module.validate(options)))
).pipe(
  Command.withDescription("Check chain files and report every fault with its line and column"),
  Command.withExamples([{ command: "jobchain validate *.yaml", description: "Check all of them" }])
)

const graph = Command.make("graph", {
  file,
  format: Flag.Literals("format", ["text", "mermaid", "dot"]).pipe(
    Flag.withDescription("text: for the terminal. mermaid: for Markdown. dot: for Graphviz"),
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

const jobchain = Command.make("jobchain").pipe(
  Command.withDescription("Run chains of jobs: in order, retried alone or as whole sequences, suspended and resumed."),
  Command.withSubcommands([run, resume, validate, graph])
)

/** Errors that are no results go to stderr, and only from warnings on, unless `--log-level` says otherwise. */
const logging = Layer.mergeAll(
  Logger.layer([Logger.withConsoleError(Logger.formatSimple)]),
  Layer.succeed(References.MinimumLogLevel, "Warn" as const)
)

/** Runs the command with the arguments of the process, and exits. */
export const main = (): void => {
  Output.expectClosedPipes()
  const command = Command.run(jobchain, { version: packageJson.version })
  const fiber = Effect.runFork(Effect.provide(command, Layer.mergeAll(NodeServices.layer, logging)))
  fiber.addObserver((exit) => {
    const code = Exit.isSuccess(exit) ? exitCode : explain(exit.cause)
    // Explicitly: a job that ignored its stop must not keep the process.
    Output.flush(() => process.exit(code))
  })
}

const explain = (cause: Cause.Cause<unknown>): number => {
  const error = Cause.squash(cause)
  // The command has shown what was wrong with its usage.
  if (CliError.isCliError(error)) return ExitCode.badInput
  const isExpected = cause.reasons.every(Cause.isFailReason) && error instanceof Error
  Output.err(
    isExpected ? `${error.message}\n` : `A fault of jobchain's own, please report it:\n${Cause.pretty(cause)}\n`
  )
  return isExpected ? ExitCode.badInput : ExitCode.internalError
}
