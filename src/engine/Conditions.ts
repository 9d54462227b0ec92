/**
 * The language of conditions (`when` of a job, `sequenceWhen` of a sequence): how their texts are understood.
 *
 * The engine knows none. `CelConditions.layer` of `jobchain/conditions` is one; where none is provided, a chain with
 * conditions is refused.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Result from "effect/Result"
import type { ConditionKeys } from "../domain/DataUse.ts"
import { Fault } from "../domain/Fault.ts"
import type { Graph } from "../domain/Graph.ts"
import type { Each, Job } from "../domain/JobChain.ts"
import type { JobData } from "../domain/JobData.ts"

export type { ConditionKeys } from "../domain/DataUse.ts"

/** What a condition can look at. */
export interface Facts {
  /** The data of the job that would start. */
  readonly data: JobData
  readonly args: Readonly<Record<string, unknown>>
}

/** Answers whether a condition is met, or says why it cannot be told. The same facts always give the same answer. */
export type Condition = (facts: Facts) => Result.Result<boolean, string>

export interface Language {
  /** Returns the condition that a text says, or what is wrong with the text. */
  readonly read: (text: string) => Result.Result<Condition, string>
  /** Returns the keys of data that a text which can be read looks at; `undefined` where that may be any. */
  readonly keysOf?: (text: string) => ConditionKeys | undefined
}

const none: Language = {
  read: () => Result.fail("nothing that reads conditions is provided, such as CelConditions.layer")
}

/** The language that traversers take when they are made. */
export const Current = Context.Reference<Language>("jobchain/Conditions", { defaultValue: () => none })

const fields = ["when", "sequenceWhen"] as const

/** Returns the faults of the conditions of a chain. */
export const faultsOf = ({ ids, jobs }: Pick<Graph, "ids" | "jobs">, language: Language): ReadonlyArray<Fault> => {
  const found: Array<Fault> = []
  for (let job = 0; job < jobs.length; job++) {
    const { each, sequenceWhen, when } = jobs[job] as Job
    const id = ids[job] as string
    if (each) found.push(...faultsOfTemplate(id, each, language))
    if (!when && !sequenceWhen) continue
    for (const field of fields) {
      const text = jobs[job]?.[field]
      const read = text ? language.read(text) : undefined
      if (read === undefined || Result.isSuccess(read)) continue
      const message = `The condition of ${field === "when" ? "job" : "the sequence of job"} "${id}": ${read.failure}`
      found.push(new Fault({ kind: "bad-condition", jobIds: [id], path: ["jobs", id, field], message }))
    }
  }
  return found
}

const faultsOfTemplate = (id: string, { template }: Each, language: Language): ReadonlyArray<Fault> => {
  const jobs = template?.jobs ?? {}
  return faultsOf({ ids: Object.keys(jobs), jobs: Object.values(jobs) }, language).map((fault) =>
    new Fault({ ...fault, path: ["jobs", id, "each", "template", ...fault.path] })
  )
}
