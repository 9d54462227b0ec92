/**
 * `jobchain run` and `jobchain resume`: a chain goes in, its jobs run, and how it ended comes out.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { randomBytes } from "node:crypto"
import * as Path from "node:path"
import * as Graph from "../domain/Graph.ts"
import type { JobChain, SuspendedJobChain } from "../domain/JobChain.ts"
import { JobFactory } from "../engine/JobFactory.ts"
import { RequestManager } from "../engine/RequestManager.ts"
import type { Traverser } from "../engine/Traverser.ts"
import { TraverserFactory } from "../engine/TraverserFactory.ts"
import type { ParsedChain } from "../spec/ChainFile.ts"
import * as ExitCode from "./ExitCode.ts"
import { BadInput } from "./Failure.ts"
import * as InputFile from "./InputFile.ts"
import * as Interrupts from "./Interrupts.ts"
import * as Layers from "./Layers.ts"
import * as Output from "./Output.ts"
import * as Progress from "./Progress.ts"
import * as Summary from "./Summary.ts"
import * as SuspendedFile from "./SuspendedFile.ts"

export interface Options {
  readonly file: string
  readonly concurrency: Option.Option<number>
  readonly output: Progress.OutputFormat
  readonly onInterrupt: "suspend" | "stop"
}

export interface RunOptions extends Options {
  readonly requestId: Option.Option<string>
  readonly data: Readonly<Record<string, string>>
}

/** Runs a chain from a file; returns the exit code. */
export const run = Effect.fnUntraced(function*(options: RunOptions) {
  const parsed = yield* read(options.file)
  if (parsed.kind === "suspended") {
    const message = `${options.file}: this is a suspended chain: go on with it by "jobchain resume ${options.file}"`
    return yield* new BadInput({ message })
  }
  const requestId = Option.getOrElse(
    options.requestId,
    () => parsed.jobChain.requestId || requestIdFor(parsed, options.file)
  )
  const jobChain = { ...withData(parsed.jobChain, options.data), requestId }
  return yield* traverse(options, { jobChain, suspended: undefined })
})

/** Resumes a suspended chain from a file; returns the exit code. */
export const resume = Effect.fnUntraced(function*(options: Options) {
  const parsed = yield* read(options.file)
  if (parsed.kind === "new") {
    const message = `${options.file}: this chain is not suspended: start it by "jobchain run ${options.file}"`
    return yield* new BadInput({ message })
  }
  const claimed = options.file === "-" ? undefined : SuspendedFile.claim(options.file)
  const exitCode = yield* Effect.onError(
    traverse(options, parsed),
    () => Effect.sync(() => SuspendedFile.unclaim(options.file, claimed))
  )
  SuspendedFile.remove(claimed)
  return exitCode
})

const read = (file: string): Effect.Effect<ParsedChain, Effect.Error<ReturnType<typeof InputFile.read>>> =>
  Effect.provide(Effect.flatMap(JobFactory, (factory) => InputFile.read(file, factory)), Layers.jobTypes)

const traverse = (
  options: Options,
  { jobChain, suspended }: { readonly jobChain: JobChain; readonly suspended: SuspendedJobChain | undefined }
) =>
  Effect.gen(function*() {
    const manager = yield* RequestManager
    const factory = yield* TraverserFactory
    const { id } = yield* manager.createRequest({ jobChain, user: process.env.USER ?? "" })
    yield* manager.startRequest(id)
    const traverser = yield* suspended === undefined ? factory.make(jobChain) : factory.makeFromSuspended(suspended)
    const startedAt = yield* Clock.currentTimeMillis
    const showing = yield* Effect.forkChild(Progress.show(traverser.events, options.output), { startImmediately: true })
    const interrupted = yield* interruptible(traverser, options)
    const result = yield* traverser.run
    yield* Fiber.join(showing)
    const snapshot = yield* traverser.snapshot
    const suspendedFile = result.state === "SUSPENDED" ? SuspendedFile.write(snapshot) : undefined
    const logs = yield* manager.getJobLogs(id)
    const finishedAt = yield* Clock.currentTimeMillis
    tell(options, { result, snapshot, logs, startedAt, finishedAt, suspendedFile })
    const failure = yield* Deferred.poll(interrupted)
    if (Option.isSome(failure)) {
      yield* Effect.catch(failure.value, (message) => Effect.sync(() => Output.err(`${message}\n`)))
    }
    return ExitCode.ofState(result.state)
  }).pipe(
    Effect.scoped,
    Effect.provide(Layers.chains(Option.match(options.concurrency, {
      onNone: () => ({}),
      onSome: (concurrency) => ({ concurrency })
    })))
  )

/** At the first signal suspends or stops the chain. What a stop answers with is in the deferred. */
const interruptible = Effect.fnUntraced(function*(traverser: Traverser, { onInterrupt }: Options) {
  const answered = yield* Deferred.make<void, string>()
  const fork = Effect.runForkWith(yield* Effect.context<never>())
  yield* Interrupts.handle(() => {
    fork(announce(traverser, onInterrupt))
    const ended = onInterrupt === "stop" ? traverser.stop : traverser.suspend
    fork(Deferred.into(Effect.asVoid(Effect.mapError(ended, (error) => error.message)), answered))
  })
  return answered
})

const announce = (traverser: Traverser, onInterrupt: "suspend" | "stop"): Effect.Effect<void> =>
  Effect.map(traverser.running, (running) => {
    const ids = running.map((status) => status.jobId)
    const shown = ids.length > 5 ? `${ids.slice(0, 5).join(", ")} and ${ids.length - 5} more` : ids.join(", ")
    const what = onInterrupt === "stop" ? "Stopping" : "Suspending"
    const waiting = ids.length === 0 ? "" : `, waiting for ${shown}`
    if (!Output.isDrawable()) Output.err(`${what}${waiting}; once more to kill what runs\n`)
  })

const tell = (options: Options, run: Summary.EndedRun): void => {
  if (options.output === "json") Output.out(`${JSON.stringify(Summary.toJson(run), null, 2)}\n`)
  if (options.output === "pretty") Output.out(Summary.toText(run))
  if (run.suspendedFile !== undefined) {
    const path = Path.relative("", run.suspendedFile)
    const file = path.startsWith("..") ? run.suspendedFile : path
    Output.err(`Go on with: jobchain resume ${/^[\w./@+-]+$/.test(file) ? file : JSON.stringify(file)}\n`)
  }
}

/** A readable id that is not given twice: what the chain is called, when, and four random letters. */
const requestIdFor = ({ name }: ParsedChain, file: string): string => {
  const base = name || (file === "-" ? "chain" : Path.parse(file).name)
  const time = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-")
  return `${base}-${time}-${randomBytes(2).toString("hex")}`
}

/** Adds to the data of the first job, from which it flows to all. */
const withData = (jobChain: JobChain, data: Readonly<Record<string, string>>): JobChain => {
  if (Object.keys(data).length === 0) return jobChain
  const graph = Graph.make(jobChain)
  const first = graph.ids[graph.levels.indexOf(0)] as string
  const job = jobChain.jobs?.[first]
  return { ...jobChain, jobs: { ...jobChain.jobs, [first]: { ...job, data: { ...job?.data, ...data } } } }
}
