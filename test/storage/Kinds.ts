/**
 * The kinds of stores on which the engine's tests run: one store for all tests of a file, and every chain in it alone.
 */
import { Effect, Layer, type Scope } from "effect"
import { inject } from "vitest"
import type { SuspendedJobChain } from "../../src/domain/JobChain.ts"
import type { JobLog } from "../../src/domain/JobLog.ts"
import { ChainRepo } from "../../src/engine/ChainRepo.ts"
import type { Traverser } from "../../src/engine/Traverser.ts"
import type { TraverserFactory } from "../../src/engine/TraverserFactory.ts"
import type { ChainStatus } from "../../src/storage/ChainStore.ts"
import type { Rig } from "../../src/testing/Rig.ts"
import * as TestStore from "./TestStore.ts"

export interface Kind {
  readonly name: string
  /** How many random chains are enough. */
  readonly runs: number
  readonly open: Effect.Effect<Opened, never, Scope.Scope>
}

export interface Opened {
  /** Its repo, whose calls the rig counts. It leaves the reports to the engine, so that a test sees them. */
  readonly repo: (rig: Rig) => Layer.Layer<ChainRepo>
  readonly resume: (
    factory: TraverserFactory["Service"],
    suspended: SuspendedJobChain
  ) => Effect.Effect<Traverser, unknown>
  /** Returns what it has kept of a chain that is over, where it keeps anything, and forgets the chain. */
  readonly take: (requestId: string) => Effect.Effect<Kept | undefined>
}

export interface Kept {
  readonly status: ChainStatus
  readonly logs: ReadonlyArray<JobLog>
}

const memory: Kind = {
  name: "in memory",
  runs: 1000,
  open: Effect.succeed({
    repo: () => ChainRepo.layerMemory,
    resume: (factory, suspended) =>
      factory.makeFromSuspended(JSON.parse(JSON.stringify(suspended)) as SuspendedJobChain),
    take: () => Effect.undefined
  })
}

const inDatabase = (name: string): Kind => ({
  name,
  runs: 100,
  open: Effect.map(Effect.orDie(TestStore.make()), (store) => ({
    repo: (rig) => {
      const { repo } = store
      return Layer.succeed(ChainRepo, {
        ...repo,
        keepsReports: false,
        add: (chain) => rig.count(repo.add(chain)),
        set: (checkpoint) => rig.count(repo.set(checkpoint)),
        remove: (requestId) => rig.count(repo.remove(requestId))
      })
    },
    resume: (factory, { requestId }) =>
      Effect.flatMap(
        store.store.claim(requestId ?? ""),
        ({ chain, resumption }) => factory.makeFromChain(chain, resumption)
      ),
    take: (requestId) =>
      Effect.gen(function*() {
        const kept = { status: yield* store.store.status(requestId), logs: yield* store.store.logs(requestId) }
        yield* store.exec("UPDATE jobchain_chains SET request_id = NULL WHERE request_id = ?", requestId)
        return kept
      }).pipe(Effect.orDie)
  }))
})

/** All kinds that need no server, or the one that does. */
export const kinds: ReadonlyArray<Kind> = inject("postgresUrl") === undefined
  ? [memory, inDatabase("in SQLite")]
  : [inDatabase("in PostgreSQL")]
