/**
 * One run of a chain, as `jobchain run` and `jobchain resume` share it: its jobs run, signals suspend or stop it, and how it
 * ended comes out.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Path from "node:path"
import type { JobChain, SuspendedJobChain } from "../domain/JobChain.ts"
import type { JobState } from "../domain/JobState.ts"
import { RequestManager } from "../engine/RequestManager.ts"
import type { Traverser } from "../engine/Traverser.ts"
import * as TraverserConfig from "../engine/TraverserConfig.ts"
import { TraverserFactory } from "../engine/TraverserFactory.ts"
import type * as Interrupts from "./Interrupts.ts"
import * as Layers from "./Layers.ts"
import * as Output from "./Output.ts"
import * as Progress from "./Progress.ts"
import * as Summary from "./Summary.ts"
import * as SuspendedFile from "./SuspendedFile.ts"

/** The flags that both commands take. */
export interface ChainRunOptions {
  readonly concurrency: Option.Option<number>
  readonly output: Progress.OutputFormat
  readonly onInterrupt: "suspend" | "stop"
}

export interface ChainRunInput {
  readonly jobChain: JobChain
  /** Where the chain goes on, if it does. */
  readonly suspended?: SuspendedJobChain
  readonly interrupts: Interrupts.Interrupts
}

export interface ChainRunResult {
  readonly state: JobState
  /** The file the chain waits in, if it was suspended and could be written. */
  readonly suspendedFile: string | undefined
}

/** Runs a chain to its end, whatever that is, and tells of it. */
export const run = Effect.fnUntraced(
  function*(options: ChainRunOptions, input: ChainRunInput) {
    const manager = yield* RequestManager
    const { id } = yield* manager.createRequest({ jobChain: input.jobChain, user: process.env.USER ?? "" })
    const traverser = yield* makeTraverser(input)
    yield* manager.startRequest(id)
    const stopTimeout = Duration.toMillis((yield* TraverserConfig.Current).stopTimeout)
    const startedAt = yield* Clock.currentTimeMillis
    const progress = Progress.show(traverser.events, { output: options.output, stopTimeout })
    const showing = yield* Effect.forkChild(progress, { startImmediately: true })
    const result = yield* traverse(traverser, options, input.interrupts)
    const snapshot = yield* traverser.snapshot
    // First of all: whoever reads the output may let us wait.
    const suspendedFile = result.state === "SUSPENDED" ? SuspendedFile.write(snapshot) : undefined
    yield* Fiber.join(showing)
    const logs = yield* manager.getJobLogs(id)
    tell({ result, snapshot, logs, startedAt, finishedAt: yield* Clock.currentTimeMillis, suspendedFile }, options)
    return { state: result.state, suspendedFile }
  },
  (effect, { concurrency }) =>
    Effect.provide(
      effect,
      Layers.chains(Option.match(concurrency, { onNone: () => ({}), onSome: (count) => ({ concurrency: count }) }))
    )
)

const makeTraverser = ({ jobChain, suspended }: ChainRunInput) =>
  Effect.flatMap(
    TraverserFactory,
    (factory) => suspended === undefined ? factory.make(jobChain) : factory.makeFromSuspended(suspended)
  )

/** Runs the chain until it is over, or until a signal asks to end it and it has ended. */
const traverse = Effect.fnUntraced(function*(
  traverser: Traverser,
  { onInterrupt }: ChainRunOptions,
  interrupts: Interrupts.Interrupts
) {
  const running = yield* Effect.forkChild(traverser.run, { startImmediately: true })
  yield* Effect.raceFirst(Fiber.await(running), interrupts.first)
  if (yield* interrupts.hasCome) {
    const ended = onInterrupt === "stop" ? traverser.stop : traverser.suspend
    yield* Effect.catch(ended, (error) => Effect.sync(() => Output.err(`${error.message}\n`)))
  }
  return yield* Fiber.join(running)
})

const tell = (run: Summary.EndedRun, { output }: ChainRunOptions): void => {
  const failures = Summary.toFailures(run)
  if (output === "pretty") Output.out(`${failures}${Summary.toVerdict(run)}`)
  else Output.err(failures)
  if (output === "json") Output.out(`${JSON.stringify(Summary.toJson(run), null, 2)}\n`)
  if (run.result.state === "SUSPENDED") tellHowToGoOn(run)
}

/** The very last line says it. */
const tellHowToGoOn = ({ snapshot, suspendedFile }: Summary.EndedRun): void => {
  if (suspendedFile === undefined) {
    Output.err("The suspended chain could not be written to any file. It is the last line on stdout:\n")
    Output.out(`${JSON.stringify(snapshot)}\n`)
    return Output.err("Go on with: jobchain resume FILE, when that line is in a file\n")
  }
  if (Path.dirname(suspendedFile) !== process.cwd()) {
    Output.err(`The suspended chain could not be written to this folder, it is in ${suspendedFile}\n`)
  }
  Output.err(`Go on with: jobchain resume ${quoted(shortest(suspendedFile))}\n`)
}

const shortest = (path: string): string => Path.dirname(path) === process.cwd() ? Path.basename(path) : path

/** For a shell. */
const quoted = (path: string): string =>
  /^[\w./@+-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`
