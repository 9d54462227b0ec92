/**
 * Chain files: a chain as text, in YAML, JSON or TOML.
 *
 * `parse` turns a text into a wire chain, or into every fault with its line and column. A file may also hold a wire
 * `JobChain` or `SuspendedJobChain` as it is. Which job types there are and what their args look like is for whoever knows
 * the types to check: `errorOf` gives the faults they find a place in the file.
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

/** Reads a chain from a text. */
export const parse = (
  text: string,
  { file, format, mayHaveFailed = false }: Options
): Result.Result<ParsedChain, ChainFileError.ChainFileError> => {
  const bare = text.startsWith("\ufeff") ? text.slice(1) : text
  try {
    return Result.mapError(
      Result.flatMap(
        readers[format ?? formatOf(file, bare)](bare),
        (document) => interpret(document, file, mayHaveFailed)
      ),
      (faults) => ChainFileError.make(file, faults)
    )
  } catch (error) {
    // Parsers and Schema go down by recursion, so that the stack is the bound of how deep values nest.
    if (!(error instanceof RangeError)) throw error
    return Result.fail(ChainFileError.make(file, [{ line: 1, column: 1, message: "the values nest too deep" }]))
  }
}

/** Returns faults that were found later in a chain of a file as an error with their places in the file. */
export const errorOf = (parsed: ParsedChain, faults: ReadonlyArray<Fault>): ChainFileError.ChainFileError =>
  ChainFileError.make(
    parsed.file,
    faults.map(({ message, path }) => ({ ...parsed.locate(path), message }))
  )

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

const interpret = (
  document: Document,
  file: string,
  mayHaveFailed: boolean
): Result.Result<ParsedChain, PlacedFaults> => {
  const { positionOf, value } = document
  const placed = (faults: ReadonlyArray<SpecFault>): PlacedFaults =>
    unique(faults).map((fault) => ({
      ...positionOf(fault.path, fault.at),
      message: labelled(fault),
      ...(fault.hint !== undefined && { hint: fault.hint })
    }))
  const form = WireFile.formOf(value)
  if (form === "spec") {
    return Result.mapBoth(ChainPlan.read(value), {
      onSuccess: (plan) => {
        const { jobChain, pathOf } = PlanCompiler.compile(plan, "")
        const locate = (path: Path) => positionOf(pathOf(path), "value")
        return { kind: "new", file, name: plan.name ?? "", jobChain, locate }
      },
      onFailure: placed
    })
  }
  if (form === "jobChain") {
    return Result.mapBoth(WireFile.jobChain(value), {
      onSuccess: (jobChain) => ({
        kind: "new",
        file,
        name: "",
        jobChain,
        locate: (path: Path) => positionOf(path, "value")
      }),
      onFailure: placed
    })
  }
  return Result.mapBoth(mayHaveFailed ? WireFile.ended(value) : WireFile.suspended(value), {
    onSuccess: (suspended) => {
      const jobChain = { ...suspended.jobChain, requestId: suspended.requestId ?? "" }
      return {
        kind: "suspended",
        file,
        name: "",
        jobChain,
        suspended,
        locate: (path: Path) => positionOf(WireFile.pathInSuspended(path), "value")
      }
    },
    onFailure: placed
  })
}

/** Says which key is meant, where the message is about a value and does not say so itself. */
const labelled = ({ at, message, path, whole }: SpecFault): string => {
  const label = path.findLast((key) => typeof key === "string")
  return at === "key" || whole === true || label === undefined ? message : `${label}: ${message}`
}
