/**
 * The one that writes checkpoints: it gathers those of all chains and commits them together.
 *
 * A commit costs about the same for one checkpoint as for fifty, so whoever comes while one is under way goes into the next.
 * In each turn every chain is looked at first: a checkpoint of one that belongs to somebody else by now is left out, and the
 * rows of the others are written, those of all chains by one statement after the other. A turn is short, and everybody else
 * who wants the database comes in between two of them. What else is small and comes for many chains at once, such as to add
 * them, goes into a turn, too.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import { guardOf, lockOwned, Ownership } from "./Ownership.ts"
import { onLiveClock, whileClosing } from "./Patience.ts"
import type { RowsStatement } from "./RowsStatement.ts"
import * as Sql from "./Sql.ts"
import { Tables, type Transactions } from "./Tables.ts"

/** What is to be written of one chain, all or nothing. */
export interface Write {
  readonly requestId: string
  /** The chain's number. */
  readonly chain: number
  /** None depends on another. */
  readonly rows: ReadonlyArray<Sql.WriteRows>
  /** About as much work as writing so many rows of states and tries. */
  readonly size: number
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
  readonly work: Write | (() => Sql.Script<unknown>)
  readonly size: number
  /** Whether nobody wants it any more. */
  isCancelled?: boolean
  readonly done: (exit: Exit.Exit<unknown>) => void
}

/** A turn of so many rows takes two or three milliseconds, in which nothing else happens in the process. */
const rowsPerTurnMax = 1000

const make = Effect.fnUntraced(function*() {
  const tables = yield* Tables
  const { id } = yield* Ownership
  const queue = yield* Queue.unbounded<Waiting>()
  const progress = { commits: 0, open: 0, drained: () => {} }

  const turn = (batch: ReadonlyArray<Waiting>): Effect.Effect<void> => {
    const answer = (exit: Exit.Exit<Exits>) =>
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
    return Effect.ignoreCause(Effect.onExit(commit(tables, id, batch), answer))
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
        offer({ work: write, size: write.size, done: (exit) => resume(Exit.asVoid(exit)) })
      ),
    shared: {
      read: tables.read,
      // One that is large takes so long that its commit does not matter.
      write: (script, rows = 1) => 2 * rows < rowsPerTurnMax ? share(offer, script, rows) : tables.write(script, rows)
    } satisfies Transactions,
    commits: () => progress.commits
  }
})

/** Offers a script for a turn; where the caller is interrupted, is over when it is sure whether it was run. */
const share = <A>(offer: (waiting: Waiting) => void, work: () => Sql.Script<A>, size: number): Effect.Effect<A> =>
  Effect.callback<A>((resume) => {
    let end = (exit: Exit.Exit<A>): void => resume(exit)
    const waiting: Waiting = { work, size, done: (exit) => end(exit as Exit.Exit<A>) }
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
  let { size } = first
  while (size < rowsPerTurnMax) {
    const next = Queue.takeUnsafe(queue)
    if (next === undefined || Exit.isFailure(next)) return batch
    batch.push(next.value)
    size += next.value.size
  }
  return batch
}

type Exits = ReadonlyArray<Exit.Exit<unknown>>

/** Commits a turn, and returns for each of it what came of it. */
const commit = (tables: Tables["Service"], id: string, batch: ReadonlyArray<Waiting>): Effect.Effect<Exits> => {
  const oneByOne = tables.write(() => script(id, batch))
  const writes = writesOf(batch)
  if (writes.length < batch.length) return oneByOne
  const [rows = [], ...later] = inTurn(writes)
  if (later.length > 0) return oneByOne
  // Nearly always all chains are still ours, and then it takes one step.
  const guard = guardOf(id, writes.map(({ chain }) => chain))
  return Effect.flatMap(
    tables.writeGuarded(guard, rows),
    (isWritten) => isWritten ? Effect.succeed(batch.map(() => Exit.void)) : oneByOne
  )
}

const writesOf = (batch: ReadonlyArray<Waiting>): ReadonlyArray<Write> =>
  batch.flatMap(({ work }) => typeof work === "function" ? [] : [work])

/** Writes what is still ours to write, and runs scripts. */
function* script(id: string, batch: ReadonlyArray<Waiting>): Sql.Script<Exits> {
  const writes = writesOf(batch)
  const lost = yield* lockOwned(id, writes.map(({ chain, requestId }) => ({ number: chain, requestId })))
  for (const rows of inTurn(writes.filter(({ chain }) => !lost.has(chain)))) yield* Sql.writeRows(...rows)
  const exits = batch.map(({ work }): Exit.Exit<unknown> => {
    const loss = typeof work === "function" ? undefined : lost.get(work.chain)
    return loss === undefined ? Exit.void : Exit.die(loss)
  })
  function* answered(at: number, script: () => Sql.Script<unknown>): Sql.Script<void> {
    exits[at] = Exit.succeed(yield* script())
  }
  yield* Sql.together(
    batch.flatMap(({ isCancelled, work }, at) =>
      typeof work === "function" && isCancelled !== true ? [answered(at, work)] : []
    )
  )
  return exits
}

/** Puts the rows of all writes together by their statements. A chain's second write comes after all first ones, and so on. */
const inTurn = (writes: ReadonlyArray<Write>): ReadonlyArray<ReadonlyArray<Sql.WriteRows>> => {
  const turns: Array<Map<RowsStatement, Array<Sql.Row>>> = []
  const before = new Map<number, number>()
  for (const { chain, rows } of writes) {
    const at = before.get(chain) ?? 0
    before.set(chain, at + 1)
    const turn = turns[at] ??= new Map()
    for (const { rows: added, statement } of rows) {
      const present = turn.get(statement)
      if (present === undefined) turn.set(statement, [...added])
      else for (const row of added) present.push(row)
    }
  }
  return turns.map((turn) => Array.from(turn, ([statement, rows]) => Sql.rowsFor(statement, rows)))
}
