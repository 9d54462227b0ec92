/**
 * A command and all it starts, as one process group: runs it, hands on its output as it comes, and ends all of it.
 *
 * The group is over when its first process, the leader, has exited and its output is closed. What is then left of it is
 * killed: nothing goes on in the background of a job that is over.
 *
 * ```
 * start ─► leader runs ─► leader exits ─► output closes, at most `strayWait` ─┐
 *                └ asked to stop: SIGTERM ─► all that closes, at most `grace` ┴► SIGKILL to what is left
 * ```
 *
 * On Node's own `spawn` rather than on `effect/process`: its spawner is in a platform package that users of the library
 * need not have, and measures the time until SIGKILL by the wall clock, out of reach of a `TestClock`.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { type ChildProcess, spawn } from "node:child_process"
import { statSync } from "node:fs"
import type { Readable } from "node:stream"
import type { JobContext } from "../engine/JobContext.ts"
import * as GroupSignal from "./GroupSignal.ts"
import * as Watchdog from "./Watchdog.ts"

export type Environment = Readonly<Record<string, string | undefined>>

export interface Command {
  readonly argv: readonly [program: string, ...args: ReadonlyArray<string>]
  readonly cwd: string | undefined
  readonly env: Environment
}

export interface Options {
  /** Takes the output piece by piece; the next piece is read when the last is taken. */
  readonly write: JobContext["write"]
  /** Returns when the group is to end. Interrupting `run` has the same effect. */
  readonly stopped: Effect.Effect<unknown>
  /** How long the group has to end after SIGTERM. */
  readonly grace: Duration.Duration
}

/** How the leader ended: with an exit code, or by a signal. */
export type Ending = { readonly exitCode: number } | { readonly signal: NodeJS.Signals }

export interface Ended {
  readonly ending: Ending
  /** It was still running when it was asked to end, so that its exit code does not say that its work is done. */
  readonly wasStopped: boolean
}

/** The system did not start the command. */
export class CannotStart extends Data.TaggedError("CannotStart")<{
  readonly program: string
  /** The working directory, where that is what is missing. */
  readonly cwd: string | undefined
  /** The system's error code, such as `ENOENT`. */
  readonly code: string
}> {
  override get message(): string {
    if (this.cwd !== undefined) return `cannot start in ${JSON.stringify(this.cwd)}: no such directory`
    const isPath = this.program.includes("/")
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: isPath ? "no such file, or none such as its first line names" : "not found in PATH",
      EACCES: "permission denied",
      E2BIG: "its arguments and environment are too long"
    }
    return `cannot start ${JSON.stringify(this.program)}: ${reasons[this.code] ?? this.code}`
  }
}

/** Runs a command to its end, and returns when nothing is left of it, also when interrupted. */
export const run = (command: Command, options: Options): Effect.Effect<Ended, CannotStart> =>
  Effect.acquireUseRelease(
    start(command, options.write),
    (group) => {
      const ended = Effect.as(Deferred.await(group.exited), { group, wasStopped: false })
      return Effect.raceFirst(ended, Effect.as(options.stopped, { group, wasStopped: true }))
    },
    (group) => end(group, options.grace)
  ).pipe(
    Effect.flatMap(({ group, wasStopped }) =>
      Effect.map(Deferred.await(group.exited), (ending) => ({ ending, wasStopped }))
    )
  )

interface Group {
  readonly pid: number
  readonly child: ChildProcess
  readonly exited: Deferred.Deferred<Ending>
  /** Returns when the leader has exited and its output was read to the end. */
  readonly over: Effect.Effect<void>
}

const start = (command: Command, write: JobContext["write"]): Effect.Effect<Group, CannotStart> =>
  Effect.contextWith((context: Context.Context<never>) => {
    const fork = Effect.runForkWith(context)
    return Effect.callback<Group, CannotStart>((resume) => {
      const { argv: [program, ...args], cwd, env } = command
      const fail = (error: unknown) => resume(Effect.fail(cannotStart(command, error)))
      try {
        const child = spawn(program, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] })
        if (child.pid === undefined) child.once("error", fail)
        // In this very step: a fiber may yield between two, and an exit nobody listens to would be lost.
        else resume(Effect.succeed(groupOf(child, child.pid, (stream, chunk) => fork(write(stream, chunk)))))
      } catch (error) {
        // Some of the reasons are thrown at once, such as E2BIG.
        fail(error)
      }
    })
  })

type Write = (stream: "stdout" | "stderr", chunk: Buffer) => Fiber.Fiber<void>

