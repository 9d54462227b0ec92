/**
 * Ctrl-C and its relatives: the first asks to end in good order, the second ends at once.
 *
 * @since 0.1.0
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as ExitCode from "./ExitCode.ts"
import * as Output from "./Output.ts"

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const

/** What a run knows of signals. */
export interface Interrupts {
  /** Waits for the first signal. */
  readonly first: Effect.Effect<void>
  /** Whether it has come. */
  readonly hasCome: Effect.Effect<boolean>
}

/**
 * Takes the signals until the scope closes. At the second the process says `lastWords` and exits with 130; what its jobs
 * have started is killed on exit, by the job types that started it.
 */
export const listen = (lastWords: string): Effect.Effect<Interrupts, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => {
        const first = Deferred.makeUnsafe<void>()
        const listener = () => {
          if (!Deferred.isDoneUnsafe(first)) return Deferred.doneUnsafe(first, Effect.void)
          Output.err(lastWords)
          return process.exit(ExitCode.killed)
        }
        for (const signal of signals) process.on(signal, listener)
        return { first, listener }
      }),
      ({ listener }) =>
        Effect.sync(() => {
          for (const signal of signals) process.off(signal, listener)
        })
    ),
    ({ first }) => ({ first: Deferred.await(first), hasCome: Deferred.isDone(first) })
  )
