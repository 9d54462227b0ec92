/**
 * Signals that are sent by way of the store, to chains that run, are suspended or are cut off at any write.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Scope, Stream } from "effect"
import type { JobChain } from "../../src/domain/JobChain.ts"
import { JobFactory } from "../../src/engine/JobFactory.ts"
import type { Traverser } from "../../src/engine/Traverser.ts"
import { TraverserFactory } from "../../src/engine/TraverserFactory.ts"
import { noop } from "../../src/jobs/Noop.ts"
import { wait } from "../../src/jobs/Wait.ts"
import { chainOf, Rig } from "../../src/testing/index.ts"
import * as Bench from "../engine/Bench.ts"
import type * as CutRun from "../engine/CutRun.ts"
import { CutRepo } from "./CutRepo.ts"
import * as TestStore from "./TestStore.ts"

const waits = (signal: string) => ({ type: "wait", args: { signal } })
const jobs = JobFactory.layer([wait, noop])
const lineOf = (): JobChain => chainOf("a -> b\nb -> c", { a: waits("go"), b: waits("go") })

/** Runs chains of a store, whose repo may be cut off. */
const engine = Effect.fnUntraced(function*(store: TestStore.TestStore, cut?: CutRun.Cut) {
  const rig = yield* Rig.make
  const repo = new CutRepo(store, cut)
  const scope = yield* Scope.make()
  const layer = Bench.layerOf({ jobs, repo: repo.layer(rig) })
  const factory = Effect.provideContext(
    TraverserFactory,
    yield* rig.provide(Layer.buildWithScope(layer, scope))
  )
  return {
    rig,
    repo,
    factory: yield* factory,
    kill: Effect.andThen(Effect.forkDetach(rig.provide(Scope.close(scope, Exit.void))), rig.settle),
    begin: (traverser: Traverser) => Effect.tap(Effect.forkDetach(rig.provide(traverser.run)), () => rig.settle)
  }
})

/** Hands on what was sent to a traverser, as a process does that runs it. */
const handOn = Effect.fnUntraced(
  function*(store: TestStore.TestStore, rig: Rig.Rig, traverser: Traverser, count: number) {
    const sent = yield* Stream.runCollect(Stream.take(store.store.signals, count))
    for (const { signal: { data, id, name } } of sent) {
      yield* Effect.forkDetach(rig.provide(Effect.exit(traverser.signal(name, data ?? {}, id))))
      yield* rig.settle
    }
  }
)

const dataOf = (traverser: Traverser) =>
  Effect.map(traverser.snapshot, ({ jobChain, signals }) => ({
    data: ["a", "b"].map((id) => jobChain?.jobs?.[id]?.data),
    signals
  }))

/** Runs a chain whose process dies at one of its writes, and goes on with it. */
const runCut = (cut: CutRun.Cut | undefined) =>
  Effect.scoped(Effect.gen(function*() {
    const filename = yield* TestStore.database
    const first = yield* TestStore.open(filename)
    const died = yield* engine(first, cut)
    let traverser = yield* died.rig.provide(died.factory.make(lineOf()))
    const { requestId } = traverser
    yield* first.store.signal(requestId, "go", { data: { n: 1 }, id: "one" })
    yield* first.store.signal(requestId, "go", { data: { m: 2 }, id: "two" })
    yield* died.begin(traverser)
    yield* handOn(first, died.rig, traverser, 2)
    if (died.repo.isCut) {
      yield* died.kill
      yield* first.expire
      const second = yield* TestStore.open(filename)
      const claimed = yield* Effect.exit(second.store.claim(requestId))
      if (Exit.isSuccess(claimed)) {
        const { chain, resumption } = claimed.value
        assert.deepStrictEqual(resumption.givenUp?.size, 0)
        const { begin, factory, rig } = yield* engine(second)
        traverser = yield* rig.provide(factory.makeFromChain(chain, resumption))
        yield* begin(traverser)
      }
    }
    const [info] = yield* first.store.list({ requestId })
    return { writes: died.repo.writes, state: info?.state, ...(yield* dataOf(traverser)) }
  }))

const whole = { data: [{ n: 1 }, { n: 1, m: 2 }], signals: undefined }

