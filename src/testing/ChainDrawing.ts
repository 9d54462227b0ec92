/**
 * Chains from a drawing: one line per job that says which jobs come right after it.
 *
 * @since 0.1.0
 */
import type { Job, JobChain } from "../domain/JobChain.ts"
import * as JobState from "../domain/JobState.ts"

/** What a job of a drawing is given besides its id and place. */
export type Fields = Omit<Job, "id">

/**
 * Returns the chain that a drawing shows: every job PENDING, named by its id, of type `noop`.
 *
 * **Example**
 *
 * ```ts
 * import { chainOf } from "jobchain/testing"
 *
 * const diamond = chainOf(
 *   `
 *     a -> b c
 *     b -> d
 *     c -> d
 *   `,
 *   { b: { retry: 2 } }
 * )
 * ```
 */
export const chainOf = (drawing: string, fields: Readonly<Record<string, Fields>> = {}): JobChain => {
  const jobs: Record<string, Job> = {}
  const adjacencyList: Record<string, ReadonlyArray<string>> = {}
  const add = (id: string) => {
    jobs[id] ??= { id, name: id, type: "noop", state: JobState.PENDING, ...fields[id] }
  }
  for (const line of drawing.split("\n")) {
    const [from = "", after = ""] = line.split("->").map((side) => side.trim())
    if (from === "") continue
    const next = after.split(/\s+/).filter((id) => id !== "")
    for (const id of [from, ...next]) add(id)
    if (next.length > 0) adjacencyList[from] = [...adjacencyList[from] ?? [], ...next]
  }
  return { requestId: `request-${++drawn}`, jobs, adjacencyList, state: JobState.PENDING, finishedJobs: 0 }
}

/** Each drawing is a request of its own. */
let drawn = 0
