/**
 * A directory for one test, and FIFOs in it that tell when every process that holds them is gone.
 */
import { Effect } from "effect"
import { execFileSync } from "node:child_process"
import { createReadStream, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** Makes a directory that is removed with the scope. */
export const make = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "jobs-test-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

export interface Fifo {
  readonly path: string
  /** Waits until the FIFO was opened for writing and no process has it open any more. */
  readonly released: Effect.Effect<string>
}

/** Makes a FIFO and opens it for reading. */
export const fifo = (directory: string, name = "fifo"): Effect.Effect<Fifo> =>
  Effect.sync(() => {
    const path = join(directory, name)
    execFileSync("mkfifo", [path])
    const released = new Promise<string>((resolve, reject) => {
      let text = ""
      createReadStream(path, "utf8").on("data", (chunk) => text += chunk).on("end", () => resolve(text)).on(
        "error",
        reject
      )
    })
    return { path, released: Effect.promise(() => released) }
  })
