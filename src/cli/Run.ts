/**
 * `jobchain run`: a chain goes in, its jobs run, and how it ended comes out.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { randomBytes } from "node:crypto"
import * as Path from "node:path"
import type { JobChain } from "../domain/JobChain.ts"
import type { JobData } from "../domain/JobData.ts"
import * as ChainFile from "../spec/ChainFile.ts"
import { BadInput } from "./BadInput.ts"
import type * as ChainRun from "./ChainRun.ts"
import * as DataCheck from "./DataCheck.ts"
import * as ExitCode from "./ExitCode.ts"
import * as InitialData from "./InitialData.ts"
import * as InputFile from "./InputFile.ts"
import * as Interrupts from "./Interrupts.ts"
import * as MemoryRun from "./MemoryRun.ts"
import * as OpenStore from "./OpenStore.ts"
import * as StoreLocation from "./StoreLocation.ts"
import * as SuspendedFile from "./SuspendedFile.ts"

export interface RunOptions extends ChainRun.ChainRunOptions, StoreLocation.KeepingFlags {
  readonly file: string
  readonly requestId: Option.Option<string>
  readonly data: JobData
}

/** Runs a chain from a file; returns the exit code. */
export const run = Effect.fnUntraced(function*(options: RunOptions) {
  const { file } = options
  const database = yield* StoreLocation.ofRun(options)
  const parsed = yield* InputFile.read(file)
  if (parsed.kind === "suspended") {
    const message = `${file}: this chain is suspended: go on with it by "jobchain resume ${file}"`
    return yield* new BadInput({ message })
  }
  const given = Option.getOrElse(options.requestId, () => parsed.jobChain.requestId ?? "")
  const requestId = given === "" ? requestIdFor(parsed, file) : given
  const waiting = SuspendedFile.find(requestId)
  if (waiting !== undefined) {
    const message = `Request ${requestId} has been started before: ${waiting} has where it was. ` +
      `Resume it, remove that file, or take another --request-id`
    return yield* new BadInput({ message })
  }
  const jobChain = { ...InitialData.addTo(parsed.jobChain, options.data), requestId }
  const faults = yield* DataCheck.faultsOf(jobChain)
  if (faults.length > 0) return yield* ChainFile.errorOf(parsed, faults)
  const run = database === undefined
    ? inMemory(options, jobChain)
    // By its name it is found again; in wire form it has none.
    : stored(options, database, { name: nameOf(parsed, file), ...jobChain })
  return ExitCode.ofState((yield* run).state)
})

const inMemory = (options: RunOptions, jobChain: JobChain) =>
  Effect.scoped(Effect.flatMap(
    Interrupts.listen("Killed\n"),
    (interrupts) => MemoryRun.run(options, { jobChain, interrupts })
  ))

/** SQLite is loaded only where it is used. */
const stored = Effect.fnUntraced(
  function*(options: RunOptions, database: StoreLocation.Database, jobChain: JobChain) {
    const StoredRun = yield* Effect.promise(() => import("./StoredRun.ts"))
    return yield* OpenStore.use(database, StoredRun.start(options, database, jobChain))
  }
)

/** A readable id that is not given twice: what the chain is called, when, and four random letters. */
const requestIdFor = (parsed: ChainFile.ParsedChain, file: string): string => {
  const time = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-")
  return `${nameOf(parsed, file)}-${time}-${randomBytes(2).toString("hex")}`
}

const nameOf = ({ name }: ChainFile.ParsedChain, file: string): string =>
  name || (file === InputFile.stdin ? "chain" : Path.parse(file).name)
