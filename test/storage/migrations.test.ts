/**
 * A database of every earlier version of the program is brought up to date, with what is in it.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Migrations from "../../src/storage/Migrations.ts"
import * as AnyStore from "./AnyStore.ts"
import * as TestStore from "./TestStore.ts"

/** A chain `a -> b` whose process died in `b`, as the first version has kept it. */
const stored = [
  `INSERT INTO jobchain_chains (request_id, state, chain_state, total_jobs, finished_jobs, wire, name, type, user_name, args,
     is_request, has_begun, owner, stop_requested, created_at, started_at)
   VALUES ('old', 2, 2, 2, 1, '{"requestId":"old","state":1,"jobs":{},"adjacencyList":{}}', '', '', '', '{}', 0, 1, 'gone', 0,
     1000, 1000)`,
  `INSERT INTO jobchain_jobs (chain, job, id, spec, next) VALUES
     (1, 0, 'a', '{"id":"a","name":"a","type":"noop","state":1}', '["b"]'),
     (1, 1, 'b', '{"id":"b","name":"b","type":"noop","state":1}', NULL)`,
  `INSERT INTO jobchain_records (chain, job, state, latest_tries, total_tries, sequence_tries, completion, is_rewinding, writes,
     crashes) VALUES (1, 0, 3, 1, 1, 0, 1, 0, '{"by":"a"}', 0), (1, 1, 2, 1, 1, 0, 0, 0, NULL, 0)`,
  `INSERT INTO jobchain_job_logs (chain, job_id, try, name, type, started_at, finished_at, state, exit, error, stdout, stderr)
   VALUES (1, 'a', 1, 'a', 'noop', 1, 2.5, 3, 0, '', 'out', '')`
]

describe("a database of version", () => {
  for (let version = 1; version <= Migrations.known; version++) {
    it.effect(`${version} is brought up to date, and its chains go on`, () =>
      Effect.scoped(Effect.gen(function*() {
        const database = yield* TestStore.database
        yield* AnyStore.execute(database, Migrations.runTo(version))
        yield* AnyStore.execute(database, AnyStore.statements(stored))
        const { store } = yield* TestStore.open(database)
        const [log] = yield* store.logs("old")
        assert.deepInclude(log, { jobId: "a", finishedAt: 2.5, stdout: "out" })
        const { chain, resumption } = yield* store.claim("old")
        assert.deepStrictEqual([Array.from(chain.states), resumption.recovered], [[3, 1], new Set(["b"])])
      })))
  }
})
