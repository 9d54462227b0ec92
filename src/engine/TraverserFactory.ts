/**
 * Makes traversers, and looks after all of them: the one service an application needs to run chains.
 *
 * A chain is checked and taken into the `ChainRepo` when its traverser is made, so that one process never runs a request
 * twice. When the factory's scope closes it suspends every chain, waits for that, and makes no more.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Chain from "../domain/Chain.ts"
import * as Graph from "../domain/Graph.ts"
import type { JobChain, SuspendedJobChain } from "../domain/JobChain.ts"
import * as Progress from "../domain/Progress.ts"
import type * as Slices from "../domain/Slices.ts"
import * as Validation from "../domain/Validation.ts"
import { type ChainConflict, ChainRepo } from "./ChainRepo.ts"
import * as Conditions from "./Conditions.ts"
import * as GivingWay from "./GivingWay.ts"
import { JobFactory, type JobServices } from "./JobFactory.ts"
import { JobOutput } from "./JobOutput.ts"
import type { JobType } from "./JobType.ts"
import { Reports } from "./Reports.ts"
import * as Resumption from "./Resumption.ts"
import * as TraversalServices from "./TraversalServices.ts"
import * as Traverser from "./Traverser.ts"
import * as TraverserConfig from "./TraverserConfig.ts"

type MakeError = Validation.InvalidChain | ChainConflict | Traverser.ShuttingDown

export class TraverserFactory extends Context.Service<TraverserFactory, {
  /**
   * Makes the traverser of a new chain. Fails with `InvalidChain`, which lists every fault, also for an empty request id;
   * with `ChainConflict` when the request's chain is running; and with `ShuttingDown`. Job types are not asked for here.
   */
  readonly make: (chain: JobChain) => Effect.Effect<Traverser.Traverser, MakeError>
  /** Makes the traverser of a suspended chain, which goes on where it was; fails like `make`. */
  readonly makeFromSuspended: (suspended: SuspendedJobChain) => Effect.Effect<Traverser.Traverser, MakeError>
  /**
   * Makes the traverser of a chain that its store has brought back to where it was. `resumption` says what the store knows
   * besides, where the chain was not suspended but cut off by a crash. Fails with `ChainConflict` and `ShuttingDown`.
   */
  readonly makeFromChain: (
    chain: Chain.Chain,
    resumption?: Resumption.Resumption
  ) => Effect.Effect<Traverser.Traverser, ChainConflict | Traverser.ShuttingDown>
  /** Returns the traversers whose chains are not over. */
  readonly traversers: Effect.Effect<ReadonlyArray<Traverser.Traverser>>
}>()("jobchain/TraverserFactory") {
  /** Runs chains with the services it is given. */
  static readonly layer: Layer.Layer<TraverserFactory, never, TraversalServices.Needs> = Layer.effect(
    TraverserFactory,
    Effect.suspend(() => makeFactory())
  )

  /** Runs chains of the given job types in memory and tells nobody else: for a start, for scripts, for tests. */
  static readonly layerMemory = <const Types extends ReadonlyArray<JobType<string, any, any>>>(
    types: Types
  ): Layer.Layer<TraverserFactory, never, JobServices<Types[number]>> =>
    Layer.provide(TraverserFactory.layer, [
      ChainRepo.layerMemory,
      JobFactory.layer(types),
      JobOutput.layerMemory,
      Reports.layerNone
    ])
}

interface Live {
  readonly traverser: Traverser.Traverser
  readonly chain: Chain.Chain
  /** The finished jobs that were reported last. */
  reported: number
}

const makeFactory: () => Effect.Effect<
  TraverserFactory["Service"],
  never,
  TraversalServices.Needs | Scope.Scope
