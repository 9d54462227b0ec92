/**
 * A program that runs a shell job and ends in the way its argument says, once the job is running.
 */
import { Effect } from "effect"
import { shell } from "../../src/jobs/Shell.ts"
import { run, TryContext } from "./TryContext.ts"

const endings: Readonly<Record<string, () => void>> = {
  exit: () => process.exit(7),
  throw: () => {
    throw new Error("uncaught")
  },
  stay: () => {}
}

const context = new TryContext()
const command = "exec 3> fifo; trap '' TERM INT; (sleep 1000 & sleep 1000) & echo ready; wait"
Effect.runFork(run(shell, { command }, context))
Effect.runFork(Effect.map(context.says("ready"), () => {
  process.stdout.write("ready\n")
  // Out of the fiber, which would turn an exception into its own.
  setImmediate(endings[process.argv[2] ?? ""] ?? endings["stay"] as () => void)
}))
