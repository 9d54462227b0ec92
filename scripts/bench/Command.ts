/**
 * A process that is started, waited for and measured.
 */
import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import * as Path from "node:path"

/** Runs a process to its end and returns what it wrote to stdout. Throws where it does not exit with 0. */
export const run = (
  program: string,
  args: ReadonlyArray<string>,
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {}
): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "pipe"] })
    const texts = { stdout: "", stderr: "" }
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => {
        texts[name] += text
      })
    }
    child.on("error", reject)
    child.on("close", (code) => {
      if (code === 0) resolve(texts.stdout)
      else reject(new Error(`${program} ${args.join(" ")} exits ${code}: ${texts.stderr}`))
    })
  })

const reporter = Path.join(import.meta.dirname, "reportPeak.ts")

/** Runs Node to its end once more, and returns the peak of its memory. */
export const peakMiB = async (args: ReadonlyArray<string>, cwd?: string): Promise<number> => {
  const folder = mkdtempSync(Path.join(tmpdir(), "jobchain-bench-"))
  const file = Path.join(folder, "peak")
  await run(process.execPath, ["--import", reporter, ...args], {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, BENCH_PEAK_FILE: file }
  })
  const kibibytes = Number(readFileSync(file, "utf8"))
  rmSync(folder, { recursive: true })
  return kibibytes / 1024
}