describe("a signal sent to a chain in the store", () => {
  it.effect("comes to who runs it, also from another process, and once", () =>
    Effect.scoped(Effect.gen(function*() {
      const filename = yield* TestStore.database
      const first = yield* TestStore.open(filename)
      const second = yield* TestStore.open(filename)
      const { begin, factory, rig } = yield* engine(first)
      const traverser = yield* rig.provide(factory.make(lineOf()))
      const running = yield* begin(traverser)
      const { jobs: before } = yield* second.store.status(traverser.requestId)
      assert.deepStrictEqual(before.map((job) => [job.id, job.explanation?.text]), [
        ["a", "waits for the signal \"go\""],
        ["b", "waits for a"],
        ["c", "waits for b"]
      ])
      yield* second.store.signal(traverser.requestId, "go", { data: { n: 1 }, id: "one" })
      yield* second.store.signal(traverser.requestId, "go", { data: { n: 1 }, id: "one" })
      yield* second.store.signal(traverser.requestId, "go", { data: { m: 2 } })
      yield* handOn(first, rig, traverser, 2)
      assert.isDefined(running.pollUnsafe())
      assert.deepStrictEqual(yield* dataOf(traverser), whole)
      assert.strictEqual((yield* Effect.flip(second.store.signal(traverser.requestId, "go")))._tag, "ChainEnded")
      assert.strictEqual((yield* Effect.flip(second.store.signal("none", "go")))._tag, "ChainNotStored")
    })))

  it.effect("waits for a chain that is suspended, and for a request whose chain has not begun", () =>
    Effect.scoped(Effect.gen(function*() {
      const store = yield* TestStore.make()
      const chain = lineOf()
      const requestId = chain.requestId ?? ""
      yield* store.manager.createRequest({ jobChain: chain })
      yield* store.store.signal(requestId, "go", { data: { n: 1 }, id: "one" })
      const { begin, factory, rig } = yield* engine(store)
      const traverser = yield* rig.provide(factory.make(chain))
      yield* begin(traverser)
      yield* handOn(store, rig, traverser, 1)
      yield* rig.run(traverser.suspend)
      yield* store.store.signal(requestId, "go", { data: { m: 2 }, id: "two" })
      const exported = yield* store.store.exportChain(requestId)
      assert.deepStrictEqual(exported.signals, [{ id: "two", name: "go", data: { m: 2 } }])
      const { chain: claimed, resumption } = yield* store.store.claim(requestId)
      const resumed = yield* rig.provide(factory.makeFromChain(claimed, resumption))
      yield* begin(resumed)
      assert.deepStrictEqual(yield* dataOf(resumed), whole)
    })))

  it.effect("is neither lost nor given twice, at whatever write the process dies", () =>
    Effect.gen(function*() {
      const { writes } = yield* runCut(undefined)
      assert.isAbove(writes, 4)
      for (let write = 1; write <= writes; write++) {
        for (const when of ["before", "after"] as const) {
          const { data, signals, state } = yield* runCut({ write, when })
          assert.deepStrictEqual({ state, data, signals }, { state: "COMPLETE", ...whole }, `${when} write ${write}`)
        }
      }
    }))

  it.effect("may take its time: crashes of a process meanwhile are none of its job's", () =>
    Effect.scoped(Effect.gen(function*() {
      const filename = yield* TestStore.database
      const chain = lineOf()
      for (let crash = 0; crash < 5; crash++) {
        const process = yield* TestStore.open(filename)
        const { begin, factory, kill, rig } = yield* engine(
          process,
          crash === 4 ? undefined : { write: 3, when: "before" }
        )
        const found = crash === 0 ? undefined : yield* process.store.claim(chain.requestId ?? "")
        assert.strictEqual(found?.resumption.givenUp?.size ?? 0, 0)
        const made = found === undefined ? factory.make(chain) : factory.makeFromChain(found.chain, found.resumption)
        const traverser = yield* rig.provide(made)
        yield* begin(traverser)
        if (crash < 4) {
          yield* process.expire
          yield* Effect.forkDetach(kill)
        } else {
          const [status] = yield* traverser.running
          assert.deepInclude(status, { jobId: "a", try: 1 })
        }
      }
    })))
})
