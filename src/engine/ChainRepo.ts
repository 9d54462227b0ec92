/**
 * The chains that are running, by request id: what keeps one process from running a chain twice, and a durable one from
 * losing it.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Chain from "../domain/Chain.ts"
import type { SuspendedJobChain } from "../domain/JobChain.ts"
import type { Checkpoint } from "./Checkpoint.ts"

/** A chain of this request is there already. */
export class ChainConflict extends Schema.TaggedError<ChainConflict>()("ChainConflict", { requestId: Schema.String }) {
  override get message(): string {
    return `A chain of request "${this.requestId}" is running already`
  }
}

/** No chain of this request is there. */
export class ChainNotFound extends Schema.TaggedError<ChainNotFound>()("ChainNotFound", { requestId: Schema.String }) {
  override get message(): string {
    return `No chain of request "${this.requestId}" is running`
  }
}

/** A removal took more than one entry: the store held the request more than once. They are gone. */
export class MultipleChainsDeleted extends Schema.TaggedError<MultipleChainsDeleted>()("MultipleChainsDeleted", {
  requestId: Schema.String,
  count: Schema.Number
}) {
  override get message(): string {
    return `${this.count} chains of request "${this.requestId}" were removed, expected one`
  }
}

export class ChainRepo extends Context.Service<ChainRepo, {
  /**
   * Whether `set` also keeps the reports in a checkpoint, to be delivered by the repo's own means. Where it does not, the
   * engine sends them after `set`.
   */
  readonly keepsReports: boolean
  /** Takes a chain into the repo before it runs; from then on its `set` follows what its owner does. */
  readonly add: (chain: Chain.Chain) => Effect.Effect<void, ChainConflict>
  /** Returns a snapshot. */
  readonly get: (requestId: string) => Effect.Effect<SuspendedJobChain, ChainNotFound>
  /** Keeps what has changed; is over when that is as durable as the layer promises. */
  readonly set: (checkpoint: Checkpoint) => Effect.Effect<void>
  /** Removes a chain that is over; removing one that is not there is no error. */
  readonly remove: (requestId: string) => Effect.Effect<void, MultipleChainsDeleted>
  /** Returns a snapshot of every chain. */
  readonly getAll: Effect.Effect<ReadonlyArray<SuspendedJobChain>>
}>()("jobchain/ChainRepo") {
  /** Keeps chains in memory; a snapshot is taken when someone asks. */
  static readonly layerMemory: Layer.Layer<ChainRepo> = Layer.sync(ChainRepo, () => {
    const chains = new Map<string, Chain.Chain>()
    return {
      keepsReports: false,
      add: (chain) =>
        Effect.suspend(() => {
          if (chains.has(chain.requestId)) return Effect.fail(new ChainConflict({ requestId: chain.requestId }))
          chains.set(chain.requestId, chain)
          return Effect.void
        }),
      get: (requestId) =>
        Effect.suspend(() => {
          const chain = chains.get(requestId)
          return chain === undefined
            ? Effect.fail(new ChainNotFound({ requestId }))
            : Effect.succeed(Chain.toSuspended(chain))
        }),
      // The chain itself is here, and a snapshot reads it: there is nothing to keep beside it.
      set: () => Effect.void,
      remove: (requestId) => Effect.sync(() => void chains.delete(requestId)),
      getAll: Effect.sync(() => Array.from(chains.values(), Chain.toSuspended))
    }
  })
}
