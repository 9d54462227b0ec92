/**
 * Chains that have ended and are to go on: what failed, and what depends on it, is tried again under the same request.
 *
 * A chain that was FAIL or STOPPED becomes a suspended one, to be claimed like any other. Its logs stay, and its tries are
 * counted on.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as JobState from "../domain/JobState.ts"
import * as Progress from "../domain/Progress.ts"
import * as Retry from "../domain/Retry.ts"
import * as ChainProgress from "./ChainProgress.ts"
import * as ChainRow from "./ChainRow.ts"
import * as Claim from "./Claim.ts"
import type { DamagedRow } from "./DamagedRow.ts"
import * as NewChain from "./NewChain.ts"
import * as OutboxRows from "./OutboxRows.ts"
import type { Ownership } from "./Ownership.ts"
import * as RecordRows from "./RecordRows.ts"
import * as Sql from "./Sql.ts"
import * as StoredChain from "./StoredChain.ts"
import type { Tables } from "./Tables.ts"

/** The chain has not ended, and so cannot be tried again: a suspended one is resumed. */
export class ChainNotEnded extends Schema.TaggedError<ChainNotEnded>()("ChainNotEnded", {
  requestId: Schema.String,
  state: JobState.JobState
}) {
  override get message(): string {
    return `The chain of request "${this.requestId}" has not ended: it is ${this.state}`
  }
}

/** Why a chain cannot be tried again. */
export type Refusal = Claim.ChainNotStored | Claim.ChainOwned | ChainNotEnded | Retry.NothingToRetry

/** Returns what a retry would run, and changes nothing. */
export const preview = (
  tables: Tables["Service"],
  ownership: Ownership["Service"],
  requestId: string
): Effect.Effect<Retry.Retry, Refusal | DamagedRow> =>
  Effect.map(rewound(tables, ownership, requestId), ({ chain, jobs }) => Retry.of(chain, jobs))

/** Makes a chain that has ended one to be claimed; returns what will run. */
export const retry = Effect.fnUntraced(function*(
  tables: Tables["Service"],
  ownership: Ownership["Service"],
  requestId: string
): Effect.fn.Return<Retry.Retry, Refusal | DamagedRow> {
  const { chain, jobs, number, records } = yield* rewound(tables, ownership, requestId)
  const changes = changesOf(chain, records, jobs.keys())
  const refusal = yield* tables.write(function*() {
    const present = yield* NewChain.lock(requestId)
    // Somebody else may have been quicker.
    const refusal = refusalOf(present, requestId, ownership)
    if (refusal !== undefined || present?.number !== number) return refusal ?? new Claim.ChainNotStored({ requestId })
    yield* ChainProgress.change(number, {
      state: JobState.SUSPENDED,
      chainState: JobState.SUSPENDED,
      finishedJobs: chain.finishedJobs,
      completeJobs: chain.finishedJobs,
      elapsed: 0,
      closedAt: null,
      finishedAt: null
    })
    yield* Sql.run("UPDATE jobchain_chains SET stop_requested = 0 WHERE number = ?", number)
    yield* Sql.writeRows(...RecordRows.upsert(number, changes))
    yield* OutboxRows.deleteOutcome(number)
    return undefined
  })
  return refusal === undefined ? Retry.of(chain, jobs) : yield* refusal
})

const rewound = Effect.fnUntraced(function*(
  tables: Tables["Service"],
  ownership: Ownership["Service"],
  requestId: string
) {
  const present = yield* tables.read(() => NewChain.select(requestId))
  const refusal = refusalOf(present, requestId, ownership)
  if (present === undefined || refusal !== undefined) return yield* refusal ?? new Claim.ChainNotStored({ requestId })
  const stored = yield* StoredChain.load(tables, { requestId, number: present.number })
  if (stored === undefined) return yield* new Claim.ChainNotStored({ requestId })
  if (Progress.isComplete(stored.chain)) return yield* new Retry.NothingToRetry({ requestId })
  return { ...stored, jobs: Retry.rewind(stored.chain), number: present.number }
})

/** The rows that are not as they are to be. Sequences and jobs beside the rewound ones may have changed, too. */
const changesOf = (
  chain: Progress.Chain,
  records: ReadonlyArray<RecordRows.RecordRow>,
  rewound: Iterable<number>
): ReadonlyArray<RecordRows.RecordChange> => {
  const rows = new Map(records.map((row) => [row.job, row]))
  return Array.from(
    new Set([...rows.keys(), ...rewound]),
    (job) => RecordRows.changeOf(chain, job, { waitUntil: null, crashes: "none" })
  ).filter((change) => RecordRows.differs(rows.get(change.job), change))
}

const refusalOf = (
  row: NewChain.Present | undefined,
  requestId: string,
  { livingOwner }: Ownership["Service"]
): Refusal | DamagedRow | undefined => {
  if (row === undefined) return new Claim.ChainNotStored({ requestId })
  const damage = ChainRow.damageOf(row, requestId)
  if (damage !== undefined) return damage
  const owner = livingOwner(row)
  if (owner !== undefined) return new Claim.ChainOwned({ requestId, owner })
  const state = JobState.fromCode(row.state)
  if (state === "COMPLETE") return new Retry.NothingToRetry({ requestId })
  return Claim.isEnded(state) ? undefined : new ChainNotEnded({ requestId, state })
}
