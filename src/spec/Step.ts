/**
 * A job or sequence of a chain as written, with its names understood: every need leads to the step it means.
 *
 * Paths are made only where a fault asks for one.
 *
 * @since 0.1.0
 */
import type { Sequence, ShellJob, TypedJob } from "./ChainSpec.ts"
import type { FanOut } from "./FanOut.ts"
import type { Path } from "./SpecFault.ts"

export type Step = JobStep | SequenceStep

/** The jobs and sequences of one map, by name. */
export type Level = ReadonlyMap<string, Step>

export interface JobStep extends Fields {
  readonly kind: "job"
  readonly entry: ShellJob | TypedJob
}

export interface SequenceStep extends Fields {
  readonly kind: "sequence"
  readonly entry: Sequence
  readonly inside: Level
}

export interface Fields {
  /** Its place among all steps of the plan. */
  readonly index: number
  /** The names that lead to it, joined by dots. */
  readonly id: string
  readonly name: string
  /** The level it stands on. */
  readonly level: Level
  /** The sequence whose level that is; `undefined` for the chain's own. */
  readonly outer: SequenceStep | undefined
  /** Set when all names are known. */
  needs: ReadonlyArray<Step>
  /** Set with that: what it is repeated for; `undefined` where it is there once. */
  fanOut: FanOut | undefined
}

/** Returns where in the spec a step stands. */
export const pathOf = ({ name, outer }: Step): Path =>
  outer === undefined ? ["jobs", name] : [...pathOf(outer), "sequence", name]

/** Returns the names that a step needs, as they are written. */
export const namesNeeded = ({ entry: { needs } }: Step): ReadonlyArray<string> =>
  typeof needs === "string" ? [needs] : needs ?? nothing

const nothing: ReadonlyArray<string> = []

/** Returns where in the spec the need at a position stands. */
export const pathOfNeed = (step: Step, position: number): Path => {
  const path = [...pathOf(step), "needs"]
  return typeof step.entry.needs === "string" ? path : [...path, position]
}

/** Returns the step a name means: the one on the same level, else on the nearest level further out. */
export const lookUp = (name: string, from: Step): Step | undefined =>
  from.level.get(name) ?? (from.outer === undefined ? undefined : lookUp(name, from.outer))

/** Returns the sequences a step is in, the innermost first. */
export const sequencesAround = (step: Step): ReadonlyArray<SequenceStep> => {
  const found: Array<SequenceStep> = []
  for (let outer = step.outer; outer !== undefined; outer = outer.outer) found.push(outer)
  return found
}

/** Returns what is needed from outside by what a sequence holds. */
export const needsFromOutside = (step: Step): ReadonlyArray<Step> =>
  step.kind === "job"
    ? []
    : needsInside(step).filter((needed) => !sequencesAround(needed).some((sequence) => sequence === step))

const needsInside = ({ inside }: SequenceStep): ReadonlyArray<Step> =>
  [...inside.values()].flatMap((step) => step.kind === "job" ? step.needs : [...step.needs, ...needsInside(step)])
