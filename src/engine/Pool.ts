/**
 * What jobs of one type, or of one key, share: how many may run, how often they may start, and who waits for that.
 *
 * Chains come to it with the job they would start next. One that must wait leaves a ticket, and is woken when it is its turn:
 * higher priority first, then whoever came first. A ticket holds nothing; a chain that cannot use its turn gives it up.
 *
 * @since 0.1.0
 */

export interface Place {
  readonly priority: number
  /** Place in the order in which jobs came to wait, over all chains. */
  readonly arrival: number
}

/** What waits: the next job of one lane of one chain. */
export interface Ticket extends Place {
  /** A limit of its chain's own. */
  readonly most: number
  /** Tells the chain to look again. */
  readonly wake: () => void
}

interface Rate {
  readonly jobs: number
  readonly milliseconds: number
}

export class Pool {
  readonly name: string
  readonly jobs: number
  inUse = 0
  private readonly rate: Rate | undefined
  /** When the last jobs started, as many as the rate allows, oldest first; Unix milliseconds. */
  private readonly starts: Array<number> = []
  /** Whoever waits → its ticket. */
  private readonly tickets = new Map<object, Ticket>()

  constructor(name: string, jobs: number, rate: Rate | undefined) {
    this.name = name
    this.jobs = jobs
    this.rate = rate
  }

  /**
   * Returns whether a job may start now: `"yes"`, not while others run or are before it (`"later"`), or in so many
   * milliseconds at the earliest.
   */
  mayStart(waiter: object, ticket: Ticket, now: number): "yes" | "later" | number {
    if (this.inUse >= Math.min(this.jobs, ticket.most)) return "later"
    const wait = this.waitForRate(now)
    if (wait > 0) return wait
    return this.ahead(waiter, ticket) < Math.min(this.jobs - this.inUse, this.freeOfRate(now)) ? "yes" : "later"
  }

  /** A job starts. */
  acquire(waiter: object, now: number): void {
    this.tickets.delete(waiter)
    this.inUse++
    if (this.rate === undefined) return
    if (this.starts.length === this.rate.jobs) this.starts.shift()
    this.starts.push(now)
  }

  /** A job has ended. */
  release(): void {
    this.inUse--
    this.wakeNext()
  }

  /** Leaves a ticket, or another one instead of the last. */
  wait(waiter: object, ticket: Ticket): void {
    this.tickets.set(waiter, ticket)
  }

  /** Takes a ticket back; others may have waited behind it. */
  withdraw(waiter: object): void {
    if (this.tickets.delete(waiter)) this.wakeNext()
  }

  /** Wakes whoever is next, where a place is free. */
  wakeNext(): void {
    if (this.tickets.size === 0 || this.inUse >= this.jobs) return
    let next: Ticket | undefined
    for (const ticket of this.tickets.values()) {
      if (this.isUsable(ticket) && (next === undefined || isBefore(ticket, next))) next = ticket
    }
    next?.wake()
  }

  /** A chain that allows itself fewer keeps nobody else waiting. */
  private isUsable(ticket: Ticket): boolean {
    return this.inUse < ticket.most
  }

  private waitForRate(now: number): number {
    const { rate, starts } = this
    return rate === undefined || starts.length < rate.jobs ? 0 : (starts[0] as number) + rate.milliseconds - now
  }

  private freeOfRate(now: number): number {
    const { rate, starts } = this
    if (rate === undefined) return Number.POSITIVE_INFINITY
    return rate.jobs - starts.filter((start) => start > now - rate.milliseconds).length
  }

  private ahead(waiter: object, ticket: Ticket): number {
    let ahead = 0
    for (const [other, theirs] of this.tickets) {
      if (other !== waiter && this.isUsable(theirs) && isBefore(theirs, ticket)) ahead++
    }
    return ahead
  }
}

/** Whether one is to start before the other: by priority, then by who came first. */
export const isBefore = (one: Place, other: Place): boolean =>
  one.priority === other.priority ? one.arrival < other.arrival : one.priority > other.priority
