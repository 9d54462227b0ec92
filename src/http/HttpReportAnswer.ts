/**
 * What a Request Manager's HTTP answer to a report means: delivered, to be said again, or refused.
 *
 * The reference (spincycle request-manager) answers 500 to nearly everything that it does not like, passing trouble and what will
 * never be right alike, so its message has to be read as well. What is not known for sure is said again: a wrong address, a
 * proxy or a missing permission can be mended, and a report that is set aside is not delivered.
 *
 * @since 0.1.0
 */
import type { JobState } from "../domain/JobState.ts"
import { delivered, refused, type Report, type ReportAnswer, retry } from "../engine/ReportDelivery.ts"

/** An answer as it came. */
export interface HttpAnswer {
  readonly status: number
  /** The message of an error, else the text of the body. */
  readonly message: string
}

/** Says what an answer to a report means. */
export const answerOf = (report: Report, { message, status }: HttpAnswer): ReportAnswer => {
  if (status >= 200 && status < 300) return delivered
  const reason = `${status} ${message}`.trim()
  const state = requestState.exec(message)?.[1]
  if (state !== undefined) return ofState(report, state, reason)
  if (report.kind === "job log" && duplicateLog.test(message)) return delivered
  const isRefused = refusals.has(status) || (status === 404 && unknownRequest.test(message)) ||
    tooLarge.test(message) || permanentFaults.has(mysqlError.exec(message)?.[1] ?? "")
  return isRefused ? refused(reason) : retry(reason)
}

// Go: "request in state FAIL, expected state RUNNING"; a RequestStateConflict: "request x is in state FAIL, expected …".
const requestState = /\bin state ([A-Z]+), expected state/
const duplicateLog = /^Error 1062\b.*Duplicate entry/
const unknownRequest = /^request \S* ?not found$/
const mysqlError = /^Error (\d{4})\b/
const tooLarge = /^packet for query is too large/

/** Statuses that say that the report itself is wrong, whoever answers: its form, its size, its type, what it says. */
const refusals: ReadonlySet<number> = new Set([400, 409, 413, 415, 422])

/**
 * Errors of MySQL that the same row gets every time, https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html: NULL
 * where it may not be, a packet or a value too large, out of range, of the wrong kind, or without the row it refers to.
 */
const permanentFaults: ReadonlySet<string> = new Set(["1048", "1153", "1264", "1292", "1366", "1406", "1452"])

/** The request is in a state in which it does not take such a report. */
const ofState = (report: Report, state: string, reason: string): ReportAnswer => {
  if (report.kind === "final state" && state === report.body.state) return delivered
  if (report.kind === "suspended chain" && state === "SUSPENDED") return delivered
  // Not yet RUNNING, or not again: the Request Manager notes it after the Job Runner has the chain.
  return notRunning.has(state) ? retry(reason) : refused(reason)
}

const notRunning: ReadonlySet<string> = new Set<JobState>(["PENDING", "SUSPENDED"])
