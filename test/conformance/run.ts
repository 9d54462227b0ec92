/**
 * Runs one vector on the engine with a store, on a virtual clock, and returns what came of it in the vector's terms.
 */
import { Duration, Effect, Exit, Fiber, Layer } from "effect"
import * as Chain from "../../src/domain/Chain.ts"
import type { SuspendedJobChain } from "../../src/domain/JobChain.ts"
import type { JobLog } from "../../src/domain/JobLog.ts"
import * as JobState from "../../src/domain/JobState.ts"
import { JobOutput } from "../../src/engine/JobOutput.ts"
import { ReportFailed, Reports } from "../../src/engine/Reports.ts"
import * as TraversalServices from "../../src/engine/TraversalServices.ts"
import * as Traverser from "../../src/engine/Traverser.ts"
import * as TraverserConfig from "../../src/engine/TraverserConfig.ts"
import { TraverserFactory } from "../../src/engine/TraverserFactory.ts"
import * as Rig from "../../src/testing/Rig.ts"
import { ScriptedJobs } from "../../src/testing/ScriptedJobs.ts"
import type * as Kinds from "../storage/Kinds.ts"
import type { RunVector } from "./Vector.ts"

export const run = Effect.fnUntraced(function*(vector: RunVector, store: Kinds.Opened) {
  const rig = yield* Rig.make
  const jobs = new ScriptedJobs({ behaviours: vector.behaviours, unknown: vector.factoryErrors })
  const sent = new Recorder(vector.rm ?? {})
  const layer = TraverserFactory.layer.pipe(
    Layer.provideMerge([store.repo(rig), JobOutput.layerMemory, jobs.layer, sent.layer]),
    Layer.provide(TraverserConfig.layer({ stopTimeout: Duration.millis(vector.config?.stopTimeoutMs ?? 10_000) }))
  )
  return yield* Effect.scoped(Effect.gen(function*() {
    const context = yield* rig.provide(Layer.build(layer))
    const traverser = yield* rig.provide(Effect.provideContext(makeTraverser(vector), context))
    const stopFailed = yield* drive(vector, rig, traverser, jobs, sent)
    const { state } = yield* traverser.result
    const outcome = outcomeOf(state, yield* traverser.snapshot, jobs, sent, stopFailed)
    const kept = yield* store.take(traverser.requestId)
    return { outcome, unkept: kept === undefined ? [] : unkept(outcome, kept, sent.jobLogs) }
  }))
})

/** Chains that break a rule of validation are given to the engine all the same. */
const makeTraverser = Effect.fnUntraced(function*(vector: RunVector) {
  const factory = yield* TraverserFactory
  if (!vector.tags.includes("not-valid")) {
    return vector.suspended
      ? yield* factory.makeFromSuspended(vector.suspended)
      : yield* factory.make(vector.chain ?? {})
  }
  const services = (yield* TraversalServices.make)(yield* Effect.context<never>())
  const chain = vector.suspended ? Chain.fromSuspended(vector.suspended) : Chain.make(vector.chain ?? {})
  yield* services.repo.add(chain)
  return yield* Traverser.make(chain, { services, resumption: {}, isOver: () => {} })
})

/** Runs the chain and does the vector's action when its time has come; returns whether each stop answered with an error. */
const drive = Effect.fnUntraced(function*(
  { action }: RunVector,
  rig: Rig.Rig,
  traverser: Traverser.Traverser,
  jobs: ScriptedJobs,
  sent: Recorder
) {
  const act = (op: "stop" | "suspend") =>
    rig.run(Effect.map(Effect.exit<unknown, unknown, never>(traverser[op]), Exit.isFailure))
  let stopFailed = false
  if (action?.atStart) {
    const acting = yield* Effect.forkChild(rig.provide(Effect.exit<unknown, unknown, never>(traverser[action.op])), {
      startImmediately: true
    })
    yield* Effect.forkChild(rig.provide(traverser.run))
    yield* rig.runUntil(() => acting.pollUnsafe() !== undefined)
    stopFailed = Exit.isFailure(yield* Fiber.join(acting))
    return { stopFailed, thenStopFailed: false }
  }
  const running = yield* Effect.forkChild(rig.provide(traverser.run))
  const isDone = () => running.pollUnsafe() !== undefined
  if (action !== null && !action.whenDone) {
    yield* rig.runUntil(() => isDone() || isTime(action, traverser, jobs, sent))
    stopFailed = yield* act(action.op)
  }
  yield* rig.runUntil(isDone)
  if (action?.whenDone) stopFailed = yield* act(action.op)
  const thenStopFailed = action?.thenStop ? yield* act("stop") : false
  return { stopFailed, thenStopFailed }
})

