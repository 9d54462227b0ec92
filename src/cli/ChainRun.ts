/**
 * One run of a chain, wherever it is kept: its jobs run, signals suspend or stop it, and how it ended comes out.
 *
 * `MemoryRun` and `StoredRun` have what differs.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Option from "effect/Option"
import type { SuspendedJobChain } from "../domain/JobChain.ts"
import type { JobLog } from "../domain/JobLog.ts"
import type { JobState } from "../domain/JobState.ts"
import type { Traverser } from "../engine/Traverser.ts"
import * as TraverserConfig from "../engine/TraverserConfig.ts"
import type * as Interrupts from "./Interrupts.ts"
import * as Output from "./Output.ts"
import * as Progress from "./Progress.ts"
import * as Summary from "./Summary.ts"

/** The flags of all commands that run a chain. */
export interface ChainRunOptions {
  readonly concurrency: Option.Option<number>
  readonly output: Progress.OutputFormat
  readonly onInterrupt: "suspend" | "stop"
}

/** A suspended chain that is kept. */
export interface Kept {
  /** The file it waits in, if that is where it is. */
  readonly suspendedFile?: string | undefined
  /** Says how to go on with it. */
  readonly tell: () => void
}

export interface ChainRunInput {
  readonly traverser: Traverser
  readonly interrupts: Interrupts.Interrupts
  /** Whether the chain is to be stopped before it runs. */
  readonly isStopRequested?: boolean
  /** Is over when somebody else wants the chain to be stopped. */
  readonly stopRequest: Effect.Effect<void>
  /** The logs of all tries, once the run is over; what was written is needed only of the jobs of these ids. */
  readonly logs: (withOutput: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<JobLog>>
  readonly keep: (suspended: SuspendedJobChain) => Kept
}

export interface ChainRunResult {
  readonly state: JobState
  /** The file the chain waits in, if it was suspended and is in one. */
  readonly suspendedFile: string | undefined
}

/** Runs a chain to its end, whatever that is, and tells of it. */
export const run = Effect.fnUntraced(function*(options: ChainRunOptions, input: ChainRunInput) {
  const { traverser } = input
  const stopTimeout = Duration.toMillis((yield* TraverserConfig.Current).stopTimeout)
  const startedAt = yield* Clock.currentTimeMillis
  const progress = Progress.show(traverser, { output: options.output, stopTimeout })
  const showing = yield* Effect.forkChild(progress, { startImmediately: true })
  const result = yield* traverse(options, input)
  const snapshot = yield* traverser.snapshot
  // First of all: whoever reads the output may let us wait.
  const kept = result.state === "SUSPENDED" ? input.keep(snapshot) : undefined
  yield* Fiber.join(showing)
  const logs = yield* input.logs(Summary.shownFailures(snapshot))
  const suspendedFile = kept?.suspendedFile
  const explanations = yield* traverser.explain
  const finishedAt = yield* Clock.currentTimeMillis
  tell({ result, snapshot, explanations, logs, startedAt, finishedAt, suspendedFile }, options)
  // The very last line says it.
  kept?.tell()
  return { state: result.state, suspendedFile } satisfies ChainRunResult
})

/** Returns the settings of the engine that the flags ask for. */
export const settingsOf = ({ concurrency }: ChainRunOptions): Partial<TraverserConfig.Settings> =>
  concurrency._tag === "Some" ? { concurrency: concurrency.value } : {}

/** Runs the chain until it is over, or until somebody asks to end it and it has ended. */
const traverse = Effect.fnUntraced(function*({ onInterrupt }: ChainRunOptions, input: ChainRunInput) {
  const { interrupts, isStopRequested, stopRequest, traverser } = input
  const end = (how: "suspend" | "stop") =>
    Effect.catch(
      how === "stop" ? traverser.stop : traverser.suspend,
      (error) => Effect.sync(() => Output.err(`${error.message}\n`))
    )
  if (isStopRequested === true) {
    yield* end("stop")
    return yield* traverser.result
  }
  const running = yield* Effect.forkChild(traverser.run, { startImmediately: true })
  const asked = yield* Effect.raceAllFirst([
    Effect.as(Fiber.await(running), undefined),
    Effect.as(interrupts.first, onInterrupt),
    Effect.as(stopRequest, "stop" as const)
  ])
  if (asked !== undefined) yield* end(asked)
  return yield* Fiber.join(running)
})

const tell = (run: Summary.EndedRun, { output }: ChainRunOptions): void => {
  const failures = Summary.toFailures(run)
  if (output === "pretty") Output.out(`${failures}${Summary.toVerdict(run)}`)
  else Output.err(failures)
  if (output === "json") Output.out(`${JSON.stringify(Summary.toJson(run), null, 2)}\n`)
}