const groupOf = (child: ChildProcess, pid: number, write: Write): Group => {
  Watchdog.started(pid)
  const exited = Deferred.makeUnsafe<Ending>()
  child.once("exit", (exitCode, signal) => {
    const ending = signal === null ? { exitCode: exitCode as number } : { signal }
    Deferred.doneUnsafe(exited, Exit.succeed(ending))
  })
  const stdout = readAll(child.stdout as Readable, (chunk) => write("stdout", chunk))
  const stderr = readAll(child.stderr as Readable, (chunk) => write("stderr", chunk))
  const over = Effect.all([Deferred.await(exited), Deferred.await(stdout), Deferred.await(stderr)], { discard: true })
  return { pid, child, exited, over }
}

const cannotStart = ({ argv: [program], cwd }: Command, error: unknown): CannotStart => {
  // The system says ENOENT of the program, too, when it is the directory that is missing.
  const isDirectory = cwd === undefined || statSync(cwd, { throwIfNoEntry: false })?.isDirectory() === true
  const code = (error as NodeJS.ErrnoException).code ?? String(error)
  return new CannotStart({ program, cwd: isDirectory ? undefined : cwd, code })
}

/**
 * Reads a stream to its end, one `write` at a time; done when the last of them is.
 *
 * The listener stays from first to last: Node lets a stream without one flow when its process exits, and drops what comes.
 */
const readAll = (source: Readable, write: (chunk: Buffer) => Fiber.Fiber<void>): Deferred.Deferred<void> => {
  const end = Deferred.makeUnsafe<void>()
  let outcome: Exit.Exit<void> = Exit.void
  let isWriting = false
  const written = (exit: Exit.Exit<void>): void => {
    // A broken `write` is reported at the end; the output is still read, lest the command waits for it.
    if (Exit.isFailure(exit) && Exit.isSuccess(outcome)) outcome = exit
  }
  const next = (): void => {
    while (!isWriting) {
      const chunk = source.read() as Buffer | null
      if (chunk === null) {
        if (source.destroyed) Deferred.doneUnsafe(end, outcome)
        return
      }
      const fiber = write(chunk)
      isWriting = fiber.pollUnsafe() === undefined
      fiber.addObserver((exit) => {
        written(exit)
        if (!isWriting) return
        isWriting = false
        next()
      })
    }
  }
  source.on("readable", next)
  source.once("close", next)
  // Its reason is of no use: the bytes before it have come, and how the command ended is known from its exit.
  source.on("error", () => {})
  return end
}

/** How long others of a group may keep its output open after the leader has exited. */
const strayWait = Duration.seconds(1)

const end = Effect.fnUntraced(function*(group: Group, grace: Duration.Duration) {
  const wasRunning = !Deferred.isDoneUnsafe(group.exited)
  if (wasRunning) GroupSignal.send(group.pid, "SIGTERM")
  // Its exit, as a `write` that broke must not keep the rest from being killed.
  const over = Effect.exit(group.over)
  let ended = yield* Effect.timeoutOption(over, wasRunning ? grace : strayWait)
  if (wasRunning && Option.isNone(ended)) {
    yield* Effect.logWarning(`Killed: not at its end ${Duration.format(grace)} after SIGTERM`)
  }
  // Always: something may be left that does not hold the output.
  if (GroupSignal.send(group.pid, "SIGKILL")) yield* gone(group)
  // What was written last may not be read yet. What then still holds the output has left the group.
  if (Option.isNone(ended)) ended = yield* Effect.timeoutOption(over, strayWait)
  group.child.stdout?.destroy()
  group.child.stderr?.destroy()
  Watchdog.ended(group.pid)
  if (Option.isSome(ended)) yield* ended.value
})

/** Far more than a system needs to end what was sent SIGKILL, unless it hangs on a disk that does not answer. */
const looksMax = 100
const lookEachMilliseconds = 5

/** Returns when the leader has exited and, within half a second, nobody is left in its group. */
const gone = (group: Group): Effect.Effect<void> =>
  Effect.andThen(
    Deferred.await(group.exited),
    // By the wall clock: the system tells nobody when a group is gone, and knows nothing of a TestClock.
    Effect.callback<void>((resume) => {
      const look = (looksLeft: number): void => {
        if (looksLeft === 0 || !GroupSignal.hasLiving(group.pid)) resume(Effect.void)
        else setTimeout(look, lookEachMilliseconds, looksLeft - 1)
      }
      look(looksMax)
    })
  )