> = Effect.fnUntraced(function*() {
  const servicesWith = yield* TraversalServices.make
  const { conditions, repo, reports, settings } = servicesWith(yield* Effect.context<never>())
  const live = new Map<string, Live>()
  let isShuttingDown = false

  const compile = Effect.fnUntraced(function*(requestId: string, compiling: Slices.Slices<Compiled>) {
    if (isShuttingDown) return yield* new Traverser.ShuttingDown({ requestId })
    const { chain, faults } = yield* GivingWay.run(compiling)
    const all = requestId === "" ? [noRequestId, ...faults] : faults
    if (chain === undefined || all.length > 0) return yield* new Validation.InvalidChain({ requestId, faults: all })
    return yield* begin(chain, Resumption.none)
  })

  const begin = Effect.fnUntraced(function*(chain: Chain.Chain, resumption: Resumption.Resumption) {
    const { requestId } = chain
    if (isShuttingDown) return yield* new Traverser.ShuttingDown({ requestId })
    yield* repo.add(chain)
    if (isShuttingDown) {
      // The scope closed while the repo took the chain in, and does not know of it.
      yield* Effect.catch(repo.remove(requestId), (error) => Effect.logError(error.message))
      return yield* new Traverser.ShuttingDown({ requestId })
    }
    const services = servicesWith(yield* Effect.context<never>())
    const isOver = () => void live.delete(requestId)
    const traverser = yield* Traverser.make(chain, { services, resumption, isOver })
    live.set(requestId, { traverser, chain, reported: chain.finishedJobs })
    return traverser
  }, Effect.uninterruptible)

  yield* Effect.addFinalizer(() =>
    Effect.suspend(() => {
      isShuttingDown = true
      return Effect.forEach(live.values(), ({ traverser }) => traverser.suspend, {
        concurrency: "unbounded",
        discard: true
      })
    })
  )
  yield* Effect.forkScoped(reportProgress(live, reports, settings))

  return {
    make: (jobChain) => Effect.suspend(() => compile(jobChain.requestId ?? "", compileNew(jobChain, conditions))),
    makeFromSuspended: (suspended) =>
      Effect.suspend(() => compile(suspended.requestId ?? "", compileSuspended(suspended, conditions))),
    makeFromChain: (chain, resumption = Resumption.none) => begin(chain, resumption),
    traversers: Effect.sync(() => Array.from(live.values(), ({ traverser }) => traverser))
  }
})

/** A chain that was checked: compiled where it has no faults. */
interface Compiled {
  readonly faults: ReadonlyArray<Validation.Fault>
  readonly chain: Chain.Chain | undefined
}

function* compileNew(jobChain: JobChain, language: Conditions.Language): Slices.Slices<Compiled> {
  const graph = yield* Graph.makeInSlices(jobChain)
  const faults = [...yield* Validation.faultsOfNewInSlices(jobChain, graph), ...Conditions.faultsOf(graph, language)]
  return { faults, chain: faults.length > 0 ? undefined : yield* Chain.makeInSlices(jobChain, graph) }
}

function* compileSuspended(suspended: SuspendedJobChain, language: Conditions.Language): Slices.Slices<Compiled> {
  const graph = yield* Graph.makeInSlices(suspended.jobChain ?? {})
  const faults = [
    ...yield* Validation.faultsOfSuspendedInSlices(suspended, graph),
    ...Conditions.faultsOf(graph, language)
  ]
  return { faults, chain: faults.length > 0 ? undefined : yield* Chain.fromSuspendedInSlices(suspended, graph) }
}

const noRequestId = new Validation.Fault({
  kind: "no-request-id",
  jobIds: [],
  path: ["requestId"],
  message: "The chain has no request id"
})

/**
 * Says how far each chain is, once per interval while that changes. One fiber for all chains: a timer each would cost more
 * than they.
 */
const reportProgress = Effect.fnUntraced(function*(
  live: ReadonlyMap<string, Live>,
  reports: Reports["Service"],
  { progressInterval, sendTimeout }: TraverserConfig.Settings
) {
  const send = ([requestId, entry]: readonly [string, Live]) => {
    const { finishedJobs } = entry.chain
    entry.reported = finishedJobs
    const totalJobs = Progress.sizeByNow(entry.chain)
    const progress = { requestId, finishedJobs, ...(totalJobs !== undefined && { totalJobs }) }
    return Effect.suspend(() => reports.progress(progress)).pipe(
      Effect.timeout(sendTimeout),
      Effect.catchCause((cause) => Effect.logDebug("Progress was not accepted", cause))
    )
  }
  while (true) {
    yield* Effect.sleep(progressInterval)
    const changed = Array.from(live).filter(([, entry]) => entry.reported !== entry.chain.finishedJobs)
    yield* Effect.forEach(changed, send, { concurrency: "unbounded", discard: true })
  }
})
