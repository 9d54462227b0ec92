/**
 * The process in which one contestant runs one workload: `node scripts/bench/child.ts WORKLOAD CONTESTANT`.
 *
 * Started by `Entrant`, which asks for one timing after another. The first is the cold one. Garbage is collected when the
 * runtime thinks so, as it is wherever these run: collecting all of it before a run would throw away compiled code, too.
 */
import { enableCompileCache } from "node:module"
import type { Case } from "./Case.ts"
import type { Answer, Request } from "./Entrant.ts"
import * as Workloads from "./Workloads.ts"

const [workloadName = "", contestant = ""] = process.argv.slice(2)

const answer = (message: Answer): void => void process.send?.(message)

// So that loading contestants takes less of the time; what is timed comes after it.
enableCompileCache()

const main = async (): Promise<void> => {
  const workload = Workloads.get(workloadName, contestant)
  const loaded = await workload.load(contestant)
  process.on("message", ({ repeats }: Request) => {
    time(loaded, repeats, workload.jobs).then(answer, fail)
  })
  answer({ kind: "ready" })
}

const time = async ({ open, peakMiB }: Case, repeats: number, jobs: number): Promise<Answer> => {
  const session = await open()
  const startedAt = performance.now()
  for (let i = 0; i < repeats; i++) await session.run()
  const milliseconds = (performance.now() - startedAt) / repeats
  const peak = process.resourceUsage().maxRSS / 1024
  const ran = await session.close()
  if (ran !== repeats * jobs) throw new Error(`It ran ${ran} jobs, expected ${repeats * jobs}`)
  return { kind: "timed", milliseconds, peakMiB: await peakMiB?.() ?? peak }
}

const fail = (error: unknown): void => {
  const isTooMuch = error instanceof RangeError
  const text = error instanceof Error ? error.stack ?? error.message : String(error)
  answer({ kind: "failed", isTooMuch, message: isTooMuch ? error.message : text.slice(0, 2000) })
}

process.on("uncaughtException", fail)
process.on("disconnect", () => process.exit())
main().catch(fail)
