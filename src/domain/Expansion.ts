/**
 * The expansion of a fan-out over a list that is known only at run time: its first job's data say the list.
 *
 * When the first job is COMPLETE, each item gets an instance of the template, between that job and the one right after it. It
 * is one step: a chain is never seen with one and without the other. When a sequence around is tried again, the jobs of the
 * instances go back to PENDING like all others; the first job then comes to a list again, perhaps another one, and
 *
 * ```
 *   an item was    is now    its instance
 *   in the list    in it     is used again, with the item as it is now
 *   in the list    not       leaves the chain
 *   not            in it     joins the chain, or comes back with its tries
 * ```
 *
 * No instance runs meanwhile, since all of them come after the first job.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as DataFlow from "./DataFlow.ts"
import * as Graph from "./Graph.ts"
import * as Growth from "./Growth.ts"
import * as Instance from "./Instance.ts"
import * as Items from "./Items.ts"
import type { Each, Job } from "./JobChain.ts"
import * as Progress from "./Progress.ts"
import * as Substitution from "./Substitution.ts"

type Chain = Progress.Chain
type NewJob = Instance.InstanceJob

/** A list that can be gone through. */
export interface Expansion {
  /** The index of the fan-out's first job. */
  readonly begin: number
  readonly mould: Instance.Mould
  readonly items: ReadonlyArray<Items.Item>
}

/** What an expansion has changed. */
export interface Expanded {
  readonly begin: number
  /** Jobs that are new, or of which the wire value or what comes right after them has changed; in the order of their indices. */
  readonly added: ReadonlyArray<number>
  /** Jobs that have come into the chain, and those that have left it. */
  readonly joined: ReadonlyArray<number>
  readonly left: ReadonlyArray<number>
}

/** They are made in one go, in which nothing else happens. */
export const jobsMax = 50_000

/** Returns the expansion that a fan-out's first job leads to with the data it has now, or what is wrong with its list. */
export const prepare = (chain: Chain, begin: number): Result.Result<Expansion, string> => {
  const { each } = chain.jobs[begin] as Job
  const { from, key } = each as Each
  const name = from ?? ""
  const list = Items.read(DataFlow.view(chain.data, begin)[name], key)
  if (Result.isFailure(list)) return Result.fail(explain(name, list.failure))
  const expansion = { begin, mould: mouldOf(chain, begin), items: list.success }
  const faults = [...areNotTooMany(expansion), ...haveFields(expansion), ...haveFreeIds(chain, expansion)]
  return faults.length > 0 ? Result.fail(explain(name, faults)) : Result.succeed(expansion)
}

/** Returns the expansion of a fan-out whose first job is skipped: to no instance. */
export const toNothing = (chain: Chain, begin: number): Expansion => ({
  begin,
  mould: mouldOf(chain, begin),
  items: []
})

const mouldOf = (chain: Chain, begin: number): Instance.Mould => {
  const { each } = chain.jobs[begin] as Job
  const id = chain.graph.ids[begin] as string
  return Instance.mould({ begin: id, variable: each?.as ?? "", template: each?.template ?? {} })
}

const faultsShown = 10

const explain = (name: string, faults: ReadonlyArray<Items.BadItem>): string => {
  const shown = faults.slice(0, faultsShown).map(({ message, place }) =>
    place === undefined ? message : `item ${place + 1}: ${message}`
  )
  const more = faults.length - shown.length
  return `the list "${name}" does not fit: ${shown.join("; ")}${more > 0 ? `; and ${more} more faults` : ""}`
}

const areNotTooMany = ({ items, mould: { graph } }: Expansion): ReadonlyArray<Items.BadItem> => {
  const jobs = items.length * graph.ids.length
  return jobs <= jobsMax ? [] : [{ place: undefined, message: `expected at most ${jobsMax} jobs in all, got ${jobs}` }]
}

const haveFields = ({ items, mould }: Expansion): ReadonlyArray<Items.BadItem> => {
  const fields = [...Instance.fieldsAsked(mould)]
  return items.flatMap(({ value }, place) =>
    fields.filter((field) => Substitution.lookUp(value, field) === undefined)
      .map((field) => ({ place, message: `it has no field "${field}", which args ask for` }))
  )
}

