/**
 * A bare store in PostgreSQL, one commit for all that is ready: see `GroupFloor.ts`. A commit is one statement, whose parameters
 * are whole columns, and so one round trip.
 */
import * as PgConnection from "@effect/sql-pg/PgConnection"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import type { Contestant } from "../GraphWorkload.ts"
import * as Place from "../Place.ts"
import * as GroupFloor from "./GroupFloor.ts"

const { complete, running } = GroupFloor.states

export const contestant: Contestant = (workload) => GroupFloor.make(workload, open)

const tables = [
  "CREATE TABLE chains (number BIGINT PRIMARY KEY, state BIGINT NOT NULL)",
  "CREATE TABLE jobs (chain BIGINT NOT NULL, job BIGINT NOT NULL, state BIGINT NOT NULL, PRIMARY KEY (chain, job))"
]

const commitText = `WITH
  begun AS (INSERT INTO chains SELECT number, ${running} FROM unnest($1::bigint[]) AS given (number)),
  starting AS (
    INSERT INTO jobs SELECT chain, job, ${running} FROM unnest($2::bigint[], $3::bigint[]) AS given (chain, job)
  ),
  ended AS (
    UPDATE chains SET state = ${complete} FROM unnest($4::bigint[]) AS given (number)
    WHERE chains.number = given.number
  )
  UPDATE jobs SET state = ${complete} FROM unnest($5::bigint[], $6::bigint[]) AS given (chain, job)
  WHERE jobs.chain = given.chain AND jobs.job = given.job`

const open = async (): Promise<GroupFloor.Store> => {
  const place = await Place.postgres()
  const scope = Scope.makeUnsafe()
  const connection = await Effect.runPromise(
    Scope.provide(PgConnection.make({ url: Redacted.make(place.location) }), scope)
  )
  const query = (text: string, params: ReadonlyArray<unknown> = []) => Effect.runPromise(connection.query(text, params))
  const count = async (text: string): Promise<number> => Number((await query(text)).rows[0]?.["count"])
  for (const table of tables) await query(table)
  return {
    commit: async ({ begun, completed, ended, starting }) => {
      await query(commitText, [begun, ...columnsOf(starting), ended, ...columnsOf(completed)])
    },
    completed: async () => {
      const unfinished = await count(`SELECT count(*) AS count FROM chains WHERE state <> ${complete}`)
      if (unfinished > 0) throw new Error(`${unfinished} chains have not ended`)
      return count(`SELECT count(*) AS count FROM jobs WHERE state = ${complete}`)
    },
    close: async () => {
      await Effect.runPromise(Scope.close(scope, Exit.void))
      await place.remove()
    }
  }
}

const columnsOf = (jobs: ReadonlyArray<GroupFloor.Job>): ReadonlyArray<ReadonlyArray<number>> => [
  jobs.map(([chain]) => chain),
  jobs.map(([, job]) => job)
]
