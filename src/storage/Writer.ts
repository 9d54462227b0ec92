/**
 * The one that writes checkpoints: it gathers those of all chains and commits them together.
 *
 * A commit costs about the same for one checkpoint as for fifty, so whoever comes while one is under way goes into the next.
 * In each turn every chain is looked at first: a checkpoint of one that belongs to somebody else by now is left out, and the
 * others are written. A turn is short, and everybody else who wants the database comes in between two of them. What else is
 * small and comes for many chains at once, such as to add them, goes into a turn, too.
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
import { onLiveClock, whileClosing } from "./Patience.ts"
import * as Sql from "./Sql.ts"
import { Tables, type Transactions } from "./Tables.ts"

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
  /** Transactions of which the small ones share a commit. */
  readonly shared: Transactions
  /** How many transactions there were so far. */
  readonly commits: () => number
}>()("jobchain/storage/Writer") {
  static readonly layer: Layer.Layer<Writer, never, Tables | Ownership> = Layer.effect(
    Writer,
    Effect.suspend(() => make())
  )
}

interface Waiting {
  /** The chain that it writes to, if that is still ours. */
  readonly to: Pick<Write, "chain" | "requestId"> | undefined
  readonly rows: number
  readonly script: () => Sql.Script<unknown>
  /** Whether nobody wants it any more. */
  isCancelled?: boolean
  readonly done: (exit: Exit.Exit<unknown>) => void
}

/** A turn of so many rows takes two or three milliseconds, in which nothing else happens in the process. */
const rowsPerTurnMax = 500

const make = Effect.fnUntraced(function*() {
  const tables = yield* Tables
  const { id } = yield* Ownership
  const queue = yield* Queue.unbounded<Waiting>()
  const progress = { commits: 0, open: 0, drained: () => {} }

  const turn = (batch: ReadonlyArray<Waiting>): Effect.Effect<void> => {
    const answer = (exit: Exit.Exit<ReadonlyArray<Exit.Exit<unknown>>>) =>
      Effect.suspend(() => {
        progress.commits++
        // One that cannot be written must not keep the others from it.
        if (Exit.isFailure(exit) && batch.length > 1 && !Cause.hasInterrupts(exit.cause)) {
          return Effect.forEach(batch, (one) => turn([one]), { discard: true })
        }
        progress.open -= batch.length
        for (const [index, { done }] of batch.entries()) {
          done(Exit.isFailure(exit) ? exit : exit.value[index] ?? Exit.void)
        }
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
  yield* Effect.addFinalizer(() => whileClosing(drained))

  const offer = (waiting: Waiting): void => {
    progress.open++
    Queue.offerUnsafe(queue, waiting)
  }
  return {
    write: (write: Write) =>
      Effect.callback<void>((resume) =>
        offer({ to: write, rows: write.rows, script: write.apply, done: (exit) => resume(Exit.asVoid(exit)) })
      ),
    shared: {
      read: tables.read,
      // One that is large takes so long that its commit does not matter.
      write: (script, rows = 1) => rows < rowsPerTurnMax ? share(offer, script, rows) : tables.write(script, rows)
    } satisfies Transactions,
    commits: () => progress.commits
  }
})

/** Offers a script for a turn; where the caller is interrupted, is over when it is sure whether it was run. */
const share = <A>(offer: (waiting: Waiting) => void, script: () => Sql.Script<A>, rows: number): Effect.Effect<A> =>
  Effect.callback<A>((resume) => {
    let end = (exit: Exit.Exit<A>): void => resume(exit)
    const waiting: Waiting = { to: undefined, rows, script, done: (exit) => end(exit as Exit.Exit<A>) }
    offer(waiting)
    return Effect.callback<void>((interrupted) => {
      waiting.isCancelled = true
      // It may be under way.
      end = () => interrupted(Effect.void)
    })
  })

/** Takes whole writes, at least the first one, in the order in which they came. */
const takeTurn = (first: Waiting, queue: Queue.Queue<Waiting>): ReadonlyArray<Waiting> => {
  const batch = [first]
  let { rows } = first
  while (rows < rowsPerTurnMax) {
    const next = Queue.takeUnsafe(queue)
    if (next === undefined || Exit.isFailure(next)) return batch
    batch.push(next.value)
    rows += next.value.rows
  }
  return batch
}

/** Runs what is still ours to write, and returns for each what came of it. */
function* commit(id: string, batch: ReadonlyArray<Waiting>): Sql.Script<ReadonlyArray<Exit.Exit<unknown>>> {
  const lost = yield* lostOf(id, batch)
  const exits = batch.map((): Exit.Exit<unknown> => Exit.void)
  function* inOrder(writes: ReadonlyArray<readonly [number, Waiting]>): Sql.Script<void> {
    for (const [at, { isCancelled, script, to }] of writes) {
      if (isCancelled === true) continue
      const loss = to === undefined ? undefined : lost.get(to.chain)
      exits[at] = loss === undefined ? Exit.succeed(yield* script()) : Exit.die(loss)
    }
  }
  // The writes to one chain stay in their order.
  const groups = Map.groupBy(batch.entries(), ([at, { to }]) => to?.chain ?? -1 - at)
  yield* Sql.together(Array.from(groups.values(), inOrder))
  return exits
}

/** Returns, by the chain, what keeps us from writing to those that have another owner. */
function* lostOf(id: string, batch: ReadonlyArray<Waiting>): Sql.Script<ReadonlyMap<number, LeaseLost>> {
  const requestIds = new Map(batch.flatMap(({ to }) => to === undefined ? [] : [[to.chain, to.requestId] as const]))
  const owners = yield* lockOwners([...requestIds.keys()])
  const lost = new Map<number, LeaseLost>()
  for (const [chain, requestId] of requestIds) {
    if (owners.get(chain) !== id) lost.set(chain, yield* leaseLost(chain, requestId))
  }
  return lost
}

function* leaseLost(chain: number, requestId: string): Sql.Script<LeaseLost> {
  const row = yield* Sql.get<OwnerRow>(
    `SELECT ${ownerColumns} FROM jobchain_chains c ${ownerJoin} WHERE c.number = ?`,
    chain
  )
  const owner = row === undefined ? undefined : ownerOf(row)
  return new LeaseLost({ requestId, ...(owner === undefined ? {} : { owner }) })
}
