/**
 * How a chain of the store stands, in words, for programs, and as a reason not to begin it anew or not to go on with it.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type { JobState } from "../domain/JobState.ts"
import type { StoredChainInfo } from "../storage/ChainList.ts"
import { ChainStore } from "../storage/ChainStore.ts"
import type { ChainEnded } from "../storage/Claim.ts"
import type { Owner } from "../storage/Ownership.ts"
import { BadInput } from "./BadInput.ts"
import * as StoreLocation from "./StoreLocation.ts"
import * as Times from "./Times.ts"

/** The states of chains as the command tells of them. */
export type Word = JobState | "CRASHED" | "DAMAGED"

/** Returns a chain's state; CRASHED for one whose process is gone, DAMAGED where what its row says may be wrong. */
export const word = ({ isCrashed, isDamaged, state }: StoredChainInfo): Word =>
  isDamaged ? "DAMAGED" : isCrashed ? "CRASHED" : state

/** Whether nothing more happens to a chain unless somebody resumes it. */
export const isAtRest = ({ owner }: StoredChainInfo): boolean => owner === undefined

/** Whether a chain can be resumed. */
export const isResumable = (info: StoredChainInfo): boolean =>
  !info.isDamaged && (info.isCrashed || (info.state === "SUSPENDED" && info.owner === undefined))

/** Names a process for people: its number, machine and start. */
export const named = ({ host, pid, since }: Owner): string =>
  `process ${pid} on ${host}, since ${Times.dateTime(since)}`

/** Returns a chain for programs. Times are ISO 8601. */
export const toJson = (info: StoredChainInfo) => ({
  requestId: info.requestId,
  name: info.name,
  state: info.state,
  isCrashed: info.isCrashed,
  isDamaged: info.isDamaged,
  isStopRequested: info.isStopRequested,
  owner: info.owner === undefined ? null : { ...info.owner, since: Times.iso(info.owner.since) },
  totalJobs: info.totalJobs,
  finishedJobs: info.finishedJobs,
  createdAt: Times.iso(info.createdAt),
  startedAt: Times.iso(info.startedAt),
  finishedAt: Times.iso(info.finishedAt)
})

/** Says why nothing goes on of a chain that has ended, and what can be done instead: many look for `retry`. */
export const whyNotOn = (
  { message, requestId, state }: ChainEnded,
  database: StoreLocation.Database
): Effect.Effect<never, BadInput> => {
  const retry = StoreLocation.command(database, "retry", requestId)
  const rest = state === "COMPLETE"
    ? ", and there is nothing left to go on with"
    : `. Try what is not complete again by "${retry}"`
  return Effect.fail(new BadInput({ message: message + rest }))
}

/** Says why a request that the store has cannot be begun anew, and what can be done instead. */
export const whyNotAnew = Effect.fnUntraced(function*(database: StoreLocation.Database, requestId: string) {
  const [info] = yield* (yield* ChainStore).list({ requestId })
  const where = `Request ${requestId} is in the store already`
  if (info === undefined) return new BadInput({ message: where })
  const command = (name: string) => StoreLocation.command(database, name, requestId)
  if (info.owner !== undefined) {
    return new BadInput({ message: `${where}: ${named(info.owner)}, runs it. Look at it by "${command("status")}"` })
  }
  const jobs = `${info.finishedJobs} of ${info.totalJobs} jobs complete`
  if (info.isDamaged) return new BadInput({ message: `${where}, and its row is damaged` })
  const message = isResumable(info)
    ? `${where}, ${word(info)} with ${jobs}. Go on with it by "${command("resume")}"`
    : `${where}: ${info.state} with ${jobs}. Look at it by "${command("status")}"`
  return new BadInput({ message })
})