const isTime = (
  { whenJobLogs = 0, whenRunning = [], whenSleeping = [] }: NonNullable<RunVector["action"]>,
  traverser: Traverser.Traverser,
  jobs: ScriptedJobs,
  sent: Recorder
): boolean => {
  const running = Effect.runSync(traverser.running)
  const sleeps = (id: string) =>
    running.some(({ jobId, status }) => jobId === id && status.startsWith("(retry sleep) "))
  return whenRunning.every((id) => jobs.blocked.has(id)) && whenSleeping.every(sleeps) &&
    sent.jobLogs.length >= whenJobLogs
}

/** Takes reports, refuses the first so many of each kind, and remembers every attempt. */
class Recorder {
  readonly jobLogs: Array<JobLog> = []
  readonly finishes: Array<{ readonly state: string; readonly finishedJobs: number; readonly ok: boolean }> = []
  readonly suspends: Array<{ readonly suspendedJobChain: SuspendedJobChain; readonly ok: boolean }> = []
  readonly calls = { jobLog: 0, finish: 0, suspend: 0 }
  private readonly failures: NonNullable<RunVector["rm"]>

  constructor(failures: NonNullable<RunVector["rm"]>) {
    this.failures = failures
  }

  get layer(): Layer.Layer<Reports> {
    return Layer.succeed(Reports, {
      jobLog: (log) =>
        this.attempt("jobLog", this.failures.jobLogFailures, (ok) => {
          if (ok) this.jobLogs.push(log)
        }),
      finish: ({ finishedJobs, state }) =>
        this.attempt("finish", this.failures.finishFailures, (ok) => this.finishes.push({ state, finishedJobs, ok })),
      suspended: (suspendedJobChain) =>
        this.attempt("suspend", this.failures.suspendFailures, (ok) => this.suspends.push({ suspendedJobChain, ok })),
      progress: () => Effect.void
    })
  }

  private attempt(kind: keyof Recorder["calls"], failures = 0, note: (ok: boolean) => void) {
    return Effect.suspend(() => {
      const ok = ++this.calls[kind] > failures
      note(ok)
      return ok ? Effect.void : Effect.fail(new ReportFailed({ requestId: "", report: "job log", reason: "scripted" }))
    })
  }
}

/** Returns what the store says of the chain that is not so. */
const unkept = (
  { chainState, finishedJobs, jobStates, jobTries }: ReturnType<typeof outcomeOf>,
  { logs, status }: Kinds.Kept,
  sent: ReadonlyArray<JobLog>
): ReadonlyArray<string> => {
  const expected = [
    `${chainState} ${finishedJobs}`,
    ...Object.entries(jobStates).map(([id, state]) => `${id} ${state} ${jobTries[id]?.[1]}`),
    ...sent.map(keyOf)
  ]
  const found = new Set([
    `${status.state} ${status.finishedJobs}`,
    ...status.jobs.map(({ id, state, tries }) => `${id} ${state} ${tries}`),
    ...logs.map(keyOf)
  ])
  return expected.filter((line) => !found.has(line))
}

const keyOf = (log: JobLog): string => `log ${log.jobId} ${log.try} ${log.state}`

const outcomeOf = (
  chainState: string,
  snapshot: SuspendedJobChain,
  jobs: ScriptedJobs,
  sent: Recorder,
  stopped: { readonly stopFailed: boolean; readonly thenStopFailed: boolean }
) => {
  const chain = snapshot.jobChain ?? {}
  const entries = Object.entries(chain.jobs ?? {})
  const latest = snapshot.latestRunJobTries ?? {}
  const total = snapshot.totalJobTries ?? {}
  return {
    chainState,
    finishedJobs: chain.finishedJobs,
    jobStates: Object.fromEntries(entries.map(([id, job]) => [id, JobState.fromCode(job.state ?? 0)])),
    jobTries: Object.fromEntries(entries.map(([id]) => [id, [latest[id] ?? 0, total[id] ?? 0]])),
    sequenceTries: Object.fromEntries(entries.map(([id]) => [id, snapshot.sequenceTries?.[id] ?? 0])),
    jobLogs: sent.jobLogs.toSorted((left, right) =>
      left.jobId < right.jobId ? -1 : left.jobId > right.jobId ? 1 : left.try - right.try
    ),
    finishRequests: sent.finishes,
    suspendRequests: sent.suspends,
    jobDataSeen: Object.fromEntries(
      entries.map(([id]) => [id, jobs.calls.filter((call) => call.jobId === id).map((call) => call.data)])
    ),
    jobData: Object.fromEntries(entries.map(([id, job]) => [id, job.data ?? {}])),
    rmCalls: sent.calls,
    ...stopped
  }
}
