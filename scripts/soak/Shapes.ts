/**
 * The chains that are run: small ones of every kind, which say by their name how they end.
 */
import type { Job, JobChain } from "../../src/domain/JobChain.ts"
import type { JobData } from "../../src/domain/JobData.ts"
import * as JobState from "../../src/domain/JobState.ts"
import { chainOf } from "../../src/testing/ChainDrawing.ts"
import type { Dice } from "./Dice.ts"

interface Shape {
  readonly name: string
  readonly ends: "COMPLETE" | "FAIL"
  readonly drawing: string
  /** Job id → up to which of its tries it fails. */
  readonly failures?: Readonly<Record<string, number>>
  readonly fields?: Readonly<Record<string, Partial<Job>>>
  readonly limits?: JobChain["limits"]
  /** Job id → what it writes into its data. */
  readonly data?: Readonly<Record<string, JobData>>
  /** The jobs that run where it ends COMPLETE; all of the drawing unless given. */
  readonly runs?: ReadonlyArray<string>
}

/** Of those, random ones are drawn. */
const ordinary: ReadonlyArray<Shape> = [
  { name: "line", ends: "COMPLETE", drawing: "a -> b\nb -> c\nc -> d\nd -> e" },
  { name: "fan", ends: "COMPLETE", drawing: "a -> b c d e f g\nb -> h\nc -> h\nd -> h\ne -> h\nf -> h\ng -> h" },
  {
    name: "retry",
    ends: "COMPLETE",
    drawing: "a -> b c\nb -> d\nc -> d",
    failures: { b: 2 },
    fields: { b: { retry: 3, retryWait: "20ms" } }
  },
  {
    name: "sequence",
    ends: "COMPLETE",
    drawing: "a -> b\nb -> c\nc -> d\nd -> e",
    failures: { c: 1 },
    fields: {
      b: { sequenceId: "b", sequenceRetry: 2, sequenceRetryWait: "20ms" },
      c: { sequenceId: "b" },
      d: { sequenceId: "b" }
    }
  },
  {
    name: "failing",
    ends: "FAIL",
    drawing: "a -> b c\nb -> d\nc -> d",
    failures: { b: 9 },
    fields: { b: { retry: 1 } }
  }
]

const args = { millis: 1, failsUntil: 0 }

/** What a fan-out has of each item. */
const pair = {
  jobs: {
    ".p": { id: ".p", name: "p", type: "work", state: JobState.PENDING, args },
    ".q": { id: ".q", name: "q", type: "work", state: JobState.PENDING, args }
  },
  adjacencyList: { ".p": [".q"] }
}

const special: ReadonlyArray<Shape> = [
  {
    name: "limited",
    ends: "COMPLETE",
    drawing: "a -> b c d\nb -> e\nc -> e\nd -> e",
    fields: { c: { priority: 1 } },
    limits: { jobs: 1 }
  },
  {
    name: "policy",
    ends: "COMPLETE",
    drawing: "a -> b\nb -> c",
    failures: { b: 3 },
    fields: { b: { retry: 3, retryWait: "10ms", retryPolicy: { factor: 2, maxElapsed: "1h" } } }
  },
  {
    name: "late",
    ends: "FAIL",
    drawing: "a -> b c\nb -> d\nc -> d",
    failures: { c: 99 },
    fields: { c: { retry: 99, retryWait: "1h", totalTimeout: "30ms" } }
  },
  {
    name: "siblings",
    ends: "COMPLETE",
    drawing: "a -> b\nb -> c d\nc -> e\nd -> e",
    failures: { c: 1 },
    fields: {
      b: { sequenceId: "b", sequenceRetry: 2, sequenceSiblings: "finish" },
      c: { sequenceId: "b" },
      d: { sequenceId: "b" },
      e: { sequenceId: "b" }
    }
  },
  {
    name: "items",
    ends: "COMPLETE",
    drawing: "a -> b\nb -> c\nc -> d",
    data: { a: { list: ["x", "y", "z"] } },
    fields: { b: { each: { from: "list", as: "item", template: pair } } },
    runs: ["a", "b", ...["x", "y", "z"].flatMap((item) => [`b[${item}].p`, `b[${item}].q`]), "c", "d"]
  },
  {
    name: "skipped",
    ends: "COMPLETE",
    drawing: "a -> b c d\nb -> e\nc -> e\nd -> f\nf -> e",
    data: { a: { go: false } },
    fields: {
      b: { when: "data.go" },
      c: { when: "!data.go" },
      d: { sequenceId: "d", sequenceWhen: "data.go" },
      f: { sequenceId: "d" }
    },
    runs: ["a", "c", "e"]
  }
]

const shapes = [...ordinary, ...special]

/** Every kind, and the five of which random ones are drawn. */
export const names: ReadonlyArray<string> = shapes.map(({ name }) => name)
export const ordinaryNames: ReadonlyArray<string> = ordinary.map(({ name }) => name)

/** Returns one of the ordinary ones, with jobs that take from 0 to 15 ms. */
export const draw = (dice: Dice, unique: string): JobChain =>
  of(ordinary[dice.between(0, ordinary.length - 1)] as Shape, unique, () => dice.between(0, 15))

/** Returns the one of this name, with jobs that take a millisecond. */
export const named = (name: string, unique: string): JobChain =>
  of(shapes.find((shape) => shape.name === name) as Shape, unique, () => 1)

const of = (
  { data = {}, drawing, failures = {}, fields = {}, limits, name }: Shape,
  unique: string,
  millis: () => number
) => {
  const chain = chainWith(`${name}-${unique}`, drawing, (id) => ({
    ...fields[id],
    args: { millis: millis(), failsUntil: failures[id] ?? 0, ...(data[id] === undefined ? {} : { data: data[id] }) }
  }))
  return limits === undefined ? chain : { ...chain, limits }
}

/** Returns a line whose jobs take so long. */
export const line = (unique: string, millis: number): JobChain =>
  chainWith(`line-${unique}`, "a -> b\nb -> c\nc -> d\nd -> e", () => ({ args: { millis, failsUntil: 0 } }))

const chainWith = (requestId: string, drawing: string, fieldsOf: (id: string) => Partial<Job>): JobChain => {
  const fields = Object.fromEntries(idsOf(drawing).map((id) => [id, { type: "work", ...fieldsOf(id) }]))
  return { ...chainOf(drawing, fields), requestId }
}

const idsOf = (drawing: string): ReadonlyArray<string> => Array.from(new Set(drawing.match(/\w+/g)))

/** Answers whether these are the jobs that run in a chain that ends COMPLETE. */
export const isAllThatRuns = (requestId: string, jobIds: ReadonlySet<string>): boolean => {
  const shape = shapeOf(requestId)
  const expected = shape === undefined ? [] : shape.runs ?? idsOf(shape.drawing)
  return jobIds.size === expected.length && expected.every((id) => jobIds.has(id))
}

/** Says how a chain is to end. */
export const endOf = (requestId: string): Shape["ends"] | undefined => shapeOf(requestId)?.ends

/** Answers whether a job may be run again after it was COMPLETE, as part of a sequence. */
export const isInSequence = (requestId: string, jobId: string): boolean =>
  shapeOf(requestId)?.fields?.[jobId]?.sequenceId !== undefined

const shapeOf = (requestId: string): Shape | undefined => shapes.find(({ name }) => requestId.startsWith(`${name}-`))
