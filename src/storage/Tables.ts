/**
 * How the store reads and writes its tables, whichever database they are in: by scripts, each in a transaction of its own.
 *
 * A transaction that the database cannot take now (the disk is full, another process holds its lock, the server is away) waits
 * until it can; one that it never can, because the file is damaged or read-only, is a defect that says so. `SqliteTables` and
 * `PostgresTables` make it.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Sql from "./Sql.ts"

/** Ways to run a script in a transaction. */
export interface Transactions {
  /** Runs a script that writes about so many rows, few unless given. It may be run again, and so must change nothing else. */
  readonly write: <A>(script: () => Sql.Script<A>, rows?: number) => Effect.Effect<A>
  /** Runs a script that only reads, and sees all of it at one moment. */
  readonly read: <A>(script: () => Sql.Script<A>) => Effect.Effect<A>
}

export class Tables extends Context.Service<
  Tables,
  Transactions & {
    /**
     * Writes rows, of which none depends on another, in a transaction of their own where every key of `guard` finds a row, and
     * else nothing; returns whether it has. On a server that is one statement, and so one way to it and back.
     */
    readonly writeGuarded: (guard: Sql.ReadRows, writes: ReadonlyArray<Sql.WriteRows>) => Effect.Effect<boolean>
    /** For what must not wait behind bulk writes: leases, and requests to stop. */
    readonly urgent: Transactions
  }
>()("jobchain/storage/Tables") {}
