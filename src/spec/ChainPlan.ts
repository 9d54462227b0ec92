/**
 * The plan of a chain: its steps, checked for what Schema cannot see: names, needs, and that needs lead in no circle.
 *
 * A need means the job or sequence of that name on its own level, else on the nearest level further out. What lies
 * inside a sequence cannot be needed from outside, because a sequence is tried as a whole. `PlanCompiler` makes the
 * wire chain of a plan.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import { type ChainSpec, type Entry, isName, type Jobs, type Sequence } from "./ChainSpec.ts"
import * as FanOut from "./FanOut.ts"
import * as ItemFields from "./ItemFields.ts"
import * as NeedsCircle from "./NeedsCircle.ts"
import * as SpecDecoder from "./SpecDecoder.ts"
import { didYouMean, type SpecFault, unique } from "./SpecFault.ts"
import {
  type Level,
  lookUp,
  namesNeeded,
  pathOf,
  pathOfNeed,
  sequencesAround,
  type SequenceStep,
  type Step
} from "./Step.ts"

export interface ChainPlan {
  readonly name: string | undefined
  readonly timeout: string | undefined
  readonly limits: ChainSpec["limits"]
  readonly level: Level
  /** All steps in the order of the spec, a sequence before what is in it. */
  readonly steps: ReadonlyArray<Step>
}

/** Returns the plan of what people write, or everything that is wrong with it: its shape, its names and its needs. */
export const read = (value: unknown): Result.Result<ChainPlan, ReadonlyArray<SpecFault>> => {
  const spec = SpecDecoder.decode(value)
  if (Result.isSuccess(spec)) return make(spec.success)
  // Names and needs are checked also where something else is wrong.
  const rest = SpecDecoder.salvage(value)
  const plan = rest === undefined ? undefined : make(rest)
  const others = plan !== undefined && Result.isFailure(plan) ? plan.failure : []
  return Result.fail(unique([...spec.failure, ...others]))
}

/** Returns the steps of a spec, of which names and needs are not understood yet. */
export const stepsOf = (spec: ChainSpec): Pick<ChainPlan, "level" | "steps"> => {
  const steps: Array<Step> = []
  const level = new Map<string, Step>()
  layOut(spec.jobs, { steps, level, outer: undefined })
  return { level, steps }
}

const make = (spec: ChainSpec): Result.Result<ChainPlan, ReadonlyArray<SpecFault>> => {
  const { level, steps } = stepsOf(spec)
  const repeated = steps.filter(({ entry }) => entry.each !== undefined)
  const faults = [
    ...wrongNames(steps),
    ...repeated.flatMap(readList),
    ...findNeeds(steps),
    ...NeedsCircle.faults(steps),
    ...repeated.flatMap(ItemFields.faults)
  ]
  const { limits, name, timeout } = spec
  return faults.length > 0 ? Result.fail(faults) : Result.succeed({ name, timeout, limits, level, steps })
}

interface Ground {
  readonly steps: Array<Step>
  readonly level: Map<string, Step>
  readonly outer: SequenceStep | undefined
}

const layOut = (jobs: Jobs, { level, outer, steps }: Ground): void => {
  const prefix = outer === undefined ? "" : `${outer.id}.`
  for (const name of Object.keys(jobs)) {
    const entry = jobs[name] as Entry
    const index = steps.length
    const id = prefix + name
    if (!isSequence(entry)) {
      const step: Step = { kind: "job", index, id, name, entry, level, outer, needs: nothing, fanOut: undefined }
      level.set(name, step)
      steps.push(step)
      continue
    }
    const inside = new Map<string, Step>()
    const step: Step = {
      kind: "sequence",
      index,
      id,
      name,
      entry,
      inside,
      level,
      outer,
      needs: nothing,
      fanOut: undefined
    }
    level.set(name, step)
    steps.push(step)
    layOut(entry.sequence, { steps, level: inside, outer: step })
  }
}

