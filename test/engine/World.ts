/**
 * Runs random chains and watches every call: what may never happen is a fault, with the time at which it did.
 */
import { Clock, Context, Duration, Effect, Layer, Result } from "effect"
import * as CelConditions from "../../src/conditions/CelConditions.ts"
import * as Ending from "../../src/domain/Ending.ts"
import type { Job, SuspendedJobChain } from "../../src/domain/JobChain.ts"
import type { JobData } from "../../src/domain/JobData.ts"
import type { JobLog } from "../../src/domain/JobLog.ts"
import * as JobState from "../../src/domain/JobState.ts"
import { ChainRepo } from "../../src/engine/ChainRepo.ts"
import type { JobContext } from "../../src/engine/JobContext.ts"
import { JobFactory } from "../../src/engine/JobFactory.ts"
import { JobOutput } from "../../src/engine/JobOutput.ts"
import * as JobResult from "../../src/engine/JobResult.ts"
import * as Limits from "../../src/engine/Limits.ts"
import { Reports } from "../../src/engine/Reports.ts"
import type { Traverser } from "../../src/engine/Traverser.ts"
import * as TraverserConfig from "../../src/engine/TraverserConfig.ts"
import { TraverserFactory } from "../../src/engine/TraverserFactory.ts"
import { LimitWatch } from "./LimitWatch.ts"
import type { RandomChain } from "./RandomChain.ts"

export class World {
  readonly faults: Array<string> = []
  readonly logs: Array<JobLog> = []
  readonly finals: Array<string> = []
  readonly suspended: Array<SuspendedJobChain> = []
  traverser: Traverser | undefined
  repo: Layer.Layer<ChainRepo> = ChainRepo.layerMemory
  private readonly chain: RandomChain
  private readonly concurrency: number
  private limits: LimitWatch
  private readonly running = new Set<string>()
  private readonly calls = new Map<string, number>()
  /** Job id → the mark its last COMPLETE call left in its data. */
  private readonly marks = new Map<string, number>()
  private marked = 0

  constructor(chain: RandomChain, concurrency = Number.POSITIVE_INFINITY) {
    this.chain = chain
    this.concurrency = concurrency
    this.limits = new LimitWatch(chain, concurrency)
  }

  /** The process is gone: the next one knows nothing of what has run in it. */
  processDied(): void {
    this.limits = new LimitWatch(this.chain, this.concurrency)
  }

  get layer(): Layer.Layer<TraverserFactory> {
    const jobs = Layer.effect(
      JobFactory,
      Effect.clockWith((clock) =>
        Effect.succeed({
          types: ["random", "other"],
          services: Context.empty(),
          make: (job: Job) => {
            this.faults.push(...this.limits.noteStart(job, clock.currentTimeMillisUnsafe()))
            return Result.succeed({ run: (context: JobContext) => this.call(context) })
          }
        })
      )
    )
    return TraverserFactory.layer.pipe(
      Layer.provide([this.repo, JobOutput.layerMemory, jobs, this.reports]),
      Layer.provide([
        TraverserConfig.layer({ stopTimeout: Duration.hours(1), concurrency: this.concurrency }),
        CelConditions.layer,
        Layer.succeed(Limits.Current, this.limits.process)
      ])
    )
  }

  /** Checks what must hold when a run is over. */
  checkEnd(snapshot: SuspendedJobChain): void {
    const states = Object.values(snapshot.jobChain?.jobs ?? {}).map((job) => job.state)
    if (states.includes(JobState.RUNNING)) this.faults.push("a job is RUNNING at the end")
    if (this.running.size > 0) this.faults.push(`${[...this.running].join(", ")} ran on after the end`)
    const complete = states.filter((state) => state === JobState.COMPLETE).length
    if (complete !== snapshot.jobChain?.finishedJobs) {
      this.faults.push("finishedJobs is not the number of COMPLETE jobs")
    }
    const keys = this.logs.map((log) => `${log.jobId} ${log.try}`)
    if (new Set(keys).size !== keys.length) this.faults.push("a (job, try) was logged twice")
  }

