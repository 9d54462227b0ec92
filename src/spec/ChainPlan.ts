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
import * as NeedsCircle from "./NeedsCircle.ts"
import * as SpecDecoder from "./SpecDecoder.ts"
import { didYouMean, type Path, type SpecFault, unique } from "./SpecFault.ts"
import { type Fields, type Level, lookUp, sequencesAround, type SequenceStep, type Step } from "./Step.ts"

export interface ChainPlan {
  readonly name: string | undefined
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

const make = (spec: ChainSpec): Result.Result<ChainPlan, ReadonlyArray<SpecFault>> => {
  const steps: Array<Step> = []
  const level = layOut(spec.jobs, { path: ["jobs"], outer: undefined, level: new Map(), all: steps })
  const faults = [...steps.flatMap(hasAllowedName), ...findNeeds(steps), ...NeedsCircle.faults(steps)]
  return faults.length > 0 ? Result.fail(faults) : Result.succeed({ name: spec.name, level, steps })
}

interface Ground {
  readonly path: Path
  readonly outer: SequenceStep | undefined
  readonly level: Map<string, Step>
  readonly all: Array<Step>
}

const layOut = (jobs: Jobs, ground: Ground): Level => {
  const { all, level, outer, path } = ground
  for (const [name, entry] of Object.entries(jobs)) {
    const id = outer === undefined ? name : `${outer.id}.${name}`
    const fields: Fields = { id, name, path: [...path, name], level, outer, needs: [] }
    if (!isSequence(entry)) {
      const step: Step = { kind: "job", entry, ...fields }
      level.set(name, step)
      all.push(step)
      continue
    }
    const inside = new Map<string, Step>()
    const step: SequenceStep = { kind: "sequence", entry, inside, ...fields }
    level.set(name, step)
    all.push(step)
    layOut(entry.sequence, { path: [...step.path, "sequence"], outer: step, level: inside, all })
  }
  return level
}

const isSequence = (entry: Entry): entry is Sequence => "sequence" in entry

const hasAllowedName = ({ name, path }: Step): ReadonlyArray<SpecFault> => {
  if (isName(name)) return []
  const message = `"${name}" is no name: expected letters, digits, _ and -, starting with a letter or digit`
  return [{ kind: "malformed", path, at: "key", message }]
}

/** Hints compare a name with all that are visible; a file with more wrong needs than this is not misspelt. */
const hintsMax = 100

/** Fills in what each step needs, and returns what is wrong with needs. */
const findNeeds = (steps: ReadonlyArray<Step>): ReadonlyArray<SpecFault> => {
  const faults: Array<SpecFault> = []
  for (const step of steps) {
    const needed = new Set<Step>()
    for (const { name, path } of writtenNeeds(step)) {
      const found = lookUp(name, step)
      const why = found === undefined
        ? explainMissing(name, step, faults.length < hintsMax ? steps : [])
        : explainRefused(found, step, needed)
      if (why !== undefined) faults.push({ at: "value", path, ...why })
      else if (found !== undefined) {
        needed.add(found)
        step.needs.push({ step: found, path })
      }
    }
  }
  return faults
}

const writtenNeeds = (step: Step): ReadonlyArray<{ readonly name: string; readonly path: Path }> => {
  const { needs = [] } = step.entry
  const path = [...step.path, "needs"]
  return typeof needs === "string" ? [{ name: needs, path }] : needs.map((name, i) => ({ name, path: [...path, i] }))
}

type Why = Pick<SpecFault, "kind" | "message" | "hint">

const explainRefused = (found: Step, step: Step, needed: ReadonlySet<Step>): Why | undefined => {
  if (found === step) return { kind: "self-edge", message: `"${step.id}" needs itself` }
  if (found.kind === "sequence" && sequencesAround(step).includes(found)) {
    return { kind: "cycle", message: `"${step.id}" is part of the sequence "${found.id}" and cannot wait for its end` }
  }
  return needed.has(found) ? { kind: "duplicate-edge", message: `"${found.name}" is needed twice` } : undefined
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
