/**
 * Flags and arguments that several commands share, and how a command is joined to what it does.
 *
 * @since 0.1.0
 */
import * as Argument from "effect/cli/Argument"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Path from "node:path"
import * as StoreLocation from "./StoreLocation.ts"

/** Returns a text as a reason, which the parser tells with the flag's name. */
export const reasonOf = (error: unknown): string => error instanceof Error ? error.message : String(error)

/** Returns a path as people write it; those of the parser are absolute. */
export const asWritten = (path: string): string => {
  const relative = Path.relative("", path)
  if (relative === "") return "."
  return relative.startsWith("..") ? path : relative
}

/** A path, for the sake of completions. */
export const file = Argument.Path("FILE").pipe(Argument.map(asWritten))

export const chainFile = file.pipe(Argument.withDescription("A chain file in YAML, JSON or TOML; - reads stdin"))

/** A chain of the store. */
export const id = Argument.String("ID").pipe(
  Argument.withDescription("A request id, or as much of its beginning as names one chain")
)

export const db = Flag.String("db").pipe(
  Flag.withMetavar("PATH|URL"),
  Flag.withDescription("The store, a SQLite database or a postgres:// URL; .jobchain/jobchain.db unless given"),
  Flag.mapTryCatch(StoreLocation.parse, reasonOf),
  Flag.optional
)

export const memory = Flag.Boolean("memory").pipe(
  Flag.withoutNegation,
  Flag.withDescription("Keep nothing: no store, and a suspended chain is a file"),
  Flag.withDefault(false)
)

export const output = Flag.Literals("output", ["pretty", "json"]).pipe(
  Flag.withDescription("pretty, unless given: for people; json: one document"),
  Flag.withDefault("pretty" as const)
)

/** The exit code of a command becomes that of the process. */
export const ending = <E, R>(code: Effect.Effect<number, E, R>): Effect.Effect<void, E, R> =>
  Effect.map(code, (value) => {
    process.exitCode = value
  })

/** Loads what a command does when it is called, and does it. */
export const lazily = <Module, E, R>(
  load: () => Promise<Module>,
  call: (module: Module) => Effect.Effect<number, E, R>
): Effect.Effect<void, E, R> => ending(Effect.flatMap(Effect.promise(load), call))
