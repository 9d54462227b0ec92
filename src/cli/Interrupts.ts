/**
 * Ctrl-C and its relatives: the first asks to end in good order, the second ends at once.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as ExitCode from "./ExitCode.ts"
import * as Output from "./Output.ts"

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const

/**
 * Calls `first` at the first signal. At the second the process exits with 130; what its jobs have started is killed on
 * exit, by the job types that started it. Signals are the command's own until the scope closes.
 */
export const handle = (first: (signal: NodeJS.Signals) => void): Effect.Effect<void, never, Scope.Scope> =>
  Effect.asVoid(Effect.acquireRelease(
    Effect.sync(() => {
      let count = 0
      const listener = (signal: NodeJS.Signals) => {
        count++
        if (count === 1) return first(signal)
        Output.err("\nKilled.\n")
        process.exit(ExitCode.killed)
      }
      for (const signal of signals) process.on(signal, listener)
      return listener
    }),
    (listener) =>
      Effect.sync(() => {
        for (const signal of signals) process.off(signal, listener)
      })
  ))
