/**
 * The built command, from the start of its process to its end, beside the same without jobchain.
 *
 * Timed is all of it; the chain file is there before.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import * as Path from "node:path"
import * as Case from "./Case.ts"
import * as Command from "./Command.ts"
import type { Workload } from "./Workload.ts"

const bin = Path.join(import.meta.dirname, "../../dist/bin.js")

const workload = (
  { cases, ...rest }: Pick<Workload, "name" | "title" | "jobs"> & {
    readonly cases: { readonly jobchain: () => Case.Case; readonly bare: () => Case.Case }
  }
): Workload => ({
  ...rest,
  group: "commands",
  contestants: ["bare", "jobchain"],
  floorOf: () => "bare",
  quick: rest.jobs > 1 ? [] : ["bare", "jobchain"],
  load: async (contestant) => cases[contestant as keyof typeof cases]()
})

/** Node with arguments; counts as one job. */
const node = (...args: ReadonlyArray<string>): Case.Case => ({
  ...Case.counting(async () => {
    await Command.run(process.execPath, args)
    return 1
  }),
  peakMiB: () => Command.peakMiB(args)
})

/** `jobchain run` of a chain, which ends with how many of its shell jobs completed. */
const jobchainRun = (jobs: Readonly<Record<string, object>>, flags: ReadonlyArray<string> = []): Case.Case => {
  const folder = mkdtempSync(Path.join(tmpdir(), "jobchain-bench-"))
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }))
  const file = Path.join(folder, "chain.json")
  writeFileSync(file, JSON.stringify({ name: "bench", jobs }))
  const args = [bin, "run", file, "--output", "json", ...flags]
  return {
    ...Case.counting(async () => completedIn(await Command.run(process.execPath, args, { cwd: folder }))),
    peakMiB: () => Command.peakMiB(args, folder)
  }
}

const completedIn = (output: string): number => {
  const { jobs }: { readonly jobs: ReadonlyArray<{ type: string; state: string }> } = JSON.parse(output)
  return jobs.filter(({ state, type }) => type === "shell" && state === "COMPLETE").length
}

/** The same commands without jobchain: some lines of them at once, in each one after the other. */
const bareRun = (jobs: number, lines: number): Case.Case =>
  Case.counting(async () => {
    let started = 0
    let ran = 0
    const line = async () => {
      while (started < jobs) {
        started++
        await Command.run("sh", ["-c", "true"])
        ran++
      }
    }
    await Promise.all(Array.from({ length: lines }, line))
    return ran
  })

const named = (count: number, job: (index: number) => object): Record<string, object> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`job-${index}`, job(index)]))

const line = (count: number) =>
  named(count, (index) => ({ run: "true", ...(index > 0 && { needs: [`job-${index - 1}`] }) }))

export const all: ReadonlyArray<Workload> = [
  workload({
    name: "start",
    title: "jobchain --help beside node -e 0",
    jobs: 1,
    cases: { bare: () => node("-e", "0"), jobchain: () => node(bin, "--help") }
  }),
  workload({
    name: "run10",
    title: "jobchain run of ten commands in a line",
    jobs: 10,
    cases: { bare: () => bareRun(10, 1), jobchain: () => jobchainRun(line(10)) }
  }),
  workload({
    name: "shell1000",
    title: "1,000 commands, 2 at a time",
    jobs: 1000,
    cases: {
      bare: () => bareRun(1000, 2),
      jobchain: () => jobchainRun(named(1000, () => ({ run: "true" })), ["--concurrency", "2"])
    }
  })
]
