/**
 * A line with a lane for each combination of limits, for chains with priorities or limits.
 *
 * A lane that is full holds nobody up in the others. Of the jobs that may start, that of the highest priority is next, and of
 * those the one that came first. Which limits there are is in `Limits`, for the process, and in the chain.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { ChainLimits, Job } from "../domain/JobChain.ts"
import type { Chain } from "../domain/Progress.ts"
import type { ProcessLimits } from "./Limits.ts"
import { type JobLine, Line } from "./Line.ts"
import { isBefore, type Place, type Pool, type Ticket } from "./Pool.ts"
import type { Fork } from "./Reporter.ts"

/** What a line needs of the traversal it is part of. */
export interface Surroundings {
  readonly jobs: ReadonlyArray<Job>
  readonly limits: ChainLimits
  readonly process: ProcessLimits
  readonly clock: Clock.Clock
  /** Looks again: a limit may have become free. */
  readonly wake: () => void
  /** Looks again after so many milliseconds; the fiber is the timer. */
  readonly wakeAfter: (milliseconds: number) => Fiber.Fiber<unknown>
}

/** Returns the line of a chain: one with lanes where it, or the process, has limits. `wake` looks again at who may start. */
export const lineFor = (
  { hasPlaces, jobChain, jobs }: Chain,
  process: ProcessLimits,
  clock: Clock.Clock,
  fork: Fork,
  wake: () => void
): JobLine => {
  const limits = jobChain.limits ?? {}
  if (!hasPlaces && !limits.types && !process.limitsTypes) return new Line()
  const wakeAfter = (milliseconds: number) => fork(Effect.andThen(Effect.sleep(milliseconds), Effect.sync(wake)))
  return new LanedLine({ jobs, limits, process, clock, wake, wakeAfter })
}

export class LanedLine implements JobLine {
  private readonly around: Surroundings
  private readonly lanes = new Map<string, Lane>()
  /** Job → the lane it has a place in, while it runs. */
  private readonly admitted = new Map<number, Lane>()
  private readonly runningOfType = new Map<string, number>()

  constructor(around: Surroundings) {
    this.around = around
  }

  push(job: number): void {
    const { jobs, process } = this.around
    this.laneOf(job).push(job, jobs[job]?.priority ?? 0, process.nextArrival())
  }

  take(): number | undefined {
    return this.next()?.takeHead()
  }

  get hasNext(): boolean {
    return this.next() !== undefined
  }

  admit(job: number): void {
    const lane = this.laneOf(job)
    this.admitted.set(job, lane)
    this.countOfType(lane.type, 1)
    lane.acquire(this.around.clock.currentTimeMillisUnsafe())
  }

  release(job: number): void {
    const lane = this.admitted.get(job)
    if (lane === undefined) return
    this.admitted.delete(job)
    this.countOfType(lane.type, -1)
    for (const { pool } of lane.shares) pool.release()
  }

  reasonOf(job: number): string | undefined {
    return this.lanes.get(this.nameOf(job))?.blocked
  }

  standBack(): void {
    for (const lane of this.lanes.values()) lane.withdraw()
  }

  close(): void {
    this.standBack()
    for (const job of Array.from(this.admitted.keys())) this.release(job)
    this.lanes.clear()
  }

  /** The lane whose first job is next; leaves tickets for those that must wait. */
  private next(): Lane | undefined {
    const now = this.around.clock.currentTimeMillisUnsafe()
    let next: Lane | undefined
    for (const lane of this.lanes.values()) {
      const head = lane.head
      if (head === undefined) lane.withdraw()
      else if (this.isOpen(lane, head, now) && (next?.head === undefined || isBefore(head, next.head))) next = lane
    }
    return next
  }

  private isOpen(lane: Lane, head: Place, now: number): boolean {
    const most = this.around.limits.types?.[lane.type] ?? Number.POSITIVE_INFINITY
    if ((this.runningOfType.get(lane.type) ?? 0) < most) return lane.isOpen(head, now, this.around.wakeAfter)
    // What waits for its own chain is not to keep other chains waiting.
    lane.withdraw()
    lane.blocked = `${most} of type "${lane.type}" at once in this chain`
    return false
  }