  /**
   * Checks what must hold while nothing more happens without time passing, before a stop or suspend: a start that one of these has
   * taken back counts for a rate, and is not seen here.
   */
  get checkSettled(): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*() {
      if (this.suspended.length > 0) return
      const { explain, snapshot } = this.traverser as Traverser
      const now = yield* Clock.currentTimeMillis
      this.faults.push(...this.limits.checkWaiting(yield* explain, yield* snapshot, now))
    })
  }

  private get reports(): Layer.Layer<Reports> {
    return Layer.succeed(Reports, {
      jobLog: (log) => Effect.sync(() => void this.logs.push(log)),
      progress: () => Effect.void,
      finish: ({ state }) => Effect.sync(() => void this.finals.push(state)),
      suspended: (chain) => Effect.sync(() => void this.suspended.push(chain))
    })
  }

  private call(context: JobContext): Effect.Effect<JobResult.JobResult> {
    // Masked: interrupted between its start and its `onExit`, a call would count as running for ever. What it starts with is looked
    // at in the same step, as its sequence may be rewound in the next one.
    return Effect.uninterruptibleMask((restore) => {
      const { jobId } = context
      const snapshot = Effect.runSync((this.traverser as Traverser).snapshot)
      this.checkStart(context, snapshot)
      this.faults.push(...this.limits.checkRunning(snapshot.jobChain?.jobs?.[jobId] ?? {}, snapshot))
      this.running.add(jobId)
      const tries = snapshot.latestRunJobTries?.[jobId] ?? 0
      const around = this.chain.sequencesOf.get(jobId) ?? []
      const sequenceTries = around.map((first) => snapshot.sequenceTries?.[first] ?? 0)
      const ending = this.chain.ending(jobId, tries, sequenceTries)
      const list = this.chain.listOf?.(jobId, sequenceTries)
      const mark = ++this.marked
      return restore(Effect.gen({ self: this }, function*() {
        yield* context.setData({ [jobId]: mark, ...(list && { [list.key]: list.items }) })
        if (ending.milliseconds > 0) yield* Effect.sleep(ending.milliseconds)
        if (ending.state === "panic") return yield* Effect.die(new Error("panic"))
        if (ending.state === "COMPLETE") this.marks.set(jobId, mark)
        return JobResult.make({ state: ending.state, exit: ending.exit ?? 0 })
      })).pipe(Effect.onExit(() => Effect.sync(() => this.running.delete(jobId))))
    })
  }

  private checkStart({ data, jobId }: JobContext, snapshot: SuspendedJobChain): void {
    const { parentsOf, sequencesOf } = this.chain
    const jobs = snapshot.jobChain?.jobs ?? {}
    if (this.running.has(jobId)) this.faults.push(`${jobId} ran twice at once`)
    const parents = (parentsOf.get(jobId) ?? []).filter((parent) => parent in jobs)
    for (const parent of parents) {
      if (jobs[parent]?.state !== JobState.COMPLETE) this.faults.push(`${jobId} started before ${parent} was COMPLETE`)
    }
    if (this.running.size >= this.concurrency) this.faults.push("more jobs ran at once than allowed")
    const calls = (this.calls.get(jobId) ?? 0) + 1
    this.calls.set(jobId, calls)
    const around = sequencesOf.get(jobId) ?? []
    const latest = snapshot.latestRunJobTries?.[jobId] ?? 0
    if (latest > 1 + (jobs[jobId]?.retry ?? 0)) this.faults.push(`${jobId} was tried too often`)
    for (const first of around) {
      const tries = snapshot.sequenceTries?.[first] ?? 0
      if (tries > 1 + (jobs[first]?.sequenceRetry ?? 0)) this.faults.push(`sequence ${first} was tried too often`)
    }
    for (const [key, mark] of Object.entries(data)) {
      // Its own mark is from an earlier try of the same sequence try.
      if (key === jobId && latest <= 1 && calls === 1) {
        this.faults.push(`${jobId} saw data of its own before its first call`)
      }
      if (key === jobId || /_(?:list|item)$/.test(key)) continue
      if (jobs[key]?.state !== JobState.COMPLETE) this.faults.push(`${jobId} saw data of ${key}, which is not COMPLETE`)
      else if (this.marks.get(key) !== mark) this.faults.push(`${jobId} saw data of an earlier try of ${key}`)
    }
    this.checkInstances(jobId, data, parents)
    this.checkParallel(jobId, jobs)
    for (const parent of parents) {
      if (!(parent in data) && !Ending.isSkipped(jobs[parent]?.ending)) {
        this.faults.push(`${jobId} did not see the data of ${parent}`)
      }
    }
  }

  /** Each job of an instance has its item, and what ends the instances has one for each item of the list. */
  private checkInstances(jobId: string, data: JobData, parents: ReadonlyArray<string>): void {
    for (const [, begin = "", key] of jobId.matchAll(/(j\d+|inner)\[(\w)\]/g)) {
      if (data[`${begin}_item`] !== key) this.faults.push(`${jobId} saw item ${String(data[`${begin}_item`])}`)
    }
    const begin = parents.find((parent) => this.chain.listOf?.(parent, []) !== undefined) ?? ""
    const isEnd = this.chain.parentsOf.get(jobId)?.some((parent) => parent.startsWith(`${begin}[`))
    if (begin === "" || isEnd !== true) return
    const list = data[this.chain.listOf?.(begin, [])?.key ?? ""] as ReadonlyArray<string>
    const instances = parents.filter((parent) => parent !== begin).map((parent) => parent[begin.length + 1] as string)
    if (instances.toSorted().join() !== list.join()) {
      this.faults.push(`${jobId} ends ${instances.join()}, not ${list.join()}`)
    }
  }

  /** No more instances are under way than may be: those of which a job runs, or has completed and none has failed. */
  private checkParallel(jobId: string, jobs: Readonly<Record<string, Job>>): void {
    for (const [begin, parallel] of this.chain.parallel ?? []) {
      if (!jobId.startsWith(`${begin}[`)) continue
      const instances = Map.groupBy(
        Object.keys(jobs).filter((id) => id.startsWith(`${begin}[`)),
        (id) => id.slice(0, begin.length + 3)
      )
      const underWay = Array.from(instances).filter(([, ids]) => {
        const states = ids.map((id) => jobs[id]?.state ?? 0)
        return ids.includes(jobId) || states.includes(JobState.RUNNING) ||
          (states.includes(JobState.COMPLETE) && states.includes(JobState.PENDING) &&
            !states.some((state) => JobState.isFailure(state)))
      })
      if (underWay.length > parallel) this.faults.push(`${underWay.length} instances of ${begin} were under way`)
    }
  }
}
