/**
 * A traverser factory in memory whose jobs, reports, repo and clock a test has in its hand.
 *
 * The test moves the clock through the rig only, so that what it sees does not depend on how often fibers yield.
 */
import { it } from "@effect/vitest"
import { Clock, Context, Duration, Effect, Exit, type Fiber, Layer, Scheduler, Scope } from "effect"
import * as CelConditions from "../../src/conditions/CelConditions.ts"
import type { Chain } from "../../src/domain/Chain.ts"
import type { JobChain, SuspendedJobChain } from "../../src/domain/JobChain.ts"
import type { JobLog } from "../../src/domain/JobLog.ts"
import type { FinishRequest, RequestProgress } from "../../src/domain/Request.ts"
import { ChainRepo } from "../../src/engine/ChainRepo.ts"
import type { ChainResult } from "../../src/engine/ChainResult.ts"
import type { JobContext } from "../../src/engine/JobContext.ts"
import { JobFactory } from "../../src/engine/JobFactory.ts"
import { JobOutput } from "../../src/engine/JobOutput.ts"
import * as JobType from "../../src/engine/JobType.ts"
import { ReportFailed, Reports } from "../../src/engine/Reports.ts"
import type { Resumption } from "../../src/engine/Resumption.ts"
import type { Traverser } from "../../src/engine/Traverser.ts"
import * as TraverserConfig from "../../src/engine/TraverserConfig.ts"
import { TraverserFactory } from "../../src/engine/TraverserFactory.ts"
import { Rig } from "../../src/testing/index.ts"

/** One attempt to send a report, and when it began. */
export interface Attempt {
  readonly report: ReportFailed["report"]
  readonly at: number
  /** The job of a job log. */
  readonly jobId: string
}

/** Answers every attempt as the test says, and remembers what was accepted. */
export class Sent {
  readonly attempts: Array<Attempt> = []
  readonly logs: Array<JobLog> = []
  readonly finishes: Array<FinishRequest> = []
  readonly progress: Array<RequestProgress> = []
  readonly suspended: Array<SuspendedJobChain> = []
  /** Runs before an attempt is accepted; where it fails, the attempt does. */
  answer: (attempt: Attempt) => Effect.Effect<void, ReportFailed> = () => Effect.void

  /** How the requests ended, in the words of their final states; SUSPENDED for a suspended chain. */
  get ends(): ReadonlyArray<string> {
    return [...this.finishes.map((finish) => finish.state), ...this.suspended.map(() => "SUSPENDED")]
  }

  /** When the attempts to send a report began. */
  times(report: ReportFailed["report"], jobId = ""): ReadonlyArray<number> {
    return this.attempts.filter((attempt) => attempt.report === report && attempt.jobId === jobId).map(({ at }) => at)
  }

  get layer(): Layer.Layer<Reports> {
    const take = <Value>(report: ReportFailed["report"], accepted: Array<Value>, value: Value, jobId = "") =>
      Effect.gen({ self: this }, function*() {
        const attempt = { report, at: yield* Clock.currentTimeMillis, jobId }
        this.attempts.push(attempt)
        yield* this.answer(attempt)
        accepted.push(value)
      })
    return Layer.succeed(Reports, {
      jobLog: (log) => take("job log", this.logs, log, log.jobId),
      progress: (progress) => take("progress", this.progress, progress),
      finish: (finish) => take("final state", this.finishes, finish),
      suspended: (chain) => take("suspended chain", this.suspended, chain)
    })
  }
}

export const refused = Effect.fail(new ReportFailed({ requestId: "r", report: "job log", reason: "not now" }))

/** What a store has of a chain that a crash has cut off. */
export interface Recovered {
  readonly chain: Chain
  readonly resumption: Resumption
}

export interface Options {
  readonly jobs: Layer.Layer<JobFactory>
  readonly sent?: Sent
  readonly settings?: Partial<TraverserConfig.Settings>
  readonly repo?: Layer.Layer<ChainRepo>
  /** Instead of `repo`: one whose calls the rig is to count. */
  readonly riggedRepo?: (rig: Rig.Rig) => Layer.Layer<ChainRepo>
  /** What else is provided around the factory. */
  readonly around?: Layer.Layer<never>
}

export const layerOf = (
  { around = Layer.empty, jobs, repo = ChainRepo.layerMemory, sent = new Sent(), settings = {} }: Options
) =>
  TraverserFactory.layer.pipe(
    Layer.provideMerge([repo, JobOutput.layerMemory, jobs, sent.layer]),
    Layer.provide([TraverserConfig.layer(settings), CelConditions.layer, around])
  )

