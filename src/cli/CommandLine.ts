/**
 * Everything that `jobchain` understands. What a command does is loaded when it is called, so that `--help` starts fast.
 *
 * @since 0.1.0
 */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as FileCommands from "./FileCommands.ts"
import * as RunCommands from "./RunCommands.ts"
import * as StoreCommands from "./StoreCommands.ts"

/** Read by `Main` before anything is parsed, as it holds for what is said of bad usage, too. */
const noColor = GlobalFlag.Setting("no-color")({
  flag: Flag.Boolean("no-color").pipe(
    Flag.withoutNegation,
    Flag.withDescription("Colour nothing, as if NO_COLOR were set"),
    Flag.withDefault(false)
  )
})

/** Running it sets the process's exit code. */
export const jobchain = Command.make("jobchain").pipe(
  Command.withDescription("Run chains of jobs: in order, retried alone or as whole sequences, suspended and resumed."),
  Command.withSubcommands([
    RunCommands.run,
    RunCommands.resume,
    RunCommands.retry,
    StoreCommands.ps,
    StoreCommands.list,
    StoreCommands.status,
    StoreCommands.log,
    StoreCommands.stop,
    StoreCommands.signal,
    StoreCommands.exporting,
    StoreCommands.importing,
    StoreCommands.gc,
    FileCommands.validate,
    FileCommands.plan,
    FileCommands.graph
  ]),
  Command.withGlobalFlags([noColor]),
  Command.withExamples([
    { command: "jobchain run release.yaml", description: "Run a chain; Ctrl-C suspends it" },
    { command: "jobchain resume", description: "List what was suspended or has crashed, to go on with it" },
    { command: "jobchain run --help", description: "What a command can do" },
    { command: `eval "$(jobchain --completions bash)"`, description: "Complete commands and flags in this shell" }
  ])
)
