/**
 * The file a suspended chain is kept in, and what becomes of it while the chain goes on.
 *
 * `<request id>.suspended.json` holds a chain that waits. Resuming renames it to `….resuming.json`, so that nobody resumes
 * it twice. When the run is over it is removed if all of it is COMPLETE or in a newer file, else kept as `….ended.json`.
 * Should the process be killed meanwhile, it is still there.
 *
 * @since 0.1.0
 */
import { randomUUID } from "node:crypto"
import { existsSync, linkSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import * as Path from "node:path"
import type { SuspendedJobChain } from "../domain/JobChain.ts"
import type { JobState } from "../domain/JobState.ts"

const endings = { waiting: ".suspended.json", claimed: ".resuming.json", over: ".ended.json" } as const

/** Returns the file in the working folder in which a request's chain waits, or did when it was resumed, if there is one. */
export const find = (requestId: string): string | undefined =>
  [endings.waiting, endings.claimed].map((ending) => `${nameOf(requestId)}${ending}`).find((path) => existsSync(path))

/**
 * Writes a suspended chain to the working folder, or, where that cannot be, to the system's folder for passing files.
 * Returns the path, or `undefined` when neither can be written. No file that is there is overwritten.
 */
export const write = (suspended: SuspendedJobChain): string | undefined => {
  for (const folder of [() => process.cwd(), tmpdir]) {
    try {
      return writeTo(folder(), suspended)
    } catch {
      // The next folder may do. That none did is for the caller to say.
    }
  }
  return undefined
}

/** Whether a file is in the hands of a run, or was when that was killed. */
export const isClaimed = (path: string): boolean => path.endsWith(endings.claimed)

/** Takes a suspended chain's file out of the way while the chain runs. Returns where it is meanwhile, throws where it cannot. */
export const claim = (path: string): string => {
  const claimed = `${stemOf(path)}${endings.claimed}`
  move(path, claimed)
  return claimed
}

/** Gives a claimed file its name back, because nothing was run. */
export const unclaim = (path: string, claimed: string): void => move(claimed, path)

/** Ends a claim when the run is over; returns where the file is now, if it was kept. */
export const settle = (claimed: string, state: JobState, newer: string | undefined): string | undefined => {
  if (state === "COMPLETE" || newer !== undefined) {
    rmSync(claimed, { force: true })
    return undefined
  }
  return moveToFreeName(claimed, stemOf(claimed), endings.over)
}

const stemOf = (path: string): string => path.replace(/(?:\.suspended|\.resuming|\.ended)?\.json$/, "")

/** Names of files say less than request ids. */
const nameOf = (requestId: string): string => requestId.replaceAll(/[^\w.@+-]+/g, "_").slice(0, nameLengthMax)

/** Leaves room for the endings in the 255 bytes that file systems give a name. */
const nameLengthMax = 180

const writeTo = (folder: string, suspended: SuspendedJobChain): string => {
  const draft = Path.join(folder, `.jobchain-${randomUUID()}`)
  try {
    writeFileSync(draft, `${JSON.stringify(suspended, null, 2)}\n`, { flush: true })
    return moveToFreeName(draft, Path.join(folder, nameOf(suspended.requestId ?? "")), endings.waiting)
  } finally {
    rmSync(draft, { force: true })
  }
}

const moveToFreeName = (from: string, stem: string, ending: string): string => {
  for (let count = 1;; count++) {
    const path = `${stem}${count === 1 ? "" : `-${count}`}${ending}`
    try {
      move(from, path)
      return path
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error
    }
  }
}

/** Renames a file, but never to the place of another one: a link, unlike a rename, fails then. */
const move = (from: string, to: string): void => {
  try {
    linkSync(from, to)
    rmSync(from)
  } catch (error) {
    // Some file systems have no links.
    if (codeOf(error) === "EEXIST" || existsSync(to)) throw error
    renameSync(from, to)
  }
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code
