/**
 * How many instances of a fan-out are under way at once, where its first job says `parallel`.
 *
 * An instance takes a place when its first job gets in line, and keeps it, also while it waits for a further try, until none of its
 * jobs runs or could start any more: it is COMPLETE or has failed for good. Then the next one gets the place, in the order of
 * the list. So jobs of one instance end before those of a later one begin, which a limit on jobs would not do.
 *
 * An instance is named by the index of its first job, a fan-out by that of its own.
 *
 * @since 0.1.0
 */
import type { Expanded } from "../domain/Expansion.ts"
import { at, neighbours } from "../domain/Graph.ts"
import * as JobState from "../domain/JobState.ts"
import * as Progress from "../domain/Progress.ts"
import * as Sequences from "../domain/Sequences.ts"

interface FanOut {
  readonly begin: number
  readonly parallel: number
  readonly taken: Set<number>
  /** In the order in which they came. */
  readonly waiting: Set<number>
}

interface Instance {
  readonly fanOut: FanOut
  /** Its jobs, also those of fan-outs inside. */
  readonly jobs: Array<number>
  readonly last: number
  /** The instance of another fan-out with places that it is in. */
  readonly outer: Instance | undefined
  /** Whether a job of it may have failed: then a job that completes may be its last. */
  isDoubtful: boolean
}

export class Places {
  private readonly chain: Progress.Chain
  private readonly fanOuts = new Map<number, FanOut>()
  private readonly instances = new Map<number, Instance>()
  /** Job → the innermost instance it is in. */
  private readonly around = new Map<number, Instance>()
  /** How many jobs of the chain it knows. */
  private size: number

  constructor(chain: Progress.Chain) {
    this.chain = chain
    this.size = chain.jobs.length
    this.addFanOuts(chain.limitedFanOuts)
  }

  /** Gives places to the instances that were under way when the chain was suspended or cut off. */
  begin(): void {
    const { sequences, sequenceTries, states } = this.chain
    for (const [first, instance] of this.instances) {
      const isTriedAgain = Sequences.isFirst(sequences, first) && at(sequenceTries, first) > 0
      const hasBegun = states[first] !== JobState.PENDING || isTriedAgain
      if (hasBegun && this.isUnderWay(instance)) instance.fanOut.taken.add(first)
    }
  }

  /** Takes in the jobs that a fan-out was expanded to. */
  grow({ begin, joined }: Expanded): void {
    const isNew = new Set(joined.filter((job) => job >= this.size))
    this.size = this.chain.jobs.length
    const around = this.around.get(begin)
    if (around !== undefined) { for (const job of isNew) this.around.set(job, around) }
    for (let outer = around; outer !== undefined; outer = outer.outer) outer.jobs.push(...isNew)
    this.addFanOuts(this.chain.limitedFanOuts.filter((other) => other === begin || isNew.has(other)))
  }

  /** Returns whether a job may get in line: it is not the first of an instance, or its instance has a place or gets one. */
  admit(job: number): boolean {
    const instance = this.instances.get(job)
    if (instance === undefined || instance.fanOut.taken.has(job)) return true
    const { parallel, taken, waiting } = instance.fanOut
    if (taken.size >= parallel) {
      waiting.add(job)
      return false
    }
    waiting.delete(job)
    taken.add(job)
    return true
  }

  /** Takes note that a job is over. Returns the first jobs of instances for which there are places now. */
  jobOver(job: number): ReadonlyArray<number> {
    const isComplete = this.chain.states[job] === JobState.COMPLETE
    // None of its instances has begun in this try of the sequence around it.
    if (isComplete) this.empty(job)
    const next: Array<number> = []
    for (let instance = this.around.get(job); instance !== undefined; instance = instance.outer) {
      if (!isComplete) instance.isDoubtful = true
      if (instance.last !== job && !instance.isDoubtful) continue
      if (!this.isUnderWay(instance)) next.push(...this.leave(instance))
    }
    return next
  }

  /** Says for which places the first job of an instance waits; `undefined` where it waits for none. */
  reasonOf(job: number): string | undefined {
    const fanOut = this.instances.get(job)?.fanOut
    return fanOut?.waiting.has(job) === true
      ? `${fanOut.parallel} of "${this.chain.graph.ids[fanOut.begin]}" at once`
      : undefined
  }

  private empty(begin: number): void {
    const fanOut = this.fanOuts.get(begin)
    fanOut?.taken.clear()
    fanOut?.waiting.clear()
  }

  private leave({ fanOut: { parallel, taken, waiting }, jobs }: Instance): ReadonlyArray<number> {
    taken.delete(jobs[0] as number)
    const next: Array<number> = []
    for (const first of waiting) {
      if (next.length >= parallel - taken.size) break
      next.push(first)
    }
    return next
  }

  /** Whether a job of an instance runs or can start. A first job that has not begun can, too. */
  private isUnderWay(instance: Instance): boolean {
    const { chain } = this
    instance.isDoubtful = instance.jobs.some((job) => JobState.isFailure(at(chain.states, job)))
    return instance.jobs.some((job) => chain.states[job] === JobState.RUNNING || Progress.isRunnable(chain, job))
  }

  /** Outer ones first, so that the instance around a job is the innermost in the end. */
  private addFanOuts(begins: ReadonlyArray<number>): void {
    const { graph: { levels, next }, jobs } = this.chain
    for (const begin of begins.toSorted((left, right) => at(levels, left) - at(levels, right))) {
      const known = this.fanOuts.get(begin)
      const parallel = jobs[begin]?.parallel ?? 1
      const fanOut = known ?? { begin, parallel, taken: new Set(), waiting: new Set() }
      this.fanOuts.set(begin, fanOut)
      const after = neighbours(next, begin)
      const end = after.find((job) => !jobs[job]?.item)
      for (const first of after) if (first !== end && !this.instances.has(first)) this.add(fanOut, first, end)
    }
  }

  private add(fanOut: FanOut, first: number, end: number | undefined): void {
    const jobs = [first]
    const seen = new Set(jobs)
    let last = first
    for (let index = 0; index < jobs.length; index++) {
      const job = jobs[index] as number
      for (const next of neighbours(this.chain.graph.next, job)) {
        if (next === end) last = job
        else if (!seen.has(next)) {
          seen.add(next)
          jobs.push(next)
        }
      }
    }
    const instance = { fanOut, jobs, last, outer: this.around.get(fanOut.begin), isDoubtful: false }
    this.instances.set(first, instance)
    for (const job of jobs) this.around.set(job, instance)
  }
}
