/**
 * Reads a chain from a file or stdin and checks all of it, job types and args too, before anything is run.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { existsSync, readFileSync } from "node:fs"
import { text } from "node:stream/consumers"
import type { SuspendedJobChain } from "../domain/JobChain.ts"
import * as ChainFile from "../spec/ChainFile.ts"
import type { ChainFileError } from "../spec/ChainFileError.ts"
import { BadInput } from "./BadInput.ts"
import * as Envelope from "./Envelope.ts"
import * as JobTypes from "./JobTypes.ts"

/** The file's name that stands for stdin. */
export const stdin = "-"

/** What to do with a file that `jobchain export` has written and somebody has altered since, line by line. */
export type Altered = (alterations: ReadonlyArray<string>) => Effect.Effect<void, BadInput>

/** Reads a chain that could be run: its jobs are of types we have, with args that fit. Fails with every fault. */
export const read = (
  path: string,
  altered?: Altered
): Effect.Effect<ChainFile.ParsedChain, BadInput | ChainFileError> =>
  Effect.gen(function*() {
    const reading = yield* readingOf(path, altered)
    return yield* Effect.fromResult(ChainFile.withFaults(reading, yield* JobTypes.faultsOf(reading.jobChain)))
  })

/** Answers whether a name is that of a file, or stdin. */
export const isThere = (name: string): boolean => name === stdin || existsSync(name)

/** Reads a chain that is over, of which some jobs may have failed. Fails with every fault. */
export const readEnded = (path: string): Effect.Effect<SuspendedJobChain, BadInput | ChainFileError> =>
  Effect.gen(function*() {
    const file = path === stdin ? "<stdin>" : path
    const reading = ChainFile.read(yield* textOf(path), { file, mayHaveFailed: true })
    const faults = yield* JobTypes.faultsOf(reading.jobChain)
    const parsed = yield* Effect.fromResult(ChainFile.withFaults(reading, faults))
    if (parsed.kind === "new") {
      return yield* new BadInput({ message: `${file}: this chain has not run: start it by "jobchain run ${path}"` })
    }
    return parsed.suspended
  })

/** Reads a chain, whatever its jobs are. Altered ones are refused unless `altered` says otherwise. */
export const parse = (
  path: string,
  altered?: Altered
): Effect.Effect<ChainFile.ParsedChain, BadInput | ChainFileError> =>
  Effect.flatMap(readingOf(path, altered), ({ parsed }) => Effect.fromResult(parsed))

const readingOf = Effect.fnUntraced(function*(
  path: string,
  altered: Altered = refuseAltered(path)
): Effect.fn.Return<ChainFile.Reading, BadInput> {
  const file = path === stdin ? "<stdin>" : path
  const found = yield* textOf(path)
  if (!/^\s*\{/.test(found) || !found.includes(Envelope.format)) {
    return ChainFile.read(found, { file })
  }
  const opened = yield* Effect.try({
    try: () => Envelope.open(found),
    catch: (error) => new BadInput({ message: `${file}: ${(error as Error).message}` })
  })
  if (opened.alterations.length > 0) yield* altered(opened.alterations)
  const chain = JSON.stringify(opened.chain, null, 2) ?? ""
  return ChainFile.read(chain, { file: `${file} (its chain)`, format: "json" })
})

const refuseAltered = (path: string): Altered => (alterations) =>
  Effect.fail(
    new BadInput({ message: `${path}: ${toldOf(alterations)}"jobchain import --force" takes it in all the same` })
  )

/** Says what was altered. */
export const toldOf = (alterations: ReadonlyArray<string>): string =>
  `it is not as it was exported:\n${alterations.slice(0, shown).map((line) => `  ${line}\n`).join("")}${
    alterations.length > shown ? `  and ${alterations.length - shown} more\n` : ""
  }`

const shown = 20

const textOf = (path: string): Effect.Effect<string, BadInput> =>
  Effect.tryPromise({
    try: async () => path === stdin ? await text(process.stdin) : readFileSync(path, "utf8"),
    catch: (error) => new BadInput({ message: `${path}: ${explain(error as NodeJS.ErrnoException)}` })
  })

const explain = ({ code = "", message }: NodeJS.ErrnoException): string => reasons[code] ?? message

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  ENOTDIR: "no such file",
  EISDIR: "is a directory, expected a chain file",
  EACCES: "permission denied"
}
