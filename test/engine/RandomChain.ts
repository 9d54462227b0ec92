/**
 * Random chains of nested sequences, in which how each try of each job ends follows from where it stands.
 *
 * An ending depends on the job, its try and the tries of the sequences around it, and on nothing else: so a run that was
 * suspended now and then must come to the same end as one that never was.
 */
import type { Job, JobChain } from "../../src/domain/JobChain.ts"

export interface RandomChain {
  readonly jobChain: JobChain
  /** Job id → the first jobs of the sequences around it, the innermost first. */
  readonly sequencesOf: ReadonlyMap<string, ReadonlyArray<string>>
  readonly parentsOf: ReadonlyMap<string, ReadonlyArray<string>>
  /** How a try ends, and after how many milliseconds. */
  readonly ending: (jobId: string, jobTry: number, sequenceTries: ReadonlyArray<number>) => Ending
}

export interface Ending {
  readonly state: "COMPLETE" | "FAIL" | "UNKNOWN" | "panic"
  readonly milliseconds: number
}

/** Returns a number generator between 0 and 1 (mulberry32). */
export const random = (seed: number): () => number => {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const hash = (text: string): number =>
  Array.from(text).reduce((sum, letter) => Math.imul(sum ^ letter.charCodeAt(0), 16_777_619), -2_128_831_035)

/** Returns a chain of about 3 to 20 jobs. */
export const make = (seed: number): RandomChain => {
  const next = random(seed)
  const below = (max: number) => Math.floor(next() * max)
  const jobs: Record<string, Job> = {}
  const adjacencyList: Record<string, Array<string>> = {}
  const sequencesOf = new Map<string, ReadonlyArray<string>>()
  const failures = next() * 0.5

  const addJob = (
    around: ReadonlyArray<string>,
    sequence?: { readonly retry: number; readonly wait: string }
  ): string => {
    const id = `j${Object.keys(jobs).length}`
    const sequences = sequence === undefined ? around : [id, ...around]
    jobs[id] = {
      id,
      name: id,
      type: "random",
      state: 1,
      retry: below(3),
      retryWait: ["", "10ms", "25ms"][below(3)] as string,
      ...(sequences.length === 0 ? {} : { sequenceId: sequences[0] as string }),
      ...(sequence === undefined ? {} : { sequenceRetry: sequence.retry, sequenceRetryWait: sequence.wait })
    }
    sequencesOf.set(id, sequences)
    return id
  }
  const connect = (from: string, to: string) => {
    const targets = (adjacencyList[from] ??= [])
    if (!targets.includes(to)) targets.push(to)
  }

  /** A part of the chain with one first and one last job. */
  const addPart = (depth: number, around: ReadonlyArray<string>): readonly [first: string, last: string] => {
    const kind = depth === 0 ? 0 : below(4)
    if (kind === 0) {
      const job = addJob(around)
      return [job, job]
    }
    const isSequence = kind === 3
    const first = addJob(around, isSequence ? { retry: below(3), wait: ["", "15ms"][below(2)] as string } : undefined)
    const inside = isSequence ? [first, ...around] : around
    const parts = Array.from({ length: 1 + below(3) }, () => addPart(depth - 1, inside))
    const last = addJob(inside)
    if (kind === 1) {
      let end = first
      for (const [partFirst, partLast] of parts) {
        connect(end, partFirst)
        end = partLast
      }
      connect(end, last)
    } else {
      for (const [partFirst, partLast] of parts) {
        connect(first, partFirst)
        connect(partLast, last)
      }
    }
    return [first, last]
  }

  addPart(1 + below(3), [])
  const parentsOf = new Map(
    Object.keys(jobs).map((id) => [
      id,
      Object.keys(adjacencyList).filter((from) => adjacencyList[from]?.includes(id))
    ])
  )
  return {
    jobChain: { requestId: `random-${seed}`, jobs, adjacencyList, state: 1, finishedJobs: 0 },
    sequencesOf,
    parentsOf,
    ending: (jobId, jobTry, sequenceTries) => {
      const draw = random(hash(`${seed} ${jobId} ${jobTry} ${sequenceTries.join(" ")}`))
      const state = draw() >= failures
        ? "COMPLETE"
        : (["FAIL", "UNKNOWN", "panic"] as const)[Math.floor(draw() * 3)] ?? "FAIL"
      return { state, milliseconds: Math.floor(draw() * 4) * 10 }
    }
  }
}
