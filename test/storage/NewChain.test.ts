import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import * as JobState from "../../src/domain/JobState.ts"
import * as NewChain from "../../src/storage/NewChain.ts"
import type * as Sql from "../../src/storage/Sql.ts"
import type { Transactions } from "../../src/storage/Tables.ts"
import { chainOf } from "../../src/testing/index.ts"
import * as TestStore from "./TestStore.ts"

interface Part {
  statements: number
  rows: number
}

/** Counts what each transaction that writes is made of. */
const counting = ({ read, write }: Transactions) => {
  const parts: Array<Part> = []
  const counted = <A>(script: () => Sql.Script<A>) =>
    function*(): Sql.Script<A> {
      const part = { statements: 0, rows: 0 }
      const running = script()
      let step = running.next()
      while (step.done !== true) {
        part.statements++
        if (step.value.kind === "writeRows") part.rows += step.value.rows.length
        step = running.next(yield step.value)
      }
      parts.push(part)
      return step.value
    }
  return { parts, transactions: { read, write: (script, rows) => write(counted(script), rows) } satisfies Transactions }
}

it.effect("a chain of 100,000 jobs comes into the store in small transactions of few statements", () =>
  Effect.scoped(Effect.gen(function*() {
    const store = yield* TestStore.make()
    const { parts, transactions } = counting(store.tables)
    const jobs = 100_000
    const jobChain = chainOf(Array.from({ length: jobs - 1 }, (_, job) => `j${job} -> j${job + 1}`).join("\n"))
    yield* NewChain.insert(transactions, {
      requestId: jobChain.requestId ?? "",
      jobChain,
      state: "RUNNING",
      chainState: JobState.PENDING,
      elapsed: 0,
      finishedJobs: 0,
      records: [],
      signals: [],
      formerTries: new Map(),
      request: undefined,
      hasBegun: false,
      writer: store.id,
      isOwned: true,
      isReported: false,
      createdAt: 0,
      startedAt: 0
    }, () => false)
    assert.strictEqual(yield* store.rows("jobs"), jobs)
    assert.strictEqual(parts.length, jobs / 500)
    assert.strictEqual(Math.max(...parts.map(({ rows }) => rows)), 500)
    assert.isAtMost(Math.max(...parts.map(({ statements }) => statements)), 5)
    // None of them grows with the chain, but for the first and the last there is nothing besides the rows.
    assert.isTrue(parts.slice(1, -1).every(({ statements }) => statements === 1))
  })))
