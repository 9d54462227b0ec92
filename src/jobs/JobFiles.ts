/**
 * The two files of a shell job's try: its data (`JOBCHAIN_DATA`) and what it hands on (`JOBCHAIN_OUTPUT`).
 *
 * They lie in one private directory of this process, made when the first is written. They are removed with their try, the
 * directory when the process ends, see `Watchdog`.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { JobData } from "../domain/JobData.ts"
import * as OutputFile from "./OutputFile.ts"

export interface JobFiles {
  /** Path of a file with the job's data as a JSON object. */
  readonly data: string
  /** Path of a file that is not there until the command makes it. */
  readonly output: string
}

/** The file could not be written, for a reason that lies with the machine: a full disk, say. */
export class JobFilesFailed extends Data.TaggedError("JobFilesFailed")<{ readonly cause: unknown }> {
  override get message(): string {
    return `cannot write the file of the job's data: ${this.reason}`
  }

  get reason(): string {
    return this.cause instanceof Error ? this.cause.message : String(this.cause)
  }
}

/** Writes the data of a try. Synchronous, like all here: the files are small, and starting a process costs far more. */
export const write = (data: JobData): Effect.Effect<JobFiles, JobFilesFailed> =>
  attempt(() => {
    const name = join(directory(), String(++lastNumber))
    const files = { data: `${name}.json`, output: `${name}.out` }
    writeFileSync(files.data, JSON.stringify(data), { mode: 0o600 })
    return files
  })

/** Far more than a job should hand on: all of it is kept with the chain. */
const outputBytesMax = 1024 * 1024

/** Reads what the command handed on so far. */
export const read = (files: JobFiles): Effect.Effect<OutputFile.HandedOn> =>
  attempt(() => {
    const stats = statSync(files.output, { throwIfNoEntry: false })
    if (stats === undefined) return OutputFile.nothing
    // Opening a FIFO would wait for a writer.
    if (!stats.isFile()) return broken("is not a file any more")
    if (stats.size > outputBytesMax) return broken(`has ${stats.size} bytes, and at most ${outputBytesMax} are read`)
    return OutputFile.parse(readFileSync(files.output, "utf8"))
  }).pipe(Effect.catch((error) => Effect.succeed(broken(`cannot be read: ${error.reason}`))))

/** Removes the files of a try. */
export const remove = (files: JobFiles): Effect.Effect<void> =>
  Effect.sync(() => {
    rmSync(files.data, { force: true })
    rmSync(files.output, { force: true, recursive: true })
  })

let directoryPath: string | undefined
let lastNumber = 0

/** Returns the directory of this process. */
export const directory = (): string => {
  directoryPath ??= mkdtempSync(join(tmpdir(), "jobchain-"))
  // A cleaner of old files may have taken it from a process that runs for weeks.
  if (statSync(directoryPath, { throwIfNoEntry: false }) === undefined) mkdirSync(directoryPath, { mode: 0o700 })
  return directoryPath
}

/** Removes the directory with all that is in it. */
export const removeDirectory = (): void => {
  if (directoryPath !== undefined) rmSync(directoryPath, { force: true, recursive: true })
}

const broken = (what: string): OutputFile.HandedOn => ({ data: {}, faults: [`JOBCHAIN_OUTPUT ${what}`] })

const attempt = <A>(body: () => A): Effect.Effect<A, JobFilesFailed> =>
  Effect.try({ try: body, catch: (cause) => new JobFilesFailed({ cause }) })
