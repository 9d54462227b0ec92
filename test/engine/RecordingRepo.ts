/**
 * A chain repo that keeps what a durable one would: the wire value, a record of each job that has changed, and the logs.
 *
 * It can be cut off at any of its writes, before or after, as a crash of the process would; nothing is kept from then on.
 */
import { Effect, Layer } from "effect"
import * as Chain from "../../src/domain/Chain.ts"
import * as Graph from "../../src/domain/Graph.ts"
import type { JobChain } from "../../src/domain/JobChain.ts"
import type { JobLog } from "../../src/domain/JobLog.ts"
import * as JobRecord from "../../src/domain/JobRecord.ts"
import type { Signal } from "../../src/domain/Signal.ts"
import { ChainRepo } from "../../src/engine/ChainRepo.ts"
import type { Checkpoint } from "../../src/engine/Checkpoint.ts"
import type { Resumption } from "../../src/engine/Resumption.ts"
import type { Cut, Cuttable } from "./CutRun.ts"

export class RecordingRepo implements Cuttable {
  readonly logs: Array<JobLog> = []
  readonly finals: Array<string> = []
  writes = 0
  isCut = false
  private cut: Cut | undefined
  private jobChain: JobChain
  private readonly records = new Map<number, JobRecord.JobRecord>()
  private readonly waits = new Map<number, number>()
  private readonly signals = new Map<string, Signal>()
  /** Called after each write that was kept. */
  private readonly kept: (checkpoint: Checkpoint) => void

  constructor(jobChain: JobChain, cut: Cut | undefined, kept: (checkpoint: Checkpoint) => void = () => {}) {
    this.jobChain = jobChain
    this.cut = cut
    this.kept = kept
  }

  layer(): Layer.Layer<ChainRepo> {
    return Layer.effect(
      ChainRepo,
      Effect.map(Effect.service(ChainRepo), (repo) => ({
        ...repo,
        keepsReports: true,
        set: (checkpoint: Checkpoint) => Effect.suspend(() => this.set(checkpoint))
      }))
    ).pipe(Layer.provide(ChainRepo.layerMemory))
  }

  /** Compiles the chain anew and brings it to where its records say it was. */
  restored(): Chain.Chain {
    const chain = Chain.make(this.jobChain)
    JobRecord.restore(chain, this.records.values())
    for (const [id, signal] of this.signals) chain.signals.set(id, signal)
    return chain
  }

  /** What a new process finds: the chain, ready to go on, and what the crash left of it. */
  recover(now: number): { readonly chain: Chain.Chain; readonly resumption: Resumption } {
    const chain = this.restored()
    const idOf = (job: number) => chain.graph.ids[job] as string
    const cutOff = JobRecord.takeBackRunning(chain)
    const recovered = cutOff.filter((job) => (this.waits.get(job) ?? 0) <= now).map(idOf)
    for (const job of cutOff) this.records.set(job, JobRecord.make(chain, job))
    this.isCut = false
    this.cut = undefined
    return {
      chain,
      resumption: {
        recovered: new Set(recovered),
        waits: new Map(Array.from(this.waits, ([job, until]) => [idOf(job), until]))
      }
    }
  }

  private set(checkpoint: Checkpoint): Effect.Effect<void> {
    const number = ++this.writes
    const isHere = this.cut?.write === number
    if (this.isCut || (isHere && this.cut?.when === "before")) return this.cutOff
    const { added, chain, changed, logs, outcome, signals, starting, usedSignals, waiting } = checkpoint
    if (added.length > 0) this.jobChain = grown(this.jobChain, chain, added)
    for (const job of [...changed, ...starting, ...waiting.map(({ job }) => job)]) {
      this.records.set(job, JobRecord.make(chain, job))
      this.waits.delete(job)
    }
    for (const { job, until } of waiting) this.waits.set(job, until)
    for (const signal of signals) this.signals.set(signal.id, signal)
    for (const id of usedSignals) this.signals.delete(id)
    this.logs.push(...logs)
    if (outcome !== undefined) this.finals.push(outcome.state)
    this.kept(checkpoint)
    return isHere ? this.cutOff : Effect.void
  }

  private get cutOff(): Effect.Effect<never> {
    this.isCut = true
    return Effect.never
  }
}

/** Adds jobs to a wire value. Their ids are no numbers: they come after all that are there. */
const grown = (
  { adjacencyList, jobs, ...rest }: JobChain,
  chain: Chain.Chain,
  added: ReadonlyArray<number>
): JobChain => ({
  ...rest,
  jobs: { ...jobs, ...Object.fromEntries(added.map((job) => [chain.graph.ids[job], chain.jobs[job] ?? {}])) },
  adjacencyList: {
    ...adjacencyList,
    ...Object.fromEntries(added.map((job) => [chain.graph.ids[job], Graph.nextIds(chain.graph, job)]))
  }
})
