/**
 * Whether the chains that this process takes in are reported to a remote Request Manager, and who delivers the reports.
 *
 * The reports themselves are stored by `SqlChainRepo`, in the same transaction as the state they report. One process at a time
 * delivers those of a chain: the one that took it in, as long as it lives, then the first one to look that has an outbox. Its
 * waits run on the clock of whoever opened the store, its looks for what others have left on the machine's.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Semaphore from "effect/Semaphore"
import { ReportDelivery } from "../engine/ReportDelivery.ts"
import * as TraverserConfig from "../engine/TraverserConfig.ts"
import * as Courier from "./Courier.ts"
import * as OutboxRows from "./OutboxRows.ts"
import { Ownership } from "./Ownership.ts"
import { onLiveClock } from "./Patience.ts"
import { Tables } from "./Tables.ts"

export class Outbox extends Context.Service<Outbox, {
  /** Whether the chains that this process takes in are reported. */
  readonly isOn: boolean
  /** Says that reports of a chain have been stored. */
  readonly wake: (chain: number) => void
}>()("jobchain/storage/Outbox") {
  /** Reports nothing of new chains. What this process does with a chain that is reported is reported still, by others. */
  static readonly layerNone: Layer.Layer<Outbox> = Layer.succeed(Outbox, { isOn: false, wake: () => {} })

  /** Delivers until the scope closes, and then what can be delivered at once. */
  static readonly layer: Layer.Layer<Outbox, never, Tables | Ownership | ReportDelivery> = Layer.effect(
    Outbox,
    Effect.suspend(() => make())
  )
}

const make = Effect.fnUntraced(function*() {
  const tables = yield* Tables
  const ownership = yield* Ownership
  const { deliver } = yield* ReportDelivery
  const settings = yield* TraverserConfig.Current
  const { withPermit } = yield* Semaphore.make(attemptsMax)
  const courier: Courier.Courier = {
    tables,
    id: ownership.id,
    settings,
    closing: Latch.makeUnsafe(false),
    isClaimed: (requestId) => ownership.chains.get(requestId)?.isRunning === false,
    deliver: (report) => withPermit(Courier.answering(deliver, settings)(report))
  }
  const fibers = yield* FiberSet.make<void>()
  const fork = yield* FiberSet.runtime(fibers)<never>()
  // One for each chain whose reports wait: the database is the bound.
  const rounds = new Map<number, Latch.Latch>()

  /** Begins to deliver a chain's reports, where `isOurs` says so, or tells who does that there are more. */
  const deliverAll = (chain: number, isOurs: Effect.Effect<boolean>): void => {
    const present = rounds.get(chain)
    if (present !== undefined) {
      present.openUnsafe()
      return
    }
    const more = Latch.makeUnsafe(false)
    rounds.set(chain, more)
    const end = () => {
      if (rounds.get(chain) === more) rounds.delete(chain)
    }
    fork(
      Effect.flatMap(isOurs, (isOurs) => isOurs ? Courier.deliverAll(courier, chain, { more, end }) : Effect.void).pipe(
        Effect.catchCause((cause) => Effect.logError(cause)),
        Effect.ensuring(Effect.sync(end))
      )
    )
  }

  yield* Effect.addFinalizer(() => {
    courier.closing.openUnsafe()
    return onLiveClock(Effect.ignore(Effect.timeout(FiberSet.awaitEmpty(fibers), drainMax)))
  })
  const look = Effect.map(findOurs(tables, ownership), (chains) => {
    for (const chain of chains) deliverAll(chain, Effect.succeed(true))
  })
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(
    Effect.catchCause(look, (cause) => Effect.andThen(Effect.logError(cause), afterFailure)),
    betweenLooks
  )))
  return { isOn: true, wake: (chain: number) => deliverAll(chain, isOurs(tables, ownership, chain)) }
})

/** How many attempts may be under way at once, one for each of so many requests. */
const attemptsMax = 16

/** How long closing the store waits for those that are under way. */
const drainMax = "10 seconds"

/** Between two looks for what was stored by others, or left by the dead. */
const betweenLooks = onLiveClock(Effect.sleep("1 second"))

/** The database is damaged, or worse; what can be mended takes somebody's time. */
const afterFailure = onLiveClock(Effect.sleep("30 seconds"))

/** Finds the chains whose reports this process is to deliver; takes over those whose courier is dead. */
const findOurs = Effect.fnUntraced(function*(tables: Tables["Service"], ownership: Ownership["Service"]) {
  const ours: Array<number> = []
  for (let after = 0;;) {
    const start = after
    const found = yield* tables.read(() => OutboxRows.selectUndelivered(start, chainsPerLook))
    ours.push(...yield* oursOf(tables, ownership, found))
    if (found.length < chainsPerLook) return ours
    after = found.at(-1)?.chain ?? 0
    yield* Effect.yieldNow
  }
})

/** Answers whether this process is to deliver a chain's reports: one that it has claimed may have had another courier. */
const isOurs = Effect.fnUntraced(function*(
  tables: Tables["Service"],
  ownership: Ownership["Service"],
  chain: number
) {
  const found = yield* tables.read(() => OutboxRows.selectUndelivered(chain - 1, 1))
  const ours = yield* oursOf(tables, ownership, found.filter((row) => row.chain === chain))
  return ours.length > 0
})

const oursOf = Effect.fnUntraced(function*(
  tables: Tables["Service"],
  { id, livingOwner }: Ownership["Service"],
  found: ReadonlyArray<OutboxRows.Undelivered>
) {
  const free = found.filter((row) => row.owner !== id && livingOwner(row) === undefined)
  const taken = free.length === 0
    ? []
    : yield* tables.write(() => OutboxRows.takeOver(free, id))
  return found.filter((row) => row.owner === id || taken.includes(row)).map(({ chain }) => chain)
})

/** A millisecond or two. */
const chainsPerLook = 200