/** What has the id of an instance's job is one, unless somebody wrote such ids by hand. */
const haveFreeIds = (chain: Chain, { begin, items, mould }: Expansion): ReadonlyArray<Items.BadItem> => {
  const known = new Set(entriesOf(chain, begin))
  const first = mould.graph.ids[mould.first] as string
  return items.flatMap(({ key }, place) => {
    const entry = chain.graph.indexOf.get(Instance.idOf(mould.begin, key, first))
    if (entry !== undefined && known.has(entry)) return []
    const taken = mould.graph.ids.map((part) => Instance.idOf(mould.begin, key, part))
      .find((id) => chain.graph.indexOf.has(id))
    return taken === undefined ? [] : [{ place, message: `there is a job "${taken}" already` }]
  })
}

/** Expands a fan-out whose first job is COMPLETE. */
export const apply = (chain: Chain, expansion: Expansion): Expanded => {
  const { begin, items, mould } = expansion
  const entries = entriesOf(chain, begin)
  const end = endOf(chain, begin)
  const leaving = new Set(entries)
  const again: Array<NewJob> = []
  const fresh: Array<ReadonlyArray<NewJob>> = []
  for (const item of items) {
    const jobs = Instance.jobsOf(mould, item)
    const entry = chain.graph.indexOf.get(jobs[mould.first]?.id as string)
    if (entry === undefined) fresh.push(jobs)
    else {
      leaving.delete(entry)
      again.push(...jobs)
    }
  }
  const left = leave(chain, leaving, end)
  const used = again.map((job) => useAgain(chain, job))
  const added = append(chain, expansion, fresh, end)
  return {
    begin,
    added: [...(added.length > 0 ? [begin] : []), ...used.map(({ job }) => job), ...added].toSorted((a, b) => a - b),
    joined: [...used.filter(({ hasJoined }) => hasJoined).map(({ job }) => job), ...added],
    left
  }
}

/** The first jobs of the instances that a fan-out has had so far. */
const entriesOf = (chain: Chain, begin: number): ReadonlyArray<number> => nextOf(chain, begin, true)

const endOf = (chain: Chain, begin: number): number => nextOf(chain, begin, false)[0] as number

const nextOf = ({ graph: { next }, jobs }: Chain, begin: number, isEntry: boolean): ReadonlyArray<number> =>
  Array.from(Graph.neighbours(next, begin))
    .filter((job) => Boolean(jobs[job]?.item) === isEntry)

/** Takes instances out of the chain, with all that they have been expanded to themselves. */
const leave = (chain: Chain, entries: Iterable<number>, end: number): ReadonlyArray<number> => {
  const { ends, starts, targets } = chain.graph.next
  const left: Array<number> = []
  const open = [...entries]
  for (let job = open.pop(); job !== undefined; job = open.pop()) {
    if (job === end || !Progress.isPresent(chain, job)) continue
    Growth.leave(chain, job)
    left.push(job)
    for (let edge = Graph.at(starts, job); edge < Graph.at(ends, job); edge++) open.push(Graph.at(targets, edge))
  }
  return left
}

const useAgain = (chain: Chain, spec: NewJob) => {
  const job = chain.graph.indexOf.get(spec.id) as number
  const hasJoined = !Progress.isPresent(chain, job)
  chain.graph.jobs[job] = spec
  if (hasJoined) Growth.rejoin(chain, job)
  return { job, hasJoined }
}

const append = (
  chain: Chain,
  { begin, mould }: Expansion,
  instances: ReadonlyArray<ReadonlyArray<NewJob>>,
  end: number
): ReadonlyArray<number> => {
  const before = chain.jobs.length
  const size = mould.graph.ids.length
  const level = Graph.at(chain.graph.levels, begin) + 1
  const levels = Array.from(mould.graph.levels, (inside) => level + inside)
  const inside = Instance.edgesOf(mould)
  Growth.append(chain, {
    jobs: instances.flat(),
    levels: instances.flatMap(() => levels),
    edges: instances.flatMap((_, index) => {
      const start = before + index * size
      return [
        [begin, start + mould.first] as const,
        ...inside.map(([from, to]) => [start + from, start + to] as const),
        [start + mould.last, end] as const
      ]
    })
  })
  return Array.from({ length: chain.jobs.length - before }, (_, index) => before + index)
}