/** Makes a bench. Its factory is never closed: a test that fails must not wait for the chains it leaves behind. */
export const make: (options: Options) => Effect.Effect<Bench> = Effect.fnUntraced(
  function*(options: Options) {
    const rig = yield* Rig.make
    const scope = Scope.makeUnsafe()
    const { riggedRepo } = options
    const layer = layerOf(riggedRepo === undefined ? options : { ...options, repo: riggedRepo(rig) })
    return new Bench(rig, yield* rig.provide(Layer.buildWithScope(layer, scope)), scope)
  }
)

export class Bench {
  readonly rig: Rig.Rig
  readonly factory: TraverserFactory["Service"]
  readonly repo: ChainRepo["Service"]
  private readonly scope: Scope.Closeable

  constructor(rig: Rig.Rig, context: Context.Context<TraverserFactory | ChainRepo>, scope: Scope.Closeable) {
    this.rig = rig
    this.scope = scope
    this.factory = Context.get(context, TraverserFactory)
    this.repo = Context.get(context, ChainRepo)
  }

  make(chain: JobChain): Effect.Effect<Traverser> {
    return this.rig.provide(Effect.orDie(this.factory.make(chain)))
  }

  makeFromSuspended(chain: SuspendedJobChain): Effect.Effect<Traverser> {
    return this.rig.provide(Effect.orDie(this.factory.makeFromSuspended(chain)))
  }

  /** Begins to run a traverser and goes on until nothing more happens without time passing. */
  begin(traverser: Traverser): Effect.Effect<Fiber.Fiber<ChainResult>> {
    return this.fork(traverser.run)
  }

  /** Makes a traverser of what a crash has left and begins to run it. */
  goOn({ chain, resumption }: Recovered): Effect.Effect<Traverser> {
    const made = this.rig.provide(Effect.orDie(this.factory.makeFromChain(chain, resumption)))
    return Effect.tap(made, (traverser) => this.begin(traverser))
  }

  /** Ends all that runs, where nobody hears of it any more because the repo is cut off. */
  get die(): Effect.Effect<void> {
    const end = Effect.forkDetach(this.rig.provide(Scope.close(this.scope, Exit.void)))
    return Effect.andThen(end, this.rig.settle)
  }

  /** Makes a traverser and begins to run it. */
  start(chain: JobChain): Effect.Effect<Traverser> {
    return Effect.tap(this.make(chain), (traverser) => this.begin(traverser))
  }

  /** Makes a traverser and runs it to its end. */
  run(chain: JobChain): Effect.Effect<ChainResult> {
    return Effect.flatMap(this.make(chain), (traverser) => this.rig.run(traverser.run))
  }

  /** Forks an effect under the rig and goes on until nothing more happens without time passing. */
  fork<A, E>(effect: Effect.Effect<A, E>): Effect.Effect<Fiber.Fiber<A, E>> {
    return Effect.tap(Effect.forkDetach(this.rig.provide(effect)), () => this.rig.settle)
  }

  /** Lets so much time pass, and all happen that happens in it. */
  pass(time: Duration.Input): Effect.Effect<void> {
    return this.rig.run(Effect.sleep(time))
  }
}

/** A factory of one type, `noop`, whose jobs do what `run` says for each. */
export const jobsThat = (
  run: (args: unknown, context: JobContext) => Effect.Effect<unknown, unknown>,
  stop?: (args: unknown, context: JobContext) => Effect.Effect<unknown, unknown>
): Layer.Layer<JobFactory> => {
  const options = { run, ...(stop === undefined ? {} : { stop }) }
  return JobFactory.layer([JobType.make("noop", options)])
}

/** Runs an effect with fibers that yield at every so many operations. */
export const yielding = <A, E, R>(maxOps: number | undefined, effect: Effect.Effect<A, E, R>) =>
  maxOps === undefined ? effect : Effect.provideService(effect, Scheduler.MaxOpsBeforeYield, maxOps)

/** Declares a test that runs plainly, and with fibers that yield at every 5th and every 17th operation. */
export const itYielding = <E>(name: string, test: () => Effect.Effect<void, E, Scope.Scope>): void => {
  it.effect(name, test)
  for (const maxOps of [5, 17]) {
    it.effect(
      `${name}, yielding at every ${maxOps}th operation`,
      () => Effect.provideService(test(), Scheduler.MaxOpsBeforeYield, maxOps)
    )
  }
}