const isSequence = (entry: Entry): entry is Sequence => "sequence" in entry

const nothing: ReadonlyArray<Step> = []

const wrongNames = (steps: ReadonlyArray<Step>): ReadonlyArray<SpecFault> =>
  steps.filter(({ name }) => !isName(name)).map((step) => {
    const message = `"${step.name}" is no name: expected letters, digits, _ and -, starting with a letter or digit`
    return { kind: "malformed", path: pathOf(step), at: "key", message }
  })

/** Fills in what a step is repeated for, and returns what is wrong with that. */
const readList = (step: Step): ReadonlyArray<SpecFault> => {
  const fanOut = FanOut.read(step.entry, pathOf(step))
  if (Result.isFailure(fanOut)) return fanOut.failure
  step.fanOut = fanOut.success
  return []
}

/** Hints compare a name with all that are visible; a file with more wrong needs than this is not misspelt. */
const hintsMax = 100

/** Fills in what each step needs, and returns what is wrong with needs. */
const findNeeds = (steps: ReadonlyArray<Step>): ReadonlyArray<SpecFault> => {
  const faults: Array<SpecFault> = []
  // All needs one after another: those of a step are cut out of it, as an array that grows keeps room for sixteen more.
  const needs: Array<Step> = []
  // The last step that needed a step, plus one: finds what is needed twice without a set per step.
  const neededBy = new Int32Array(steps.length)
  for (const step of steps) {
    const names = namesNeeded(step)
    const start = needs.length
    for (let position = 0; position < names.length; position++) {
      const name = names[position] as string
      const found = lookUp(name, step)
      const why = found === undefined
        ? explainMissing(name, step, faults.length < hintsMax ? steps : [])
        : explainRefused(found, step, neededBy[found.index] === step.index + 1)
      if (why !== undefined) faults.push({ at: "value", path: pathOfNeed(step, position), ...why })
      else if (found !== undefined) {
        neededBy[found.index] = step.index + 1
        needs.push(found)
      }
    }
    if (needs.length > start) step.needs = needs.slice(start)
  }
  return faults
}

type Why = Pick<SpecFault, "kind" | "message" | "hint">

const explainRefused = (found: Step, step: Step, isNeeded: boolean): Why | undefined => {
  if (found === step) return { kind: "self-edge", message: `"${step.id}" needs itself` }
  if (found.kind === "sequence" && sequencesAround(step).includes(found)) {
    return { kind: "cycle", message: `"${step.id}" is part of the sequence "${found.id}" and cannot wait for its end` }
  }
  return isNeeded ? { kind: "duplicate-edge", message: `"${found.name}" is needed twice` } : undefined
}

const explainMissing = (name: string, step: Step, all: ReadonlyArray<Step>): Why => {
  const kind = "unknown-job-in-adjacency-list"
  const hidden = all.find((other) => other.id === name) ?? all.find((other) => other.name === name)
  const outer = hidden === undefined
    ? undefined
    : sequencesAround(hidden).find((around) => lookUp(around.name, step) === around)
  if (hidden !== undefined && outer !== undefined && !sequencesAround(step).includes(outer)) {
    const message = `"${hidden.id}" is inside of the sequence "${outer.id}" and cannot be needed from outside`
    return { kind, message, hint: `need "${outer.name}" to wait for its end` }
  }
  const message = `there is no job or sequence "${name}" on this level or further out`
  return { kind, message, hint: all.length === 0 ? undefined : didYouMean(name, namesToNeed(step)) }
}

const namesToNeed = (step: Step): ReadonlyArray<string> => {
  const around = sequencesAround(step)
  const levels = [step.level, ...around.map(({ level }) => level)]
  return levels.flatMap((level) => [...level.values()])
    .filter((other) => other !== step && !around.some((sequence) => sequence === other))
    .map(({ name }) => name)
}
