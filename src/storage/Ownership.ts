/**
 * Which process owns which chain: the lease of this process, and what it takes for another one to be living.
 *
 * Each process that opens the store has a row with a time until which it is certainly alive, and renews it long before.
 * A chain names its owner by that row's id, which no other start of a process ever has: it is the fencing token. Who wants to
 * write to a chain looks in the same transaction whether the chain is still its own, so that a process which was stopped,
 * frozen or had its clock set, and lost its chains to another one, writes nothing more to them.
 *
 * Leases run on the database's clock: that of the machine for SQLite, that of its server for PostgreSQL.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { randomUUID } from "node:crypto"
import { readFileSync, readlinkSync } from "node:fs"
import { hostname } from "node:os"
import { liveClock, onLiveClock, whileClosing } from "./Patience.ts"
import * as RowsStatement from "./RowsStatement.ts"
import * as Sql from "./Sql.ts"
import { Tables } from "./Tables.ts"

/** Schema for a process that has, or had, the store open. */
export const Owner = Schema.Struct({
  host: Schema.String,
  pid: Schema.Number,
  /** When it opened the store, in Unix milliseconds. */
  since: Schema.Number
})
export interface Owner extends Schema.Schema.Type<typeof Owner> {}

/** Another process has taken the chain over, because this one gave no sign of life; it writes nothing more to it. */
export class LeaseLost extends Schema.TaggedError<LeaseLost>()("LeaseLost", {
  requestId: Schema.String,
  /** Who has it now. */
  owner: Schema.optionalKey(Owner)
}) {
  override get message(): string {
    const by = this.owner === undefined
      ? "is no longer owned by this process"
      : `was taken over by ${named(this.owner)}`
    return `The chain of request "${this.requestId}" ${by}`
  }
}

/** Names a process for people. */
export const named = ({ host, pid, since }: Owner): string =>
  `process ${pid} on ${host}, started ${new Date(since).toISOString()}`

/** The part of a row that says who owns a chain, all `null` where there is no such process any more. */
export interface OwnerRow {
  readonly owner: string | null
  readonly host: string | null
  readonly machine: string | null
  readonly pid: number | null
  readonly since: number | null
  readonly aliveUntil: number | null
  /** 1 while its lease runs. */
  readonly isAlive: number | null
}

/** Selects an `OwnerRow`, from chains `c` joined with `ownerJoin`. */
export const ownerColumns = `c.owner, o.host, o.machine, o.pid, o.started_at AS since, o.alive_until AS "aliveUntil",
  CASE WHEN o.alive_until >= jobchain_now() THEN 1 END AS "isAlive"`
export const ownerJoin = "LEFT JOIN jobchain_owners o ON o.id = c.owner"

/** A chain by its request and its number in the store. */
export interface ChainKey {
  readonly requestId: string
  readonly number: number
}

/** Finds chains where they belong to an owner, and keeps others from taking them over. */
export const guardOf = (owner: string, chains: Iterable<number>): Sql.ReadRows =>
  Sql.keysFor(lockOfOwner, Array.from(chains, (number) => [number, owner]))

const lockOfOwner = RowsStatement.lock({
  table: "jobchain_chains",
  alias: "c",
  columns: "c.number",
  key: { number: "integer", owner: "text" }
})

/**
 * Returns, by the chain's number, what keeps `owner` from writing to those that it does not own any more; nobody takes over the
 * others until the transaction ends.
 */
export function* lockOwned(owner: string, chains: Iterable<ChainKey>): Sql.Script<ReadonlyMap<number, LeaseLost>> {
  const requestIds = new Map<number, string>()
  for (const { number, requestId } of chains) requestIds.set(number, requestId)
  const owned = yield* Sql.readRows<{ readonly number: number }>(guardOf(owner, requestIds.keys()))
  for (const { number } of owned) requestIds.delete(number)
  const lost = new Map<number, LeaseLost>()
  for (const [number, requestId] of requestIds) lost.set(number, yield* leaseLost(number, requestId))
  return lost
}

function* leaseLost(chain: number, requestId: string): Sql.Script<LeaseLost> {
  const row = yield* Sql.get<OwnerRow>(
    `SELECT ${ownerColumns} FROM jobchain_chains c ${ownerJoin} WHERE c.number = ?`,
    chain
  )
  const owner = row === undefined ? undefined : ownerOf(row)
  return new LeaseLost({ requestId, ...(owner === undefined ? {} : { owner }) })
}

