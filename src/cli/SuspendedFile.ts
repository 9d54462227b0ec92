/**
 * The file a suspended chain is kept in, and what becomes of it while the chain goes on.
 *
 * `<request id>.suspended.json` is a chain that waits. Resuming it renames it to `….resuming.json`, so that it is not
 * resumed twice by mistake; the file goes when the chain has ended, or gives way to the next suspended one. Should the
 * process be killed meanwhile, it is still there.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { randomUUID } from "node:crypto"
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import * as Path from "node:path"
import { SuspendedJobChain } from "../domain/JobChain.ts"

const ending = ".suspended.json"

/** Writes a suspended chain to the working folder, or, where that cannot be, to the system's folder for such files. Returns the path. */
export const write = (suspended: SuspendedJobChain): string => {
  try {
    return writeTo(process.cwd(), suspended)
  } catch {
    return writeTo(tmpdir(), suspended)
  }
}

/** Takes a suspended chain's file out of the way while the chain runs; `undefined` for a file of another name, which stays. */
export const claim = (path: string): string | undefined => {
  if (!path.endsWith(ending)) return undefined
  const claimed = `${path.slice(0, -ending.length)}.resuming.json`
  renameSync(path, claimed)
  return claimed
}

/** Gives a claimed file its name back, because nothing was run. */
export const unclaim = (path: string, claimed: string | undefined): void => {
  if (claimed !== undefined) renameSync(claimed, path)
}

/** Removes a claimed file: what it held has ended, or is in a newer file. */
export const remove = (claimed: string | undefined): void => {
  if (claimed !== undefined) rmSync(claimed, { force: true })
}

const writeTo = (folder: string, suspended: SuspendedJobChain): string => {
  const path = freePath(folder, suspended.requestId ?? "")
  const draft = `${path}.${randomUUID()}`
  writeFileSync(draft, `${JSON.stringify(suspended, null, 2)}\n`, { flush: true })
  renameSync(draft, path)
  return path
}

/** A file of another request is not overwritten: names of files say less than request ids. */
const freePath = (folder: string, requestId: string): string => {
  const name = requestId.replaceAll(/[^\w.@+-]+/g, "_")
  for (let count = 1;; count++) {
    const path = Path.join(folder, `${count === 1 ? name : `${name}-${count}`}${ending}`)
    if (!existsSync(path) || requestIdIn(path) === requestId) return path
  }
}

const requestIdIn = (path: string): string | undefined => {
  try {
    return Schema.decodeUnknownSync(SuspendedJobChain)(JSON.parse(readFileSync(path, "utf8"))).requestId ?? undefined
  } catch {
    return undefined
  }
}
