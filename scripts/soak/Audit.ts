/**
 * What there is to say of a store in which processes were killed, when all is over.
 */
import * as JobState from "../../src/domain/JobState.ts"
import type { Bench } from "./Bench.ts"
import type { Run } from "./Effects.ts"
import * as Shapes from "./Shapes.ts"
import type { StoredLog } from "./StoreReader.ts"

export interface Audit {
  readonly chains: number
  readonly runs: number
  /** Runs of the same try: a crash had cut the first one off. */
  readonly recovered: number
  /** Chains that ended FAIL because a job of theirs ran at three crashes in a row, as it should be. */
  readonly givenUp: number
  /** Runs of a try beyond the third. */
  readonly overrun: number
  /** Chains that the store had taken in, or of which a job ran, and that it does not have. */
  readonly lost: number
  /** Chains that have not ended. */
  readonly stuck: number
  /** Chains that ended otherwise than they should, or with a job that ran though it should not have, or did not. */
  readonly wrong: number
  /** Runs that began after the job's COMPLETE was committed. */
  readonly again: number
  /** Job logs and final states that the Request Manager does not hold, or holds out of order. */
  readonly untold: number
}

/** Looks at everything. */
export const make = async ({ effects, manager, stored }: Bench): Promise<Audit> => {
  const { runs } = effects
  const reader = await stored
  const [logs, states] = [await reader.logs(), await reader.states()]
  const known = new Set([...effects.acceptedRequests, ...runs.map(({ request }) => request)])
  const ended = new Map([...states].filter(([, state]) => isEnded(state)))
  const givenUp = new Set(logs.filter(({ error }) => givenUpError.test(error)).map(({ request }) => request))
  const logged = Map.groupBy(logs, ({ request }) => request)
  const isWrong = ([id, state]: readonly [string, number]) =>
    JobState.fromCode(state) !== (givenUp.has(id) ? "FAIL" : Shapes.endOf(id)) ||
    (state === JobState.COMPLETE && !Shapes.isAllThatRuns(id, new Set(logged.get(id)?.map(({ job }) => job))))
  const untoldLogs = logs.filter(({ job, request, try: jobTry }) =>
    manager.held.get(request)?.logs.has(`${job} ${jobTry}`) !== true
  )
  const untoldEnds = [...ended].filter(([id, state]) => manager.held.get(id)?.state !== state)
  const runsOfTries = Array.from(
    Map.groupBy(runs, (run) => `${run.request} ${run.job} ${run.try}`).values(),
    ({ length }) => length
  )
  return {
    chains: states.size,
    runs: runs.length,
    recovered: runs.length - runsOfTries.length,
    overrun: runsOfTries.filter((count) => count > crashesMax).length,
    givenUp: givenUp.size,
    lost: [...known].filter((id) => !states.has(id)).length,
    stuck: states.size - ended.size,
    wrong: [...ended].filter(isWrong).length,
    again: runs.filter(({ stored }) => stored === JobState.COMPLETE).length + runsBehind(logs, runs),
    untold: untoldLogs.length + untoldEnds.length + manager.outOfOrder
  }
}

/** A job that ran at so many crashes in a row is not run again. */
const crashesMax = 3

/** More than three times where it was cut off again before that was written. */
const givenUpError = /^the process crashed \d+ times in a row while it ran$/

const isEnded = (state: number): boolean =>
  state === JobState.COMPLETE || state === JobState.FAIL || state === JobState.STOPPED

/** Counts the tries after one that was COMPLETE, of jobs that no sequence runs again. */
const runsBehind = (logs: ReadonlyArray<StoredLog>, runs: ReadonlyArray<Run>): number => {
  const complete = new Map(
    logs.filter(({ state }) => state === JobState.COMPLETE).map((log) => [`${log.request} ${log.job}`, log.try])
  )
  return runs.filter(({ job, request, try: jobTry }) =>
    !Shapes.isInSequence(request, job) && jobTry > (complete.get(`${request} ${job}`) ?? Number.POSITIVE_INFINITY)
  ).length
}
