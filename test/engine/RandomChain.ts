/**
 * Random chains of nested sequences and of fan-outs over lists that are known only at run time, in which how each try of each job ends follows from where it stands.
 *
 * An ending depends on the job, its try and the tries of the sequences around it, and on nothing else: so a run that was
 * suspended now and then must come to the same end as one that never was.
 */
import type { Job, JobChain } from "../../src/domain/JobChain.ts"
import type * as Limits from "../../src/engine/Limits.ts"

export interface RandomChain {
  readonly jobChain: JobChain
  /** Job id → the first jobs of the sequences around it, the innermost first. */
  readonly sequencesOf: ReadonlyMap<string, ReadonlyArray<string>>
  /** Of jobs that the lists of fan-outs may bring into the chain, too; those that are not in it are not waited for. */
  readonly parentsOf: ReadonlyMap<string, ReadonlyArray<string>>
  /** First job of a fan-out → how many of its instances may be under way at once. */
  readonly parallel?: ReadonlyMap<string, number>
  /** Those of the process. */
  readonly limits?: Limits.Options
  /** The list that a try of a fan-out's first job makes; `undefined` for other jobs. */
  readonly listOf?: (jobId: string, sequenceTries: ReadonlyArray<number>) => List | undefined
  /** How a try ends, and after how many milliseconds. */
  readonly ending: (jobId: string, jobTry: number, sequenceTries: ReadonlyArray<number>) => Ending
}

export interface List {
  /** Its key in job data. */
  readonly key: string
  readonly items: ReadonlyArray<string>
}

export interface Ending {
  readonly state: "COMPLETE" | "FAIL" | "UNKNOWN" | "panic"
  readonly milliseconds: number
  readonly exit?: number
}

