/**
 * The one that writes checkpoints: it gathers those of all chains and commits them together.
 *
 * A commit costs about the same for one checkpoint as for fifty, so whoever comes while one is under way goes into the next.
 * In each turn every chain is looked at first: a checkpoint of one that belongs to somebody else by now is left out, and the
 * others are written. A turn is short, and everybody else who wants the database comes in between two of them.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import { LeaseLost, lockOwners, ownerColumns, ownerJoin, ownerOf, type OwnerRow, Ownership } from "./Ownership.ts"
import { onLiveClock } from "./Patience.ts"
import * as Sql from "./Sql.ts"
import { Tables } from "./Tables.ts"

/** What is to be written of one chain, all or nothing. */
export interface Write {
  readonly requestId: string
  /** The chain's number. */
  readonly chain: number
  /** About how many rows it is. */
  readonly rows: number
  /** May be called more than once, and so must change nothing else. */
  readonly apply: () => Sql.Script<void>
}

export class Writer extends Context.Service<Writer, {
  /** Is over when the write is committed; dies with `LeaseLost`, and writes nothing, where the chain has another owner. */
  readonly write: (write: Write) => Effect.Effect<void>
  /** How many transactions there were so far. */
  readonly commits: () => number
}>()("jobchain/storage/Writer") {
  static readonly layer: Layer.Layer<Writer, never, Tables | Ownership> = Layer.effect(
    Writer,
    Effect.suspend(() => make())
  )
}

interface Waiting {
  readonly write: Write
  readonly done: (exit: Exit.Exit<void>) => void
}

/** A turn of so many rows takes two or three milliseconds, in which nothing else happens in the process. */
const rowsPerTurnMax = 500

const make = Effect.fnUntraced(function*() {
  const tables = yield* Tables
  const { id } = yield* Ownership
  const queue = yield* Queue.unbounded<Waiting>()
  const progress = { commits: 0, open: 0, drained: () => {} }

  const turn = (batch: ReadonlyArray<Waiting>): Effect.Effect<void> => {
    const answer = (exit: Exit.Exit<ReadonlyArray<LeaseLost | undefined>>) =>
      Effect.suspend(() => {
        progress.commits++
        // One that cannot be written must not keep the others from it.
        if (Exit.isFailure(exit) && batch.length > 1 && !Cause.hasInterrupts(exit.cause)) {
          return Effect.forEach(batch, (one) => turn([one]), { discard: true })
        }
        progress.open -= batch.length
        for (const [index, { done }] of batch.entries()) done(Exit.isFailure(exit) ? exit : exitOf(exit.value[index]))
        if (progress.open === 0) progress.drained()
        return Effect.void
      })
    return Effect.ignoreCause(Effect.onExit(tables.write(() => commit(id, batch)), answer))
  }
  const work = Effect.gen(function*() {
    while (true) {
      const first = yield* Queue.take(queue)
      // What other chains do in this very moment is in time for this turn.
      yield* Effect.yieldNow
      // Who waits for a write that fails is told; the next turn may be of others.
      yield* Effect.suspend(() => turn(takeTurn(first, queue)))
    }
  })

  yield* Effect.forkScoped(onLiveClock(work))
  // Before the scope interrupts the work: what was handed over is still written.
  const drained = Effect.callback<void>((resume) => {
    progress.drained = () => resume(Effect.void)
    if (progress.open === 0) progress.drained()
  })
  yield* Effect.addFinalizer(() => onLiveClock(Effect.ignore(Effect.timeout(drained, drainMax))))

  return {
    write: (write: Write) =>
      Effect.callback<void>((resume) => {
        progress.open++
        Queue.offerUnsafe(queue, { write, done: resume })
      }),
    commits: () => progress.commits
  }
})

/** How long closing the store waits, on a full disk for one. */
const drainMax = "10 seconds"

/** Takes whole writes, at least the first one, in the order in which they came. */
const takeTurn = (first: Waiting, queue: Queue.Queue<Waiting>): ReadonlyArray<Waiting> => {
  const batch = [first]
  let { rows } = first.write
  while (rows < rowsPerTurnMax) {
    const next = Queue.takeUnsafe(queue)
    if (next === undefined || Exit.isFailure(next)) return batch
    batch.push(next.value)
    rows += next.value.write.rows
  }
  return batch
}

/** Applies what is still ours, and returns for each write what kept it from being applied. */
function* commit(id: string, batch: ReadonlyArray<Waiting>): Sql.Script<ReadonlyArray<LeaseLost | undefined>> {
  const byChain = new Map<number, Array<Write>>()
  for (const { write } of batch) {
    const others = byChain.get(write.chain)
    if (others === undefined) byChain.set(write.chain, [write])
    else others.push(write)
  }
  const owners = yield* lockOwners([...byChain.keys()])
  const ours: Array<Sql.Script<void>> = []
  const lost = new Map<number, LeaseLost>()
  for (const [chain, writes] of byChain) {
    if (owners.get(chain) === id) ours.push(applyAll(writes))
    else lost.set(chain, yield* leaseLost(chain, writes[0]?.requestId ?? ""))
  }
  yield* Sql.together(ours)
  return batch.map(({ write }) => lost.get(write.chain))
}

/** The writes of one chain stay in their order. */
function* applyAll(writes: ReadonlyArray<Write>): Sql.Script<void> {
  for (const write of writes) yield* write.apply()
}

function* leaseLost(chain: number, requestId: string): Sql.Script<LeaseLost> {
  const row = yield* Sql.get<OwnerRow>(
    `SELECT ${ownerColumns} FROM jobchain_chains c ${ownerJoin} WHERE c.number = ?`,
    chain
  )
  const owner = row === undefined ? undefined : ownerOf(row)
  return new LeaseLost({ requestId, ...(owner === undefined ? {} : { owner }) })
}

const exitOf = (lost: LeaseLost | undefined): Exit.Exit<void> =>
  lost === undefined ? Exit.void : Exit.failCause(Cause.die(lost))