  private countOfType(type: string, delta: number): void {
    this.runningOfType.set(type, (this.runningOfType.get(type) ?? 0) + delta)
  }

  private nameOf(job: number): string {
    const { concurrencyKey, type } = this.around.jobs[job] ?? {}
    return `${type ?? ""}\n${concurrencyKey ?? ""}`
  }

  private laneOf(job: number): Lane {
    const name = this.nameOf(job)
    const known = this.lanes.get(name)
    if (known !== undefined) return known
    const { jobs, limits, process, wake } = this.around
    const type = jobs[job]?.type ?? ""
    const key = jobs[job]?.concurrencyKey ?? ""
    const shares: Array<Share> = []
    const ofType = process.ofType(type)
    if (ofType !== undefined) shares.push({ pool: ofType, most: Number.POSITIVE_INFINITY })
    if (key !== "") shares.push({ pool: process.ofKey(key), most: limits.keys?.[key] ?? Number.POSITIVE_INFINITY })
    const lane = new Lane(type, shares, wake)
    this.lanes.set(name, lane)
    return lane
  }
}

interface Entry extends Place {
  readonly job: number
}

/** What the jobs of a lane share with others, and how many of all these may run for one of this chain to start. */
interface Share {
  readonly pool: Pool
  readonly most: number
}

/** Jobs that the same limits are for. */
class Lane {
  readonly type: string
  readonly shares: ReadonlyArray<Share>
  /** Which limit its first job waits for. */
  blocked: string | undefined = undefined
  private readonly wake: () => void
  /** Highest priority first; each first come, first served. */
  private readonly lines: Array<{ readonly priority: number; readonly entries: Array<Entry>; taken: number }> = []
  /** Looks at it again when its rate may allow it. */
  private timer: Fiber.Fiber<unknown> | undefined

  constructor(type: string, shares: ReadonlyArray<Share>, wake: () => void) {
    this.type = type
    this.shares = shares
    this.wake = wake
  }

  push(job: number, priority: number, arrival: number): void {
    let index = this.lines.findIndex((line) => line.priority <= priority)
    if (index < 0) index = this.lines.length
    if (this.lines[index]?.priority !== priority) this.lines.splice(index, 0, { priority, entries: [], taken: 0 })
    this.lines[index]?.entries.push({ job, priority, arrival })
  }

  get head(): Entry | undefined {
    const line = this.lines[0]
    return line?.entries[line.taken]
  }

  takeHead(): number | undefined {
    const line = this.lines[0]
    if (line === undefined) return undefined
    const entry = line.entries[line.taken++]
    if (line.taken === line.entries.length) this.lines.shift()
    return entry?.job
  }

  /** Whether no limit of the process is against its first job. Where one is, leaves a ticket there. */
  isOpen({ arrival, priority }: Place, now: number, wakeAfter: Surroundings["wakeAfter"]): boolean {
    for (const { most, pool } of this.shares) {
      const ticket: Ticket = { priority, arrival, most, wake: this.wake }
      const answer = pool.mayStart(this, ticket, now)
      if (answer === "yes") continue
      // It waits for one limit at a time, and must not stand in the way of others at the rest.
      for (const { pool: other } of this.shares) if (other !== pool) other.withdraw(this)
      pool.wait(this, ticket)
      this.blocked = answer === "later"
        ? `${pool.inUse} of ${pool.name} at once`
        : `as many of ${pool.name} have started as may for now`
      this.timer?.interruptUnsafe()
      this.timer = answer === "later" ? undefined : wakeAfter(answer)
      return false
    }
    this.blocked = undefined
    return true
  }

  acquire(now: number): void {
    for (const { pool } of this.shares) {
      pool.acquire(this, now)
      // There may be room for others too, who were woken in vain.
      pool.wakeNext()
    }
  }

  withdraw(): void {
    this.blocked = undefined
    this.timer?.interruptUnsafe()
    this.timer = undefined
    for (const { pool } of this.shares) pool.withdraw(this)
  }
}
