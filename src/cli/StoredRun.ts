/**
 * Runs a chain that a store keeps: whatever becomes of this process, it can be resumed.
 *
 * It obeys those who ask for the chain to be stopped from elsewhere, and gives way to a process that has taken the chain over
 * because this one gave no sign of life.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { hostname } from "node:os"
import type { JobChain } from "../domain/JobChain.ts"
import { TraverserFactory } from "../engine/TraverserFactory.ts"
import { ChainStore } from "../storage/ChainStore.ts"
import { LeaseLost } from "../storage/Ownership.ts"
import { BadInput } from "./BadInput.ts"
import * as ChainRun from "./ChainRun.ts"
import * as ChainStanding from "./ChainStanding.ts"
import { CutOff } from "./CutOff.ts"
import * as Interrupts from "./Interrupts.ts"
import * as JobTypes from "./JobTypes.ts"
import * as Layers from "./Layers.ts"
import * as OpenStore from "./OpenStore.ts"
import * as Output from "./Output.ts"
import * as SignalReception from "./SignalReception.ts"
import * as StoreLocation from "./StoreLocation.ts"

/** Runs a new chain to its end, whatever that is, and tells of it. Needs the store. */
export const start = (options: ChainRun.ChainRunOptions, database: StoreLocation.Database, jobChain: JobChain) => {
  const requestId = jobChain.requestId ?? ""
  return Effect.gen(function*() {
    const factory = yield* TraverserFactory
    const interrupts = yield* Interrupts.listen(`Killed. ${howToGoOn(database, requestId)}`)
    const traverser = yield* Effect.catchTag(
      factory.make(jobChain),
      "ChainConflict",
      () => Effect.flatMap(ChainStanding.whyNotAnew(database, requestId), Effect.fail)
    )
    return yield* run(options, { database, traverser, interrupts })
  }).pipe(Effect.scoped, Effect.provide(Layers.storedChains(ChainRun.settingsOf(options))))
}

/** Goes on with a chain that nobody runs, to its end, and tells of it. Needs the store. */
export const resume = (options: ChainRun.ChainRunOptions, database: StoreLocation.Database, requestId: string) =>
  Effect.gen(function*() {
    const store = yield* ChainStore
    const factory = yield* TraverserFactory
    const interrupts = yield* Interrupts.listen(`Killed. ${howToGoOn(database, requestId)}`)
    const { chain, isStopRequested, resumption } = yield* store.claim(requestId)
    const made = Effect.gen(function*() {
      const faults = yield* JobTypes.faultsOf(chain.jobChain)
      if (faults.length > 0) return yield* new BadInput({ message: faults.map(({ message }) => message).join("\n") })
      return yield* factory.makeFromChain(chain, resumption)
    })
    const traverser = yield* Effect.onError(made, () => store.release(requestId))
    if (isStopRequested) Output.err("It was to be stopped when it was last run, and is now\n")
    return yield* run(options, { database, traverser, interrupts, isStopRequested })
  }).pipe(Effect.scoped, Effect.provide(Layers.storedChains(ChainRun.settingsOf(options))))

type StoredRunInput = Pick<ChainRun.ChainRunInput, "interrupts" | "isStopRequested" | "traverser"> & {
  readonly database: StoreLocation.Database
}

const run = Effect.fnUntraced(function*(options: ChainRun.ChainRunOptions, input: StoredRunInput) {
  const store = yield* ChainStore
  const { database, traverser } = input
  const { requestId } = traverser
  const kept = { tell: () => Output.err(howToGoOn(database, requestId)) }
  const running = ChainRun.run(options, {
    ...input,
    stopRequest: stopRequest(store, requestId),
    logs: (withOutput) => Effect.orDie(logsOf(store, requestId, withOutput)),
    keep: () => kept
  })
  yield* Effect.forkScoped(SignalReception.run(store, traverser))
  return yield* Effect.catchCause(running, (cause) => {
    const message = cutOffBy(cause, howToGoOn(database, requestId))
    return message === undefined ? Effect.failCause(cause) : Effect.fail(new CutOff({ message }))
  })
}, Effect.scoped)

const howToGoOn = (database: StoreLocation.Database, requestId: string): string =>
  `Go on with: ${StoreLocation.command(database, "resume", requestId)}\n`

/** However much the jobs have written, only what is asked for is read. */
const logsOf = Effect.fnUntraced(function*(
  store: ChainStore["Service"],
  requestId: string,
  withOutput: ReadonlyArray<string>
) {
  const whole = yield* Effect.forEach(withOutput, (jobId) => store.logs(requestId, jobId))
  const others = (yield* store.tries(requestId)).filter(({ jobId }) => !withOutput.includes(jobId))
  return [...whole.flat(), ...others.map((ended) => ({ ...ended, stdout: "", stderr: "" }))]
})

/** Waits until somebody asks for the chain to be stopped, or has taken it over. */
const stopRequest = Effect.fnUntraced(function*(store: ChainStore["Service"], requestId: string) {
  yield* Stream.runHead(Stream.filter(store.stopRequests, (id) => id === requestId))
  const [found] = yield* store.list({ requestId })
  const isOurs = found?.owner?.pid === process.pid && found.owner.host === hostname()
  // Who else has it, the end of this run says.
  if (isOurs) Output.err("Another process asks for this chain to be stopped\n")
})

/** Says what has cut a run off; `undefined` where nothing has. */
const cutOffBy = (cause: Cause.Cause<unknown>, howToGoOn: string): string | undefined => {
  const error = Cause.squash(cause)
  if (error instanceof LeaseLost) return `${error.message}: it goes on there, and ends here`
  return OpenStore.isOfStore(cause) ? `${(error as Error).message}\n${howToGoOn.trimEnd()}` : undefined
}
