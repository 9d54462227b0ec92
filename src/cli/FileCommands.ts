/**
 * The commands that look at chain files, with their flags and help: `validate`, `plan`, `graph`.
 *
 * @since 0.1.0
 */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Flags from "./Flags.ts"

export const validate = Command.make("validate", {
  files: Flags.file.pipe(Argument.withDescription("Chain files; - reads stdin"), Argument.variadic({ min: 1 })),
  output: Flags.output
}, (options) => Flags.lazily(() => import("./Validate.ts"), ({ validate }) => validate(options))).pipe(
  Command.withDescription(
    "Check chain files, and report every fault with its line and column. Exit code 2 if any has one."
  ),
  Command.withShortDescription("Check chain files"),
  Command.withExamples([{ command: "jobchain validate *.yaml", description: "Check all of them" }])
)

export const plan = Command.make(
  "plan",
  { file: Flags.chainFile, output: Flags.output },
  (options) => Flags.lazily(() => import("./Plan.ts"), ({ plan }) => plan(options))
).pipe(
  Command.withDescription(
    "Show what a run can come to, without running anything: the order of the jobs, the longest path, how many tries and " +
      "how much time it may take at most. Exit code 2 if the file has faults."
  ),
  Command.withShortDescription("Show what a run can come to"),
  Command.withExamples([{ command: "jobchain plan release.yaml", description: "See it before it runs" }])
)

export const graph = Command.make("graph", {
  file: Flags.chainFile,
  format: Flag.Literals("format", ["text", "mermaid", "dot"]).pipe(
    Flag.withDescription("text: for the terminal; mermaid: for Markdown; dot: for Graphviz"),
    Flag.withDefault("text" as const)
  )
}, (options) => Flags.lazily(() => import("./Graph.ts"), ({ graph }) => graph(options))).pipe(
  Command.withDescription("Draw a chain"),
  Command.withExamples([
    {
      command: "jobchain graph release.yaml --format dot | dot -Tsvg > release.svg",
      description: "Make a picture of it"
    }
  ])
)
