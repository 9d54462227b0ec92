/**
 * Runs the probes of W6, and says what they found.
 */
import * as Path from "node:path"
import * as Command from "./Command.ts"
import type { Results } from "./Result.ts"
import * as Targets from "./Targets.ts"

interface Lag {
  readonly p99Ms: number
  readonly maxMs: number
}

const probe = async <Value>(name: string): Promise<Value> =>
  JSON.parse(await Command.run(process.execPath, ["--expose-gc", Path.join(import.meta.dirname, "probe.ts"), name]))

/** Returns a line for each figure. */
export const lines = async (results: Results, say: (text: string) => void): Promise<ReadonlyArray<string>> => {
  say("W6 memory")
  const retained = await probe<number>("retained-unreported")
  const withLogs = await probe<number>("retained")
  say("W6 event loop")
  const lag = await probe<Lag>("lag")
  const bare = await probe<Lag>("lag-bare")
  return [
    ...Targets.atMost("W6 retained, bytes/job", retained, 400),
    ...Targets.atMost("W6 retained with job logs kept", withLogs, undefined),
    ...Targets.atMost("W6 peak RSS, MiB", results.get("W6", "jobchain")?.peakMiB, undefined),
    ...Targets.atMost("W6 event loop lag p99, ms", lag.p99Ms, 10),
    ...Targets.atMost("W6 event loop lag max, ms", lag.maxMs, undefined),
    ...Targets.atMost("  of a bare program that allocates", bare.maxMs, undefined)
  ]
}
