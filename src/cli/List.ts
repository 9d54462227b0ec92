/**
 * `jobchain list` and `jobchain ps`: which chains the store has, and which of them run now.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { JobState } from "../domain/JobState.ts"
import type { StoredChainInfo } from "../storage/ChainList.ts"
import { ChainStore } from "../storage/ChainStore.ts"
import * as ChainStanding from "./ChainStanding.ts"
import * as ChainTable from "./ChainTable.ts"
import * as OpenStore from "./OpenStore.ts"
import * as Output from "./Output.ts"
import * as StoreLocation from "./StoreLocation.ts"
import * as Times from "./Times.ts"

export interface PsOptions extends StoreLocation.DatabaseFlag {
  readonly output: ChainTable.Format
}

export interface ListOptions extends PsOptions {
  /** Any of them; all states where there is none. */
  readonly states: ReadonlyArray<ChainStanding.Word>
  readonly name: Option.Option<string>
  /** Milliseconds. */
  readonly since: Option.Option<number>
  readonly limit: number
}

/** Lists chains, the newest first; returns the exit code. */
export const list = Effect.fnUntraced(function*(options: ListOptions) {
  const now = yield* Clock.currentTimeMillis
  // One more, to know whether there are more.
  const found = yield* chainsOf(options, select(options, now))
  ChainTable.write(found.slice(0, options.limit), {
    format: options.output,
    columns: [ChainTable.request, ChainTable.state, ChainTable.jobs, ChainTable.started, took(now)],
    none: "There are no such chains"
  })
  if (found.length > options.limit) Output.err(`There are more: --limit is ${options.limit}\n`)
  return 0
})

/** Lists the chains that run now, whichever process runs them; returns the exit code. */
export const ps = Effect.fnUntraced(function*(options: PsOptions) {
  const now = yield* Clock.currentTimeMillis
  const running = Effect.flatMap(ChainStore, (store) => store.list({ isRunning: true }))
  ChainTable.write(yield* chainsOf(options, running), {
    format: options.output,
    columns: [ChainTable.request, ChainTable.jobs, ChainTable.started, took(now), process],
    none: "No chain is running"
  })
  return 0
})

/** In a folder in which nothing was run yet there is nothing to list; a store that was named has to be there. */
const chainsOf = <E, R>(options: PsOptions, chains: Effect.Effect<ReadonlyArray<StoredChainInfo>, E, R>) => {
  const database = StoreLocation.of(options)
  return database.isDefault && !OpenStore.exists(database)
    ? Effect.succeed([])
    : OpenStore.useExisting(database, chains)
}

const select = Effect.fnUntraced(function*({ limit, name, since, states }: ListOptions, now: number) {
  const store = yield* ChainStore
  const filter = {
    ...Option.match(name, { onNone: () => ({}), onSome: (name) => ({ name }) }),
    ...Option.match(since, { onNone: () => ({}), onSome: (age) => ({ since: now - age }) })
  }
  if (states.length === 0) return yield* store.list({ ...filter, limit: limit + 1 })
  // Which processes live, and so which chains crashed, is not known before they are read; nor is what is damaged.
  const found = yield* store.list(
    states.includes("DAMAGED") ? filter : { ...filter, states: states.flatMap(statesOf) }
  )
  return found.filter((info) => states.includes(ChainStanding.word(info))).slice(0, limit + 1)
})

const statesOf = (word: ChainStanding.Word): ReadonlyArray<JobState> =>
  word === "CRASHED" ? ["RUNNING"] : word === "DAMAGED" ? [] : [word]

const took = (now: number): ChainTable.Column => ({
  head: "TOOK",
  cell: (info) => {
    const end = info.finishedAt ?? (info.owner === undefined ? undefined : now)
    return end === undefined ? "-" : Times.span(end - (info.startedAt ?? info.createdAt))
  }
})

const process: ChainTable.Column = {
  head: "PROCESS",
  cell: ({ isStopRequested, owner }) =>
    `${owner === undefined ? "-" : `${owner.pid} on ${owner.host}`}${isStopRequested ? ", to be stopped" : ""}`
}
