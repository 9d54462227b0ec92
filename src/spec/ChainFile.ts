/**
 * Chain files: a chain as text, in YAML, JSON or TOML.
 *
 * `parse` turns a text into a wire chain, or into every fault with its line and column. A file may also hold a wire
 * `JobChain` or `SuspendedJobChain` as it is. Which job types there are and what their args look like is for whoever knows
 * the types to check: `withFaults` puts the faults they find beside the others, each in its place in the file.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import type { JobChain, SuspendedJobChain } from "../domain/JobChain.ts"
import type { Fault } from "../domain/Validation.ts"
import * as ChainFileError from "./ChainFileError.ts"
import * as ChainPlan from "./ChainPlan.ts"
import type { Document, Position, SyntaxFault } from "./Document.ts"
import * as JsonDocument from "./JsonDocument.ts"
import * as PlanCompiler from "./PlanCompiler.ts"
import * as SalvagedJobs from "./SalvagedJobs.ts"
import { type Path, type SpecFault, unique } from "./SpecFault.ts"
import * as TomlDocument from "./TomlDocument.ts"
import * as WireFile from "./WireFile.ts"
import * as YamlDocument from "./YamlDocument.ts"

export type Format = "yaml" | "json" | "toml"

/** A chain that was read from a file and keeps all rules. */
export type ParsedChain = NewChain | SuspendedChain

interface Located {
  /** The file as errors name it. */
  readonly file: string
  /** What the chain is called; empty where the file does not say. */
  readonly name: string
  /** Returns where in the file a part of the wire chain came from, by its path there, such as `["jobs", "build", "args"]`. */
  readonly locate: (path: Path) => Position
}

/** A chain that has not run yet. Its request id is empty where the file gives none. */
export interface NewChain extends Located {
  readonly kind: "new"
  readonly jobChain: JobChain
}

/** A chain to be resumed. */
export interface SuspendedChain extends Located {
  readonly kind: "suspended"
  readonly jobChain: JobChain
  readonly suspended: SuspendedJobChain
}

export interface Options {
  /** Names the file in errors. Its ending says the format where `format` does not, else what the text looks like. */
  readonly file: string
  readonly format?: Format
  /** Whether a suspended chain may be one that is over, with jobs that have failed. */
  readonly mayHaveFailed?: boolean
}

/** What a text says, as far as it says anything. */
export interface Reading extends Omit<Located, "name"> {
  readonly parsed: Result.Result<ParsedChain, ChainFileError.ChainFileError>
  /**
   * Its jobs, to look further at their types, args and conditions. Where `parsed` has failed, only what has the right form is there, and
   * each job by itself.
   */
  readonly jobChain: JobChain
}

/** Reads a chain from a text. */
export const parse = (
  text: string,
  options: Options
): Result.Result<ParsedChain, ChainFileError.ChainFileError> => read(text, options).parsed

/** Reads a chain from a text for who has more to say of its jobs: see `withFaults`. */
export const read = (text: string, { file, format, mayHaveFailed = false }: Options): Reading => {
  const bare = text.startsWith("\ufeff") ? text.slice(1) : text
  try {
    const document = readers[format ?? formatOf(file, bare)](bare)
    return Result.isFailure(document)
      ? unreadable(file, document.failure)
      : interpret(document.success, file, mayHaveFailed)
  } catch (error) {
    // Parsers and Schema go down by recursion, so that the stack is the bound of how deep values nest.
    if (!(error instanceof RangeError)) throw error
    return unreadable(file, [{ line: 1, column: 1, message: "the values nest too deep" }])
  }
}

const unreadable = (file: string, faults: PlacedFaults): Reading => ({
  file,
  parsed: Result.fail(ChainFileError.make(file, faults)),
  jobChain: {},
  locate: () => ({ line: 1, column: 1 })
})

