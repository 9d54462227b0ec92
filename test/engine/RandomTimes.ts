/**
 * A random chain with time limits, and when all of its tries must end, worked out by hand: `a` and `b` are a sequence, `c` comes
 * after it; one runs at a time, and the chain is suspended now and then.
 *
 * The limits and moments differ modulo 100, so that no two things happen in the same millisecond: tries and waits take whole hundreds,
 * a suspend comes at 20 or 40, a job's limit is one more than that, a sequence's at 70, the chain's at 90.
 */
import type { Job, JobChain } from "../../src/domain/JobChain.ts"
import { chainOf } from "../../src/testing/index.ts"
import { random } from "./RandomChain.ts"

/** What one call of a job does. */
export interface Call {
  readonly milliseconds: number
  readonly isComplete: boolean
}

export interface RandomTimes {
  readonly chain: JobChain
  /** What the calls do, in the order in which they are made. */
  readonly calls: ReadonlyArray<Call>
  /** How long each run lasts until it is suspended, and how long the chain then is, in milliseconds. */
  readonly suspends: ReadonlyArray<{ readonly after: number; readonly pause: number }>
  /** What is to be logged: `job try finishedAt STATE sentAt`. */
  readonly logs: ReadonlyArray<string>
  /** The final state, and when it is sent. */
  readonly end: string
}

type Id = "a" | "b" | "c"
type Came = "time" | "suspend" | "job" | "sequence" | "chain"

const never = Number.POSITIVE_INFINITY

export const make = (seed: number): RandomTimes => {
  const next = random(seed)
  const below = (max: number) => Math.floor(next() * max)
  const limit = (most: number, rest: number) => below(3) === 0 ? never : 100 * (1 + below(most)) + rest
  const jobOf = () => ({ retry: below(3), wait: 100 * below(3), total: limit(12, 1), failing: 0.3 + next() * 0.4 })
  const jobs = { a: jobOf(), b: jobOf(), c: jobOf() }
  const sequence = { retry: below(3), wait: 100 * below(4), total: limit(24, 70) }
  const total = limit(40, 90)
  const moments = [20, 40].flatMap((rest) => below(3) === 0 ? [] : [100 * below(15) + rest]).toSorted((x, y) => x - y)
  const suspends = moments.map((moment, index) => ({
    after: moment - (moments[index - 1] ?? 0),
    pause: 1 + below(1_000_000)
  }))

  const calls: Array<Call> = []
  const logs: Array<string> = []
  const tries = { a: 0, b: 0, c: 0 }
  /** How long the chain has run, and was suspended. */
  let now = 0
  let paused = 0
  let suspended = 0
  const draw = (id: Id): Call => ({ milliseconds: 100 * below(7), isComplete: next() > jobs[id].failing })
  const log = (id: Id, state: string, finishedAt = now + paused) =>
    logs.push(`${id} ${tries[id]} ${finishedAt} ${state} ${now + paused}`)

  /** Lets time pass until something comes first. */
  const pass = (id: Id, milliseconds: number, left: number): Came => {
    const comings: ReadonlyArray<readonly [Came, number]> = [
      ["time", now + milliseconds],
      ["suspend", moments[suspended] ?? never],
      ["job", now + left],
      ["sequence", id === "c" ? never : sequence.total],
      ["chain", total]
    ]
    const [came, at] = comings.reduce((first, other) => other[1] < first[1] ? other : first)
    now = at
    return came
  }

  const resume = () => {
    paused += suspends[suspended++]?.pause ?? 0
  }

  /** The wait before a further try of the sequence. A suspend lets it begin anew. */
  const waitForSequence = (): "time" | "over" => {
    const came = pass("a", sequence.wait, never)
    if (came === "suspend") {
      resume()
      return waitForSequence()
    }
    if (came === "time") return "time"
    tries.a++
    if (came === "sequence") log("a", "FAIL", 0)
    return "over"
  }

  const run = (id: Id, sequenceTry: number): "complete" | "failed" | "over" => {
    const { retry, total: mostOfJob, wait } = jobs[id]
    let latest = 1
    let left = mostOfJob
    let call = draw(id)
    /** Lets time pass that counts as the job's. */
    const spend = (milliseconds: number): Came => {
      const begin = now
      const came = pass(id, milliseconds, left)
      left -= now - begin
      return came
    }
    for (;;) {
      tries[id]++
      calls.push(call)
      const came = spend(call.milliseconds)
      if (came === "suspend") log(id, "STOPPED")
      else {
        const isComplete = came === "time" && call.isComplete
        log(id, isComplete ? "COMPLETE" : "FAIL")
        if (isComplete) return "complete"
        if (came === "sequence" || came === "chain") return "over"
        if (came === "job" || latest > retry) return "failed"
        latest++
        call = draw(id)
        const waited = spend(wait)
        if (waited === "time") continue
        tries[id]++
        if (waited !== "suspend") {
          log(id, "FAIL", 0)
          return waited === "job" ? "failed" : "over"
        }
      }
      resume()
      // The first job of a sequence that was tried before waits for that again.
      if (id === "a" && sequenceTry > 1 && waitForSequence() === "over") return "over"
    }
  }

  const runAll = (): string => {
    for (let sequenceTry = 1; sequenceTry <= 1 + sequence.retry; sequenceTry++) {
      if (sequenceTry > 1 && waitForSequence() === "over") return "FAIL"
      let ended = run("a", sequenceTry)
      if (ended === "complete") ended = run("b", sequenceTry)
      if (ended === "over") return "FAIL"
      if (ended === "complete") return run("c", 1) === "complete" ? "COMPLETE" : "FAIL"
    }
    return "FAIL"
  }

  const end = `${runAll()} ${now + paused}`
  const fields = (id: Id): Job => ({
    retry: jobs[id].retry,
    retryWait: `${jobs[id].wait}ms`,
    ...(jobs[id].total < never && { totalTimeout: `${jobs[id].total}ms` }),
    ...(id !== "c" && { sequenceId: "a" })
  })
  const ofSequence = {
    sequenceRetry: sequence.retry,
    sequenceRetryWait: `${sequence.wait}ms`,
    ...(sequence.total < never && { sequenceTimeout: `${sequence.total}ms` })
  }
  const chain = chainOf("a -> b\nb -> c", { a: { ...fields("a"), ...ofSequence }, b: fields("b"), c: fields("c") })
  return {
    chain: { ...chain, ...(total < never && { timeout: `${total}ms` }) },
    calls,
    suspends: suspends.slice(0, suspended),
    logs,
    end
  }
}
