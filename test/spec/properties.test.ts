import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as Graph from "../../src/domain/Graph.ts"
import type { JobChain } from "../../src/domain/JobChain.ts"
import * as Sequences from "../../src/domain/Sequences.ts"
import * as Validation from "../../src/domain/Validation.ts"
import * as ChainPlan from "../../src/spec/ChainPlan.ts"
import * as PlanCompiler from "../../src/spec/PlanCompiler.ts"
import { sequencesAround, type Step } from "../../src/spec/Step.ts"
import { random } from "../engine/RandomChain.ts"

interface Entry {
  readonly needs: ReadonlyArray<string>
  readonly run?: string
  readonly retry?: number
  readonly each?: ReadonlyArray<string>
  readonly sequence?: Readonly<Record<string, Entry>>
}

/** Jobs and sequences that need some of the others, on their own level and, now and then, further out, in no circle. */
const randomJobs = (next: () => number, depth: number, outer: ReadonlyArray<string>): Record<string, Entry> => {
  const names = Array.from({ length: 1 + Math.floor(next() * 4) }, (_, index) => `d${depth}n${index}`)
  const entries = names.map((name, index) => {
    const before = names.slice(0, index)
    const needs = [...before.filter(() => next() < 0.4), ...outer.filter(() => next() < 0.1)]
    const isSequence = depth > 0 && next() < 0.4
    const each = next() < 0.2 ? { each: ["x", "y", "z"].slice(0, Math.floor(next() * 4)) } : {}
    return [
      name,
      isSequence
        ? { needs, retry: 1, ...each, sequence: randomJobs(next, depth - 1, [...outer, ...before]) }
        : { needs, ...each, run: name }
    ] as const
  })
  // Needs may lead to what is written further down.
  return Object.fromEntries(next() < 0.5 ? entries : entries.toReversed())
}

const cases = Array.from({ length: 1000 }, (_, seed) => {
  const written = { jobs: randomJobs(random(seed), 3, []) }
  const plan = Result.getOrThrow(ChainPlan.read(written))
  return { text: JSON.stringify(written), plan, ...PlanCompiler.compile(plan, "") }
})

interface Compiled {
  readonly graph: Graph.Graph
  readonly sequences: Sequences.Sequences
  /** The jobs made of a step and of what it holds. */
  readonly jobsOf: (step: Step) => ReadonlyArray<number>
}

const look = (jobChain: JobChain): Compiled => {
  const graph = Graph.make(jobChain)
  const sequences = Sequences.make(graph, graph.ids.map((id) => jobChain.jobs?.[id] ?? {}))
  const plainIds = graph.ids.map((id) => `${id.replaceAll(/\[\w+\]/g, "")}.`)
  const jobsOf = (step: Step) => [...graph.ids.keys()].filter((job) => plainIds[job]?.startsWith(`${step.id}.`))
  return { graph, sequences, jobsOf }
}

describe("each chain as people write it", () => {
  it("makes a chain that keeps all rules", () => {
    for (const { jobChain, text } of cases) assert.deepStrictEqual(Validation.faultsOfNew(jobChain), [], text)
  })

  it("has every job start after all of what it needs", () => {
    for (const { jobChain, plan, text } of cases) {
      const { graph, jobsOf } = look(jobChain)
      for (const step of plan.steps) {
        for (const needed of step.needs) {
          for (const job of jobsOf(needed)) {
            const after = new Set(Graph.reach(graph, job, graph.ids.length))
            // In what is repeated each instance has its own.
            const depth = sequencesAround(needed).length
            const instance = (one: number) => graph.ids[one]?.split(".").slice(0, depth).join(".")
            const later = jobsOf(step).filter((other) => instance(other) === instance(job))
            assert.isTrue(later.every((other) => after.has(other)), `${step.id} needs ${needed.id}: ${text}`)
          }
        }
      }
    }
  })

  it("has each instance of a sequence be a sequence of its own, that ends in one job", () => {
    let instances = 0
    for (const { jobChain, plan, text } of cases) {
      const { graph, sequences } = look(jobChain)
      for (const step of plan.steps) {
        if (step.kind !== "sequence" || step.fanOut === undefined || step.outer !== undefined) continue
        const items = typeof step.fanOut.of === "string" ? [] : step.fanOut.of
        for (const { key } of items) {
          const id = `${step.id}[${key}]`
          const jobs = [...graph.ids.keys()].filter((job) => graph.ids[job]?.startsWith(id))
          // What is repeated inside has items of its own.
          const first = jobs.find((job) =>
            graph.jobs[job]?.item && graph.ids[job]?.lastIndexOf("[") === id.lastIndexOf("[")
          )
          assert.sameMembers([...Sequences.extent(sequences, first ?? -1)], jobs, `${id}: ${text}`)
          instances++
        }
      }
    }
    assert.isAbove(instances, 100)
  })

  it("has the extent of each sequence hold what is written in it, and nothing else", () => {
    for (const { jobChain, plan, text } of cases) {
      const { graph, jobsOf, sequences } = look(jobChain)
      for (const step of plan.steps) {
        // What is repeated has an extent for each item.
        const isRepeated = [step, ...sequencesAround(step)].some(({ fanOut }) => fanOut !== undefined)
        if (step.kind !== "sequence" || isRepeated) continue
        const jobs = jobsOf(step)
        const first = jobs.find((job) =>
          Sequences.isFirst(sequences, job) &&
          jobs.every((other) => Graph.reach(graph, job, graph.ids.length).includes(other))
        )
        assert.isDefined(first, `${step.id} has no first job: ${text}`)
        assert.sameMembers([...Sequences.extent(sequences, first ?? -1)], [...jobs], `${step.id}: ${text}`)
      }
    }
  })
})