/** Adds faults that were found in the jobs of what was read to those that were found in reading it. */
export const withFaults = (reading: Reading, faults: ReadonlyArray<Fault>): Reading["parsed"] => {
  const { file, parsed } = reading
  if (faults.length === 0) return parsed
  const found = Result.isFailure(parsed) ? parsed.failure.faults : []
  return Result.fail(ChainFileError.make(file, [...found, ...placed(reading, faults)]))
}

/** Returns faults that were found later in a chain of a file as an error with their places in the file. */
export const errorOf = (parsed: ParsedChain, faults: ReadonlyArray<Fault>): ChainFileError.ChainFileError =>
  ChainFileError.make(parsed.file, placed(parsed, faults))

const placed = ({ locate }: Pick<Located, "locate">, faults: ReadonlyArray<Fault>): PlacedFaults =>
  faults.map(({ message, path }) => ({ ...locate(path), message }))

type Read = (text: string) => Result.Result<Document, ReadonlyArray<SyntaxFault>>

const readers: Readonly<Record<Format, Read>> = {
  yaml: YamlDocument.read,
  json: JsonDocument.read,
  toml: TomlDocument.read
}

const formatOf = (file: string, text: string): Format => {
  if (/\.ya?ml$/i.test(file)) return "yaml"
  if (/\.json$/i.test(file)) return "json"
  if (/\.toml$/i.test(file)) return "toml"
  if (/^\s*\{/.test(text)) return "json"
  return tomlStart.test(text) ? "toml" : "yaml"
}

/** After comments: `[jobs.build]` or `name = `. */
const tomlStart = /^(?:\s|#.*(?:\n|$))*(?:\[{1,2}[\w."' -]+\]|[\w."'-]+\s*=)/

type PlacedFaults = ReadonlyArray<Omit<ChainFileError.FileFault, "file">>

const interpret = (document: Document, file: string, mayHaveFailed: boolean): Reading => {
  const { positionOf, value } = document
  const failed = (faults: ReadonlyArray<SpecFault>) =>
    Result.fail(ChainFileError.make(
      file,
      unique(faults).map((fault) => ({
        ...positionOf(fault.path, fault.at),
        message: labelled(fault),
        ...(fault.hint !== undefined && { hint: fault.hint })
      }))
    ))
  const form = WireFile.formOf(value)
  if (form === "spec") {
    const plan = ChainPlan.read(value)
    const { jobChain, pathOf } = Result.isSuccess(plan)
      ? PlanCompiler.compile(plan.success, "")
      : SalvagedJobs.make(value)
    const locate = (path: Path) => positionOf(pathOf(path), "value")
    const parsed = Result.isSuccess(plan)
      ? Result.succeed({ kind: "new", file, name: plan.success.name ?? "", jobChain, locate } as const)
      : failed(plan.failure)
    return { file, parsed, jobChain, locate }
  }
  if (form === "jobChain") {
    const locate = (path: Path) => positionOf(path, "value")
    const { decoded: jobChain = {}, faults } = WireFile.jobChain(value)
    const parsed = faults.length === 0
      ? Result.succeed({ kind: "new", file, name: "", jobChain, locate } as const)
      : failed(faults)
    return { file, parsed, jobChain, locate }
  }
  const locate = (path: Path) => positionOf(WireFile.pathInSuspended(path), "value")
  const { decoded: suspended = {}, faults } = mayHaveFailed ? WireFile.ended(value) : WireFile.suspended(value)
  const jobChain = { ...suspended.jobChain, requestId: suspended.requestId ?? "" }
  const parsed = faults.length === 0
    ? Result.succeed({ kind: "suspended", file, name: "", jobChain, suspended, locate } as const)
    : failed(faults)
  return { file, parsed, jobChain, locate }
}

/** Says which key is meant, where the message is about a value and does not say so itself. */
const labelled = ({ at, message, path, whole }: SpecFault): string => {
  const label = path.findLast((key) => typeof key === "string")
  return at === "key" || whole === true || label === undefined ? message : `${label}: ${message}`
}
