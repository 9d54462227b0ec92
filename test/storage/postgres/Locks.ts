/**
 * Locks that a test holds, and what waits for them.
 */
import type { Effect } from "effect"
import * as Sql from "../../../src/storage/Sql.ts"
import type { Transactions } from "../../../src/storage/Tables.ts"
import * as TestSchema from "./TestSchema.ts"

/** Holds an advisory lock until it is released, so that whoever asks for it waits; returns the id of the holder's backend. */
export const hold = (transactions: Transactions, lock: number): Effect.Effect<number> =>
  transactions.write(function*() {
    yield* Sql.get("SELECT pg_advisory_lock(?)", lock)
    const holder = yield* Sql.get<{ readonly pid: number }>("SELECT pg_backend_pid() AS pid")
    return holder?.pid ?? 0
  })

export const release = (transactions: Transactions): Effect.Effect<unknown> =>
  transactions.write(() => Sql.get("SELECT pg_advisory_unlock_all()"))

/** Waits until a statement like this one waits for a lock. */
export const waitFor = (url: string, statement: string): Effect.Effect<void> =>
  TestSchema.exec(
    url,
    `DO $$ BEGIN
      WHILE NOT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '${statement}') LOOP
        PERFORM pg_stat_clear_snapshot();
      END LOOP;
    END $$`
  )
