/**
 * Figures of jobchain that are no times of runs: what a chain keeps of memory, and how long it holds up the event loop.
 *
 * Each is measured in a process of its own: `node --expose-gc scripts/bench/probe.ts NAME [LAYERS]` prints it as JSON.
 */
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { monitorEventLoopDelay } from "node:perf_hooks"
import { RequestManager } from "../../src/engine/RequestManager.ts"
import { TraverserFactory } from "../../src/engine/TraverserFactory.ts"
import * as Graph from "./Graph.ts"
import * as GraphWorkload from "./GraphWorkload.ts"
import * as Services from "./Services.ts"
import * as Shape from "./Shape.ts"
import * as WireChain from "./WireChain.ts"

/**
 * Runs a chain of as many layers as each is wide, 1,000 unless said, and returns what is still held when it is over:
 * whoever made it holds its traverser.
 */
const runChain = async (reports: boolean, around: (run: () => Promise<unknown>) => Promise<unknown>) => {
  const graph = Shape.layered({ jobs: layers * layers, width: layers, seed: 1 })
  const workload = GraphWorkload.make([graph])
  const jobChain = { ...WireChain.make(graph, workload), requestId: "probe" }
  const runtime = ManagedRuntime.make(Services.layer(workload, { reports }))
  await runtime.runPromise(TraverserFactory)
  let kept: unknown
  await around(() =>
    runtime.runPromise(Effect.gen(function*() {
      const manager = yield* RequestManager
      const factory = yield* TraverserFactory
      yield* manager.createRequest({ jobChain })
      const traverser = yield* factory.make(jobChain)
      yield* manager.startRequest("probe")
      const { state } = yield* traverser.run
      if (state !== "COMPLETE") throw new Error(`The chain is ${state}`)
      kept = traverser
    }))
  )
  return [runtime, jobChain, kept]
}

const layers = Number(process.argv[3] ?? 1000)
const jobs = layers * layers + 2

const heldBytes = (): number => {
  globalThis.gc?.()
  globalThis.gc?.()
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** Bytes per job beyond the chain's JSON value. */
const retained = async (reports: boolean): Promise<number> => {
  let before = 0
  let after = 0
  const kept = await runChain(reports, async (run) => {
    before = heldBytes()
    await run()
    after = heldBytes()
  })
  if (kept.length === 0) throw new Error("What is measured was not kept")
  return (after - before) / jobs
}

export interface Lag {
  readonly p99Ms: number
  readonly maxMs: number
}

const resolutionMs = 1

/** How much later than due timers fire while something runs. */
const lagOf = async (run: () => Promise<unknown>): Promise<Lag> => {
  globalThis.gc?.()
  const delay = monitorEventLoopDelay({ resolution: resolutionMs })
  delay.enable()
  await run()
  // The last delay is noted by the next timer.
  await new Promise((resolve) => setTimeout(resolve, 2 * resolutionMs))
  delay.disable()
  const lag = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - resolutionMs)
  return { p99Ms: lag(delay.percentile(99)), maxMs: lag(delay.max) }
}

const lagOfChain = async (): Promise<Lag> => {
  let lag: Lag | undefined
  await runChain(true, async (run) => {
    lag = await lagOf(run)
  })
  return lag as Lag
}

/** A program that does nothing but make and keep an object like a job log for each job, and lets others run in between. */
const lagOfBare = (): Promise<Lag> =>
  lagOf(async () => {
    const kept = new Map<string, object>()
    for (let job = 0; job < jobs; job++) {
      const id = Graph.idOf(job)
      kept.set(`1 ${id}`, {
        requestId: "probe",
        jobId: id,
        try: 1,
        name: id,
        startedAt: job,
        finishedAt: job,
        error: ""
      })
      if (job % 64 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    return kept
  })

const probes: Readonly<Record<string, () => Promise<unknown>>> = {
  retained: () => retained(true),
  "retained-unreported": () => retained(false),
  lag: lagOfChain,
  "lag-bare": lagOfBare
}

const probe = probes[process.argv[2] ?? ""]
if (probe === undefined) throw new Error(`The probes are ${Object.keys(probes).join(", ")}`)
console.log(JSON.stringify(await probe()))
process.exit()
