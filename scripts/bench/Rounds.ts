/**
 * Runs the contestants of one workload against each other: each first alone, cold and then until it is warm, then all in
 * turn, round by round, so that a drift of the machine hits all of them alike.
 */
import { Entrant, TooMuch } from "./Entrant.ts"
import { type Absence, type Result, spreadOf } from "./Result.ts"
import type { Workload } from "./Workload.ts"

export interface Options {
  readonly rounds: number
  /** How long a contestant is warmed up; it runs twice at least. */
  readonly warmUpMs: number
  readonly say: (text: string) => void
}

export interface Outcome {
  readonly results: ReadonlyArray<Result>
  readonly absences: ReadonlyArray<Absence>
}

interface Warm {
  readonly entrant: Entrant
  readonly coldMs: number
  readonly peakMiB: number
  readonly repeats: number
  /** How many rounds it takes part in. */
  readonly rounds: number
  readonly times: Array<number>
}

/** Below this a run is timed together with others, as clocks and collections would show more than it. */
const timingMsMin = 20

const repeatsFor = (milliseconds: number): number => Math.max(1, Math.ceil(timingMsMin / milliseconds))

/** How long one run of others may take, and of what the benchmark is about. */
const limitMs = 60_000
const ownLimitMs = 600_000

const isOwn = (contestant: string): boolean => /^(?:jobchain|floor)(?:-|$)/.test(contestant)

/** Runs a workload. Throws where a contestant fails, other than by being too slow or too large. */
export const run = async (
  workload: Workload,
  contestants: ReadonlyArray<string>,
  options: Options
): Promise<Outcome> => {
  const warm: Array<Warm> = []
  const absences: Array<Absence> = []
  try {
    for (const contestant of contestants) {
      options.say(`${workload.name} ${contestant}`)
      try {
        warm.push(await enter(workload, contestant, options))
      } catch (error) {
        if (!(error instanceof TooMuch) || isOwn(contestant)) throw error
        absences.push({ workload: workload.name, contestant, reason: error.message })
      }
    }
    for (let round = 0; round < options.rounds; round++) {
      options.say(`${workload.name} round ${round + 1} of ${options.rounds}`)
      for (const { entrant, repeats, rounds, times } of warm) {
        if (round < rounds) times.push((await entrant.time(repeats)).milliseconds)
      }
    }
  } catch (error) {
    throw new Error(`${workload.name} failed`, { cause: error })
  } finally {
    for (const { entrant } of warm) entrant.end()
  }
  return { results: warm.map((entry) => resultOf(workload, entry)), absences }
}

const enter = async (workload: Workload, contestant: string, { rounds, warmUpMs }: Options): Promise<Warm> => {
  const limit = isOwn(contestant) ? ownLimitMs : limitMs
  const entrant = await Entrant.start({ workload: workload.name, contestant, limitMs: limit })
  const { milliseconds: coldMs, peakMiB } = await entrant.time(1)
  const isSlow = coldMs > (isOwn(contestant) ? 10_000 : 2000)
  let latest = coldMs
  const startedAt = performance.now()
  for (let runs = 0; runs < (isSlow ? 1 : 2) || performance.now() - startedAt < warmUpMs; runs++) {
    latest = (await entrant.time(repeatsFor(latest))).milliseconds
  }
  return {
    entrant,
    coldMs,
    peakMiB,
    repeats: repeatsFor(latest),
    // What is slow is as far away in three rounds as in seven.
    rounds: isSlow ? Math.min(rounds, 3) : rounds,
    times: []
  }
}

const resultOf = (workload: Workload, { coldMs, entrant, peakMiB, times }: Warm): Result => ({
  workload: workload.name,
  contestant: entrant.contestant,
  warmMs: spreadOf(times),
  coldMs,
  peakMiB,
  jobs: workload.jobs
})