/** Returns a number generator between 0 and 1 (mulberry32). */
export const random = (seed: number): () => number => {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** The keys that items of lists may have. */
const keys = ["a", "b", "c"]

const hash = (text: string): number =>
  Array.from(text).reduce((sum, letter) => Math.imul(sum ^ letter.charCodeAt(0), 16_777_619), -2_128_831_035)

interface Retrying {
  readonly retry: number
  readonly wait: string
}

/** The jobs of a template, in the order in which they run one after another, and what comes after what. */
interface Parts {
  readonly jobs: Readonly<Record<string, Job>>
  readonly next: Readonly<Record<string, ReadonlyArray<string>>>
  /** The one that begins a fan-out itself. */
  readonly inner: string | undefined
}

/** Returns a chain of about 3 to 20 jobs. */
export const make = (seed: number): RandomChain => {
  const next = random(seed)
  const below = (max: number) => Math.floor(next() * max)
  const jobs: Record<string, Job> = {}
  const adjacencyList: Record<string, Array<string>> = {}
  const sequencesOf = new Map<string, ReadonlyArray<string>>()
  const lists = new Map<string, string>()
  const parallel = new Map<string, number>()
  const failures = next() * 0.5

  const jobOf = (id: string, sequences: ReadonlyArray<string>, sequence?: Retrying): Job => ({
    id,
    type: "random",
    state: 1,
    retry: below(3),
    retryWait: ["", "10ms", "25ms"][below(3)] as string,
    ...(sequences.length === 0 ? {} : { sequenceId: sequences[0] as string }),
    ...(sequence === undefined ? {} : { sequenceRetry: sequence.retry, sequenceRetryWait: sequence.wait })
  })
  const retrying = (): Retrying => ({ retry: below(3), wait: ["", "15ms"][below(2)] as string })
  const addJob = (around: ReadonlyArray<string>, sequence?: Retrying): string => {
    const id = `j${Object.keys(jobs).length}`
    const sequences = sequence === undefined ? around : [id, ...around]
    jobs[id] = { ...jobOf(id, sequences, sequence), name: id }
    sequencesOf.set(id, sequences)
    return id
  }
  const connect = (from: string, to: string) => {
    const targets = (adjacencyList[from] ??= [])
    if (!targets.includes(to)) targets.push(to)
  }

  /** What a fan-out repeats: one job, or a sequence of its own, which may hold a fan-out, too. */
  const templateOf = (around: ReadonlyArray<string>): Parts => {
    if (below(2) === 0) return { jobs: { "": jobOf("", around) }, next: {}, inner: undefined }
    const first = ".0"
    const [inner, innerEnd] = [".inner", ".inner.end"]
    const hasInner = below(3) === 0
    const middle = hasInner ? [inner, innerEnd] : Array.from({ length: below(3) }, (_, index) => `.${index + 1}`)
    const parts = [first, ...middle, ".last"]
    const made = Object.fromEntries(
      parts.map((part) => [part, jobOf(part, [first], part === first ? retrying() : undefined)])
    )
    if (hasInner) {
      const template = { jobs: { "": jobOf("", [first]) }, adjacencyList: {} }
      const limit = below(3)
      made[inner] = {
        ...made[inner],
        ...(limit > 0 && { parallel: limit }),
        each: { from: "inner_list", as: "inner_item", template }
      }
    }
    const next = Object.fromEntries(parts.slice(0, -1).map((part, index) => [part, [parts[index + 1] as string]]))
    return { jobs: made, next, inner: hasInner ? inner : undefined }
  }

  const addFanOut = (around: ReadonlyArray<string>): readonly [first: string, last: string] => {
    const begin = addJob(around)
    const end = addJob(around)
    connect(begin, end)
    const { inner, jobs: parts, next: after } = templateOf(around)
    const template = { jobs: parts, adjacencyList: after }
    const limit = below(3)
    if (limit > 0) {
      jobs[begin] = { ...jobs[begin], parallel: limit }
      parallel.set(begin, limit)
    }
    jobs[begin] = { ...jobs[begin], each: { from: `${begin}_list`, as: `${begin}_item`, template } }
    lists.set(begin, `${begin}_list`)
    const names = Object.keys(parts)
    for (const key of keys) {
      const idOf = (part: string) => `${begin}[${key}]${part}`
      const sequences = names.length === 1 ? around : [idOf(names[0] as string), ...around]
      for (const part of names) sequencesOf.set(idOf(part), sequences)
      connect(begin, idOf(names[0] as string))
      for (const [from, [to = ""] = []] of Object.entries(after)) connect(idOf(from), idOf(to))
      connect(idOf(names.at(-1) as string), end)
      if (inner === undefined) continue
      lists.set(idOf(inner), "inner_list")
      const innerLimit = parts[inner]?.parallel
      if (innerLimit) parallel.set(idOf(inner), innerLimit)
      for (const innerKey of keys) {
        const id = `${idOf(inner)}[${innerKey}]`
        sequencesOf.set(id, sequences)
        connect(idOf(inner), id)
        connect(id, idOf(`${inner}.end`))
      }
    }
    return [begin, end]
  }

  /** A part of the chain with one first and one last job. */
  const addPart = (depth: number, around: ReadonlyArray<string>): readonly [first: string, last: string] => {
    const kind = depth === 0 ? 0 : below(4)
    if (below(6) === 0) return addFanOut(around)
    if (kind === 0) {
      const job = addJob(around)
      return [job, job]
    }
    const isSequence = kind === 3
    const first = addJob(around, isSequence ? retrying() : undefined)
    const inside = isSequence ? [first, ...around] : around
    const parts = Array.from({ length: 1 + below(3) }, () => addPart(depth - 1, inside))
    const last = addJob(inside)
    if (kind === 1) {
      let end = first
      for (const [partFirst, partLast] of parts) {
        connect(end, partFirst)
        end = partLast
      }
      connect(end, last)
    } else {
      for (const [partFirst, partLast] of parts) {
        connect(first, partFirst)
        connect(partLast, last)
      }
    }
    return [first, last]
  }

  addPart(1 + below(3), [])
  const parentsOf = new Map(
    [...sequencesOf.keys()].map((id) => [
      id,
      Object.keys(adjacencyList).filter((from) => adjacencyList[from]?.includes(id))
    ])
  )
  return {
    jobChain: {
      requestId: `random-${seed}`,
      jobs,
      // Instances come as the chain runs.
      adjacencyList: Object.fromEntries(
        Object.entries(adjacencyList).filter(([from]) => from in jobs)
          .map(([from, targets]) => [from, targets.filter((to) => to in jobs)])
      ),
      state: 1,
      finishedJobs: 0
    },
    sequencesOf,
    parentsOf,
    parallel,
    listOf: (jobId, sequenceTries) => {
      const key = lists.get(jobId)
      if (key === undefined) return undefined
      const draw = random(hash(`${seed} ${jobId} list ${sequenceTries.join(" ")}`))
      return { key, items: keys.filter(() => draw() < 0.6) }
    },
    ending: (jobId, jobTry, sequenceTries) => {
      const draw = random(hash(`${seed} ${jobId} ${jobTry} ${sequenceTries.join(" ")}`))
      const state = draw() >= failures
        ? "COMPLETE"
        : (["FAIL", "UNKNOWN", "panic"] as const)[Math.floor(draw() * 3)] ?? "FAIL"
      return { state, milliseconds: Math.floor(draw() * 4) * 10 }
    }
  }
}
