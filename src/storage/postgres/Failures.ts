/**
 * What a failure of PostgreSQL means: whether waiting helps, and whether it may have come after the commit.
 *
 * @since 0.1.0
 */
import { AuthenticationError, ConnectionError, SqlError } from "effect/sql/SqlError"
import type { Failure, Wait } from "../Patience.ts"
import * as DatabaseUrl from "./DatabaseUrl.ts"

/** Returns the server's code, https://www.postgresql.org/docs/current/errcodes-appendix.html; empty where it said nothing. */
export const sqlState = (error: SqlError): string => {
  const { cause } = error.reason
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) ? code : ""
}

/** Answers whether the connection is gone: what was under way may or may not have been done. */
export const isConnectionLost = (error: SqlError): boolean =>
  error.reason._tag === "ConnectionError" || endings.has(sqlState(error))

/** The server ends the session: it shuts down, has crashed, does not start yet, or waited for us for too long. */
const endings: ReadonlySet<string> = new Set(["57P01", "57P02", "57P03", "57P05", "25P03", "25P04"])

/** Says of which database it could not be opened, and why. */
export const openError = (url: string, error: SqlError): SqlError => {
  const { cause, operation } = error.reason
  const message = `cannot open database ${JSON.stringify(DatabaseUrl.withoutPassword(url))}: ${reasonOf(error)}`
  const Reason = error.reason._tag === "AuthenticationError" ? AuthenticationError : ConnectionError
  return new SqlError({ reason: new Reason({ cause, operation, message }) })
}

const reasonOf = ({ reason }: SqlError): string => reason.cause instanceof Error ? reason.cause.message : reason.message

export const failureOf = (error: SqlError): Failure => {
  const code = sqlState(error)
  return {
    reason: code === "" ? reasonOf(error) : `${reasonOf(error)} (${code})`,
    wait: isConnectionLost(error) ? forServer : waits[code]
  }
}

// A restart takes seconds.
const forServer: Wait = { firstMillis: 20, millisMax: 2000, triesMax: Number.POSITIVE_INFINITY }
const forSpace: Wait = { firstMillis: 100, millisMax: 30_000, triesMax: Number.POSITIVE_INFINITY }
// Somebody else came in between, and will not do so for ever.
const forOthers: Wait = { firstMillis: 1, millisMax: 2000, triesMax: Number.POSITIVE_INFINITY }
// Two were about to write the same: one who looks again finds what the other wrote.
const forFirst: Wait = { firstMillis: 1, millisMax: 100, triesMax: 4 }

const waits: Readonly<Record<string, Wait>> = {
  "53000": forSpace,
  "53100": forSpace,
  "53200": forSpace,
  "53300": forSpace,
  "40001": forOthers,
  "40P01": forOthers,
  "55P03": forOthers,
  "57014": { ...forSpace, triesMax: 8 },
  // Statements that the session had prepared are no longer so; they are prepared again.
  "0A000": forFirst,
  "25P02": forFirst,
  "26000": forFirst,
  "23505": forFirst
}
