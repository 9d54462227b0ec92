/**
 * What the jobs of a chain do with job data, as far as their types, their conditions and their lists say. What is absent is not
 * known: such a job may read or set anything. Of jobs that lists bring which are not known yet, see `Specimen`.
 *
 * @since 0.1.0
 */
import type { Graph } from "./Graph.ts"
import type { Job } from "./JobChain.ts"
import * as Sequences from "./Sequences.ts"

/** What a job type says of its data. */
export interface TypeKeys {
  /** Keys that must be there when it starts. */
  readonly needs?: ReadonlyArray<string>
  /** Keys that it looks at, those it needs among them. */
  readonly reads?: ReadonlyArray<string>
  readonly sets?: ReadonlyArray<string>
}

/** What the text of a condition says of the data it looks at. */
export interface ConditionKeys {
  /** Keys that it takes without asking whether they are there. */
  readonly needs: ReadonlyArray<string>
  /** All keys that it looks at. */
  readonly reads: ReadonlyArray<string>
}

/** Who knows what types and conditions say. */
export interface Sources {
  readonly keysOf: (type: string) => TypeKeys | undefined
  /** Without it, a condition may look at anything. */
  readonly keysOfCondition?: ((condition: string) => ConditionKeys | undefined) | undefined
}

/** What needs a key: the job's type, the list it is repeated for, or its condition, which may get along without. */
export type Needing = "type" | "list" | "condition"

export interface DataUse {
  readonly needs: ReadonlyMap<string, Needing>
  readonly reads: ReadonlySet<string> | undefined
  readonly sets: ReadonlySet<string> | undefined
  /** What its own data in the chain holds. */
  readonly given: ReadonlySet<string>
  /** What it is there for as an instance. */
  readonly item: ReadonlySet<string>
}

/** Returns what each job does, by index, in time of the jobs and of the extents of the sequences with conditions. */
export const make = (graph: Graph, { keysOf, keysOfCondition }: Sources): ReadonlyArray<DataUse> => {
  const conditions = conditionsAround(graph)
  const readsOf = (texts: ReadonlyArray<string>): ReadonlyArray<ConditionKeys | undefined> =>
    texts.map((text) => keysOfCondition?.(text))
  return graph.jobs.map((job, index) =>
    useOf(job, {
      type: keysOf(job.type ?? "") ?? {},
      own: readsOf(textsOf(job)),
      around: readsOf(conditions.get(index) ?? textsOf(job))
    })
  )
}

const textsOf = ({ sequenceWhen, when }: Job): ReadonlyArray<string> =>
  when || sequenceWhen ? [...(when ? [when] : none), ...(sequenceWhen ? [sequenceWhen] : none)] : none

const none: ReadonlyArray<never> = []

/** The conditions on which jobs run, where there are those of sequences. */
const conditionsAround = (graph: Graph): ReadonlyMap<number, ReadonlyArray<string>> => {
  const around = new Map<number, Array<string>>()
  if (!graph.jobs.some(({ sequenceWhen }) => sequenceWhen)) return around
  const sequences = Sequences.make(graph, graph.jobs)
  for (const [first, { sequenceWhen }] of graph.jobs.entries()) {
    if (!sequenceWhen || !Sequences.isFirst(sequences, first)) continue
    for (const job of Sequences.extent(sequences, first)) {
      const texts = around.get(job) ?? [...textsOf(graph.jobs[job] as Job)]
      texts.push(sequenceWhen)
      around.set(job, texts)
    }
  }
  return around
}

interface Said {
  readonly type: TypeKeys
  /** What its own conditions look at, and what all do on which it runs. */
  readonly own: ReadonlyArray<ConditionKeys | undefined>
  readonly around: ReadonlyArray<ConditionKeys | undefined>
}

const useOf = ({ data, each, item }: Job, { around, own, type }: Said): DataUse => {
  // A condition that looks at a key may see to it that the job runs only where it is there.
  const isLookedAt = (key: string) => around.some((keys) => keys === undefined || keys.reads.includes(key))
  const read = [type.reads, ...own.map((keys) => keys?.reads), each?.from ? [each.from] : none]
  const must = [...(type.needs ?? none).map(needing("type")), ...(each?.from ? [needing("list")(each.from)] : none)]
  return {
    needs: new Map([
      ...own.flatMap((keys) => (keys?.needs ?? none).map(needing("condition"))),
      ...must.filter(([key]) => !isLookedAt(key))
    ]),
    reads: read.includes(undefined) ? undefined : new Set(read.flatMap((keys) => keys ?? none)),
    sets: type.sets === undefined ? undefined : new Set(type.sets),
    given: new Set(Object.keys(data ?? {})),
    item: new Set(Object.keys(item ?? {}))
  }
}

const needing = (by: Needing) => (key: string): readonly [string, Needing] => [key, by]