/** A chain that this process owns. */
export interface OwnedChain {
  readonly requestId: string
  /** Its number in the store; 0 while it is being added. */
  number: number
  /** Whether the engine has it, or only `ChainStore.claim` has taken it. */
  isRunning: boolean
  /** Whether it is known that another process has taken it over. */
  isLost?: boolean
  /** Where it is reported to a remote Request Manager: the finished jobs of its last checkpoint. */
  reported?: { finishedJobs: number }
}

export class Ownership extends Context.Service<Ownership, {
  /** Unique to this start of this process. */
  readonly id: string
  /** By request id. What another process has taken over stays here until it is removed. */
  readonly chains: Map<string, OwnedChain>
  /** Returns the process that owns a chain, if it is living. */
  readonly livingOwner: (row: OwnerRow) => Owner | undefined
}>()("jobchain/storage/Ownership") {
  /** Takes part as an owner until the scope closes; what is then still owned, others may take over at once. */
  static readonly layerWith = (lease: Duration.Duration): Layer.Layer<Ownership, never, Tables> =>
    Layer.effect(Ownership, make(Duration.toMillis(lease)))
}

const make = Effect.fnUntraced(function*(leaseMillis: number) {
  const { urgent } = yield* Tables
  const since = liveClock.currentTimeMillisUnsafe()
  const self = { id: randomUUID(), host: hostname(), machine: machineName(), pid: process.pid, since }
  const renewal = urgent.write(() => renew(self, leaseMillis))
  yield* Effect.acquireRelease(
    renewal,
    () => whileClosing(urgent.write(() => Sql.run("DELETE FROM jobchain_owners WHERE id = ?", self.id)))
  )
  yield* renewal.pipe(
    Effect.schedule(Schedule.spaced(Duration.millis(leaseMillis / renewalsPerLease))),
    onLiveClock,
    Effect.forkScoped
  )
  return {
    id: self.id,
    chains: new Map<string, OwnedChain>(),
    livingOwner: (row: OwnerRow) => isLiving(row, self.machine) ? ownerOf(row) : undefined
  }
})

/** So that one renewal that comes late does not cost the lease. */
const renewalsPerLease = 3

interface Self {
  readonly id: string
  readonly host: string
  readonly machine: string
  readonly pid: number
  readonly since: number
}

/** The row may be gone: it was taken for that of a dead process, and cleared away. */
const renew = ({ host, id, machine, pid, since }: Self, leaseMillis: number): Sql.Script<void> =>
  Sql.run(
    `INSERT INTO jobchain_owners (id, host, machine, pid, started_at, alive_until)
     VALUES (?, ?, ?, ?, ?, jobchain_now() + ?)
     ON CONFLICT (id) DO UPDATE SET alive_until = excluded.alive_until`,
    id,
    host,
    machine,
    pid,
    since,
    leaseMillis
  )

/** Returns the process of a row that has one. */
export const ownerOf = ({ host, pid, since }: OwnerRow): Owner | undefined =>
  host === null || pid === null || since === null ? undefined : { host, pid, since }

const isLiving = ({ isAlive, machine, pid }: OwnerRow, here: string): boolean => {
  if (isAlive !== 1) return false
  // One that was killed on this machine need not be waited for.
  return pid === null || here === "" || machine !== here || isRunning(pid)
}

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: somebody else's, but there.
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false
  }
  return !isZombie(pid)
}

/** Answers whether a process has ended, and only waits for its parent to take notice. */
const isZombie = (pid: number): boolean => {
  if (process.platform !== "linux") return false
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
    // `pid (name) state …`, and the name may hold anything. X: it is just leaving.
    return /^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2))
  } catch {
    // It ended since, or `/proc` may not be read: whoever asks again will know.
    return false
  }
}

/** Names where a process id means the same as here: this boot of this machine, this container; empty where that is not known. */
const machineName = (): string => {
  if (process.platform !== "linux") return hostname()
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()
    return `${hostname()} ${boot} ${readlinkSync("/proc/self/ns/pid")}`
  } catch {
    return ""
  }
}
