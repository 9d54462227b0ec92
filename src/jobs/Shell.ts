/**
 * The job type `shell`: runs a command line or a program with arguments.
 *
 * `ProcessGroup` runs it, `ShellEnvironment` is what it sees of the job's data and `OutputFile` what it hands on. Exit code
 * 0 is COMPLETE, anything else FAIL. A command that was still running when the job was asked to stop is STOPPED, also with
 * exit code 0: many programs give it on SIGTERM, whatever they have left undone.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { JobContext } from "../engine/JobContext.ts"
import * as JobResult from "../engine/JobResult.ts"
import * as JobType from "../engine/JobType.ts"
import { DurationArg } from "./DurationArg.ts"
import * as JobFiles from "./JobFiles.ts"
import type { HandedOn } from "./OutputFile.ts"
import * as ProcessGroup from "./ProcessGroup.ts"
import * as ShellEnvironment from "./ShellEnvironment.ts"

const Text = Schema.String.check(
  Schema.makeFilter((text) => !text.includes("\0"), { expected: "text without NUL characters" })
)

const NonEmptyText = Text.check(Schema.isNonEmpty())

// On the record, as a key that its schema does not take counts as one too many.
const Variables = Schema.Record(Schema.String, Text).check(
  Schema.makeFilter((variables) =>
    Object.keys(variables)
      .filter((name) => !/^[^=\0]+$/.test(name))
      .map((name) => ({ path: [name], issue: "Expected the name of an environment variable" }))
  )
)

// Below the ten seconds after which an engine gives up, unless told otherwise, on a job that does not stop.
const graceMax = Duration.seconds(9)

/** Milliseconds. */
const graceDefault = 5000

const Grace = DurationArg.check(
  Schema.makeFilter((grace) => Duration.isLessThanOrEqualTo(grace, graceMax), { expected: "at most 9s" })
)

/** Schema for the args of a shell job: one of `command` and `argv`. */
export const ShellArgs = Schema.Struct({
  /** A command line for `/bin/sh`. */
  command: Schema.optionalKey(NonEmptyText),
  /** A program, looked up in `PATH`, and its arguments. */
  argv: Schema.optionalKey(Schema.TupleWithRest(Schema.Tuple([NonEmptyText]), [Text])),
  /** The working directory; the engine's own unless said. */
  cwd: Schema.optionalKey(NonEmptyText),
  /** Added to the engine's own environment. */
  env: Schema.optionalKey(Variables),
  /** How long the command has to end after SIGTERM, before SIGKILL; the grace time of the job or run, or five seconds, unless given. */
  grace: Schema.optionalKey(Grace)
}).check(
  Schema.makeFilter(({ argv, command }) => (argv === undefined) !== (command === undefined), {
    expected: "exactly one of command and argv"
  })
)
export type ShellArgs = typeof ShellArgs.Type

const run = Effect.fnUntraced(function*(args: ShellArgs, context: JobContext) {
  yield* context.setStatus(statusOf(args))
  const { data } = context
  return yield* Effect.acquireUseRelease(
    JobFiles.write(data),
    (files) => {
      const env = ShellEnvironment.make(context, data, files, args.env ?? {})
      return ProcessGroup.run({ argv: argvOf(args), cwd: args.cwd, env }, {
        write: (stream, chunk) => context.write(stream, chunk),
        stopped: context.stopped,
        grace: args.grace ?? Duration.millis(context.stopGrace ?? graceDefault)
      }).pipe(
        Effect.annotateLogs({ requestId: context.requestId, jobId: context.jobId }),
        Effect.onInterrupt(() => keepHandedOn(files, context)),
        Effect.flatMap((ended) => Effect.map(JobFiles.read(files), (handedOn) => resultOf(ended, handedOn, context))),
        Effect.catchTag("CannotStart", (error) => Effect.succeed(notStarted(error)))
      )
    },
    JobFiles.remove
  )
})

/** Runs a command; what it writes is streamed to `JobOutput`. */
export const shell = JobType.make("shell", {
  args: ShellArgs,
  run,
  // `run` itself watches `context.stopped`: a command that had ended when the job was asked to stop is COMPLETE.
  stop: () => Effect.void
})

const statusLengthMax = 80

const statusOf = ({ argv, command }: ShellArgs): string => {
  const line = (command ?? argv?.join(" ") ?? "").trim().replaceAll(/\s+/g, " ")
  return line.length > statusLengthMax ? `${line.slice(0, statusLengthMax - 1)}…` : line
}

// By its path, as `system` of C and `exec` of Node do: to look it up is part of the time for which the engine stands still.
const argvOf = ({ argv, command }: ShellArgs): ProcessGroup.Command["argv"] => argv ?? ["/bin/sh", "-c", command ?? ""]

/** Keeps the data of a command that was cut off, for the job's next try. */
const keepHandedOn = (files: JobFiles.JobFiles, context: JobContext) =>
  Effect.flatMap(JobFiles.read(files), ({ data }) => context.setData(data))

const resultOf = (ended: ProcessGroup.Ended, { data, faults }: HandedOn, { stopReason }: JobContext) => {
  if (ended.wasStopped) return JobResult.make({ state: "STOPPED", exit: 1, error: `interrupted: ${stopReason}`, data })
  const { ending } = ended
  const exit = "signal" in ending ? -1 : ending.exitCode
  if (exit === 0 && faults.length === 0) return JobResult.make({ data })
  const shown = faults.slice(0, faultsMax)
  const hidden = faults.length - shown.length
  const error = [
    ...(exit === 0 ? [] : [errorOf(ending)]),
    ...shown,
    ...(hidden === 0 ? [] : [`and ${hidden} lines more`])
  ].join("; ")
  return JobResult.make({ state: "FAIL", exit: exit === 0 ? 1 : exit, error, data })
}

// A command that writes its output to the wrong file should not fill the job log.
const faultsMax = 5

/** The words of Go's `os.ProcessState`, which logs of SpinCycle jobs have. */
const errorOf = (ending: ProcessGroup.Ending): string =>
  "signal" in ending
    ? `signal: ${signalNames[ending.signal] ?? ending.signal}`
    : `exit status ${ending.exitCode}`

const signalNames: Partial<Record<NodeJS.Signals, string>> = {
  SIGABRT: "aborted",
  SIGALRM: "alarm clock",
  SIGBUS: "bus error",
  SIGFPE: "floating point exception",
  SIGHUP: "hangup",
  SIGILL: "illegal instruction",
  SIGINT: "interrupt",
  SIGKILL: "killed",
  SIGPIPE: "broken pipe",
  SIGQUIT: "quit",
  SIGSEGV: "segmentation fault",
  SIGTERM: "terminated",
  SIGTRAP: "trace/breakpoint trap",
  SIGUSR1: "user defined signal 1",
  SIGUSR2: "user defined signal 2"
}

/** Exit codes as a shell gives them: 127 for what is not there, 126 for what cannot be run. */
const notStarted = (error: ProcessGroup.CannotStart) =>
  JobResult.make({ state: "FAIL", exit: error.code === "ENOENT" ? 127 : 126, error: error.message })
