/**
 * The least that Effect could do and still have what a Request Manager asks for: the chain looked up by its ids, a state and a
 * count of tries for each job, and a log of each in a request's records. It shows how much of the distance to `floor-queue`
 * are these, and how much is jobchain's own.
 *
 * Nothing can be retried, stopped, suspended or listened to; nothing is checked, no job has data, none may fail.
 *
 * Configuration: chains as a Request Manager sends them, which is what jobchain is given. Timed: compiling them, and running.
 */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type { JobChain } from "../../../src/domain/JobChain.ts"
import type { JobLog } from "../../../src/domain/JobLog.ts"
import * as JobState from "../../../src/domain/JobState.ts"
import * as Case from "../Case.ts"
import type { Contestant } from "../GraphWorkload.ts"
import * as WireChain from "../WireChain.ts"

export const contestant: Contestant = (workload) => {
  const chains = workload.graphs.map((graph) => WireChain.make(graph, workload))
  const job = workload.work === "wait" ? Effect.sleep(1) : Effect.void
  const program = Effect.suspend(() => {
    const records: Records = new Map()
    const run = (chain: JobChain, index: number) => runChain(chain, `request-${index}`, job, records)
    return Effect.map(Effect.forEach(chains, run, { concurrency: "unbounded", discard: true }), () => countOf(records))
  })
  return Case.counting(() => Effect.runPromise(program))
}

/** Request id → job id → its logs. */
type Records = Map<string, Map<string, Array<JobLog>>>

const countOf = (records: Records): number => {
  let count = 0
  for (const byJob of records.values()) for (const logs of byJob.values()) count += logs.length
  return count
}

interface Compiled {
  readonly ids: ReadonlyArray<string>
  readonly offsets: Int32Array
  readonly targets: ReadonlyArray<number>
  readonly unmet: Int32Array
}

const compile = ({ adjacencyList, jobs }: JobChain): Compiled => {
  const ids = Object.keys(jobs ?? {})
  const indexOf = new Map<string, number>()
  for (const [index, id] of ids.entries()) indexOf.set(id, index)
  const offsets = new Int32Array(ids.length + 1)
  const targets: Array<number> = []
  const unmet = new Int32Array(ids.length)
  for (const [index, id] of ids.entries()) {
    for (const next of adjacencyList?.[id] ?? []) {
      const target = indexOf.get(next) as number
      targets.push(target)
      unmet[target] = (unmet[target] as number) + 1
    }
    offsets[index + 1] = targets.length
  }
  return { ids, offsets, targets, unmet }
}

const runChain = Effect.fnUntraced(function*(
  chain: JobChain,
  requestId: string,
  job: Effect.Effect<unknown>,
  records: Records
) {
  const { ids, offsets, targets, unmet } = compile(chain)
  const context = yield* Effect.context<never>()
  const clock = yield* Effect.clockWith(Effect.succeed)
  const fork = Effect.runForkWith(context)
  const done = yield* Queue.unbounded<JobLog & { readonly index: number }>()
  const states = new Uint8Array(ids.length).fill(JobState.PENDING)
  const tries = new Uint32Array(ids.length)
  const logs = new Map<string, Array<JobLog>>()
  records.set(requestId, logs)
  const start = (index: number): void => {
    states[index] = JobState.RUNNING
    const jobTry = tries[index] = (tries[index] as number) + 1
    const startedAt = clock.currentTimeMillisUnsafe()
    const log = (state: JobState.JobState) => ({
      index,
      requestId,
      jobId: ids[index] as string,
      try: jobTry,
      name: ids[index] as string,
      type: "noop",
      startedAt,
      finishedAt: clock.currentTimeMillisUnsafe(),
      state,
      exit: 0,
      error: "",
      stdout: "",
      stderr: ""
    })
    const attempt = Effect.matchCauseEffect(Effect.interruptible(job), {
      onFailure: () => Effect.sync(() => log("FAIL")),
      onSuccess: () => Effect.sync(() => log("COMPLETE"))
    })
    fork(attempt, { uninterruptible: true }).addObserver((exit) => {
      if (exit._tag === "Success") Queue.offerUnsafe(done, exit.value)
    })
  }
  for (let index = 0; index < ids.length; index++) if (unmet[index] === 0) start(index)
  let finished = 0
  while (finished < ids.length) {
    for (const { index, ...log } of yield* Queue.takeAll(done)) {
      finished++
      states[index] = JobState.COMPLETE
      logs.set(log.jobId, [log])
      for (let edge = offsets[index] as number; edge < (offsets[index + 1] as number); edge++) {
        const target = targets[edge] as number
        unmet[target] = (unmet[target] as number) - 1
        if (unmet[target] === 0) start(target)
      }
    }
  }
})
