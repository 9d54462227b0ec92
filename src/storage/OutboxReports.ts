/**
 * Makes the report that a row of the outbox stands for, from the rows of its chain.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Chain from "../domain/Chain.ts"
import * as JobState from "../domain/JobState.ts"
import type { Report } from "../engine/ReportDelivery.ts"
import * as ChainRow from "./ChainRow.ts"
import { DamagedRow } from "./DamagedRow.ts"
import * as LogRows from "./LogRows.ts"
import type { Waiting } from "./OutboxRows.ts"
import * as Sql from "./Sql.ts"
import * as StoredChain from "./StoredChain.ts"
import type { Tables } from "./Tables.ts"

interface RequestRow extends ChainRow.ChainRow {
  readonly requestId: string
}

/** Reads a report; `undefined` where its chain has gone. */
export const load = Effect.fnUntraced(function*(
  tables: Tables["Service"],
  chain: number,
  waiting: Waiting
): Effect.fn.Return<Report | undefined, DamagedRow> {
  const { log, request } = yield* tables.read(function*() {
    const request = yield* Sql.get<RequestRow>(
      `SELECT c.request_id AS "requestId", ${ChainRow.selected}
       FROM jobchain_chains c WHERE c.number = ? AND c.request_id IS NOT NULL`,
      chain
    )
    const { jobId, kind, try: jobTry } = waiting
    return { request, log: kind === "job log" ? yield* LogRows.selectTry(chain, jobId ?? "", jobTry ?? 0) : undefined }
  })
  if (request === undefined) return undefined
  const { finishedAt, finishedJobs, hasFanOuts, requestId, state, totalJobs } = request
  const counts = { finishedJobs, ...(hasFanOuts === 1 && { totalJobs }) }
  const { kind } = waiting
  switch (kind) {
    case "job log": {
      if (log !== undefined) return { kind, body: yield* StoredChain.decoding(() => LogRows.logOf(log, requestId)) }
      const jobId = waiting.jobId ?? ""
      const reason = `the log of try ${waiting.try} is not there`
      return yield* new DamagedRow({ table: "jobchain_job_logs", requestId, jobId, reason })
    }
    case "progress":
      yield* whole(request)
      return { kind, body: { requestId, ...counts } }
    case "final state":
      yield* whole(request)
      return { kind, body: { requestId, state: JobState.fromCode(state), finishedAt: finishedAt ?? 0, ...counts } }
    case "suspended chain": {
      const stored = yield* StoredChain.load(tables, { requestId, number: chain })
      return stored === undefined ? undefined : { kind, body: Chain.toSuspended(stored.chain) }
    }
    default: {
      const reason = `${String(kind satisfies never)} is no kind of report`
      return yield* new DamagedRow({ table: "jobchain_outbox", requestId, reason })
    }
  }
})

const whole = (request: RequestRow) => StoredChain.decoding(() => ChainRow.check(request, request.requestId))
