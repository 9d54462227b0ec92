/**
 * The process that is killed or frozen: it loads all it needs, says `ready`, and when it is told what to do, does it.
 *
 * It takes over every chain that it finds cut off, and begins new ones, each with jobs that first of all note that they run.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import * as Schema from "effect/Schema"
import * as CelConditions from "../../src/conditions/CelConditions.ts"
import type { JobChain } from "../../src/domain/JobChain.ts"
import { ChainRepo } from "../../src/engine/ChainRepo.ts"
import { JobFactory } from "../../src/engine/JobFactory.ts"
import * as JobType from "../../src/engine/JobType.ts"
import { Reports } from "../../src/engine/Reports.ts"
import type { Traverser } from "../../src/engine/Traverser.ts"
import { TraverserFactory } from "../../src/engine/TraverserFactory.ts"
import * as HttpReportDelivery from "../../src/http/HttpReportDelivery.ts"
import { ChainStore } from "../../src/storage/ChainStore.ts"
import { LeaseLost } from "../../src/storage/Ownership.ts"
import * as Store from "../../src/storage/Store.ts"
import { Dice } from "./Dice.ts"
import { Effects } from "./Effects.ts"
import * as Shapes from "./Shapes.ts"
import { StoreReader } from "./StoreReader.ts"
import * as Tables from "./Tables.ts"

/** What a worker is told. */
export interface Task {
  readonly store: string
  readonly effects: string
  readonly manager: string
  readonly lease: number
  /** Unique to the worker. */
  readonly name: string
  readonly seed: number
  /** How many chains to have running, for ever; with 0 it ends when no chain is left. */
  readonly chains: number
  /** Chains to run first; where there are any, only these, and it ends when they are over. */
  readonly only: ReadonlyArray<JobChain>
  /** After how many runs of jobs to say that it is running. */
  readonly sayAfterRuns: number
  /** At which write of a chain to end itself, as a `kill -9` does. */
  readonly dieAt?: Death
}

/** Right before or right after a write: what a chain asks of its repo is counted from 1. */
export interface Death {
  readonly write: number
  readonly when: "before" | "after"
}

/** What a worker says: that it can be told, and that it is running. */
export type Saying = "ready" | "running"

const say = (message: Saying): void => void process.send?.(message)

const workOf = ({ sayAfterRuns }: Task, effects: Effects, reader: () => Promise<StoreReader>) => {
  let runs = 0
  return JobType.make("work", {
    args: Schema.Struct({
      millis: Schema.Number,
      failsUntil: Schema.Number,
      data: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown))
    }),
    run: ({ data, failsUntil, millis }, context) =>
      Effect.gen(function*() {
        const { jobId, requestId, try: jobTry } = context
        const stored = yield* Effect.promise(async () => (await reader()).stateOf(requestId, jobId))
        effects.ran({ request: requestId, job: jobId, try: jobTry, stored })
        if (++runs === sayAfterRuns) say("running")
        yield* context.setData({ ...data, [jobId]: jobTry })
        yield* Effect.sleep(millis)
        if (jobTry <= failsUntil) return yield* Effect.fail(`try ${jobTry} fails`)
      })
  })
}

const work = (task: Task, effects: Effects, reader: () => Promise<StoreReader>) =>
  Effect.gen(function*() {
    const store = yield* ChainStore
    const factory = yield* TraverserFactory
    const dice = new Dice(task.seed)
    const fibers = yield* FiberSet.make()
    const unfinished = Effect.promise(async () => (await reader()).unfinished())
    let begun = 0

    const run = (traverser: Traverser) =>
      Effect.tapCause(traverser.run, (cause) =>
        Effect.sync(() => {
          const lost = Cause.squash(cause)
          if (lost instanceof LeaseLost) effects.refused(task.name, traverser.requestId, lost.message)
        }))
    const begin = Effect.fnUntraced(function*(chain: JobChain) {
      const traverser = yield* factory.make(chain)
      effects.accepted(traverser.requestId)
      yield* run(traverser)
    })
    const takeOver = Effect.fnUntraced(function*(requestId: string) {
      const { chain, resumption } = yield* store.claim(requestId)
      yield* run(yield* factory.makeFromChain(chain, resumption))
    })

    if (task.only.length > 0) {
      yield* Effect.forEach(task.only, (chain) => FiberSet.run(fibers, begin(chain)))
      return yield* FiberSet.awaitEmpty(fibers)
    }
    while (true) {
      for (const { requestId } of yield* store.list({ states: ["RUNNING"], isCrashed: true })) {
        // Somebody else may have been quicker.
        yield* FiberSet.run(fibers, Effect.ignore(takeOver(requestId)))
      }
      for (let size = yield* FiberSet.size(fibers); size < task.chains; size++) {
        yield* FiberSet.run(fibers, begin(Shapes.draw(dice, `${task.name}-${++begun}`)))
      }
      if (task.chains === 0 && (yield* unfinished) === 0) return
      yield* Effect.sleep(50)
    }
  })

/** A repo that ends the process at one of its writes. */
const mortal = ({ when, write }: Death) =>
  Layer.effect(
    ChainRepo,
    Effect.map(ChainRepo, (repo) => {
      let writes = 0
      const die = Effect.suspend(() => {
        process.kill(process.pid, "SIGKILL")
        return Effect.never
      })
      const counted = <A, E>(written: Effect.Effect<A, E>): Effect.Effect<A, E> =>
        Effect.suspend(() => {
          if (++writes !== write) return written
          return when === "before" ? die : Effect.andThen(written, die)
        })
      return {
        ...repo,
        add: (chain) => counted(repo.add(chain)),
        set: (checkpoint) => counted(repo.set(checkpoint)),
        remove: (requestId) => counted(repo.remove(requestId))
      }
    })
  )

const layerOf = (task: Task, effects: Effects, reader: () => Promise<StoreReader>) => {
  const delivery = Layer.provide(HttpReportDelivery.layerWith({ baseUrl: task.manager }), FetchHttpClient.layer)
  const store = Layer.provide(storeOf(task), delivery)
  return TraverserFactory.layer.pipe(
    Layer.provideMerge([
      task.dieAt === undefined ? store : Layer.provideMerge(mortal(task.dieAt), store),
      JobFactory.layer([workOf(task, effects, reader)]),
      Reports.layerNone,
      CelConditions.layer
    ])
  )
}

const storeOf = ({ lease, store }: Task) =>
  Tables.isServer(store)
    ? Store.layerPostgresWithOutbox({ url: Redacted.make(store), lease })
    : Store.layerSqliteWithOutbox({ filename: store, lease })

const main = (task: Task) => {
  const effects = new Effects(task.effects)
  let opened: Promise<StoreReader> | undefined
  // When it is first wanted, the store has made the database.
  const reader = () => opened ??= StoreReader.open(task.store)
  return Effect.scoped(work(task, effects, reader)).pipe(
    Effect.provide(layerOf(task, effects, reader)),
    Effect.provideService(References.MinimumLogLevel, "Fatal"),
    Effect.runPromise
  )
}

process.once("message", (task: Task) => {
  main(task).then(() => process.exit(0), (error: unknown) => {
    console.error(error)
    process.exit(1)
  })
})
process.on("disconnect", () => process.exit(1))
say("ready")
