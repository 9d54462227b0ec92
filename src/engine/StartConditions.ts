/**
 * Whether a job whose turn has come runs or is skipped.
 *
 * Conditions are looked at here and nowhere else, when the job would start: then all jobs before it are over, and its data does
 * not change any more.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as DataFlow from "../domain/DataFlow.ts"
import * as Progress from "../domain/Progress.ts"
import { SkippedSequences } from "../domain/SkippedSequences.ts"
import { SparseMap } from "../domain/Sparse.ts"
import type { Condition, Language } from "./Conditions.ts"

/** A job that is COMPLETE without having run: by its own condition, or that of a sequence. */
export interface Skipped {
  readonly _tag: "Skipped"
  readonly condition: string
  readonly sequence: number | undefined
}

/** A job that does not run: it is skipped, or has failed. */
export type Verdict = Skipped | { readonly _tag: "Unclear"; readonly error: string }

export class StartConditions {
  private readonly chain: Progress.Chain
  private readonly language: Language
  private readonly skipped: SkippedSequences
  private readonly conditions = new SparseMap<string, Result.Result<Condition, string>>()

  constructor(chain: Progress.Chain, language: Language) {
    this.chain = chain
    this.language = language
    this.skipped = new SkippedSequences(chain)
  }

  /** Returns what becomes of a job that does not run, and skips it where it is to be; `undefined` for one that runs. */
  judge(job: number): Verdict | undefined {
    const { sequenceWhen, when } = this.chain.jobs[job] ?? {}
    const around = this.skipped.find(job)
    if (around !== undefined) return this.skip(job, this.chain.jobs[around]?.sequenceWhen ?? "", around)
    // Where both hold it back, the sequence is skipped.
    if (sequenceWhen && this.chain.sequences.sequenceOf[job] === job) {
      const verdict = this.look(job, sequenceWhen, job)
      if (verdict !== undefined) return verdict
    }
    return when ? this.look(job, when, undefined) : undefined
  }

  private look(job: number, text: string, sequence: number | undefined): Verdict | undefined {
    const isMet = Result.flatMap(this.read(text), (condition) =>
      condition({
        data: DataFlow.view(this.chain.data, job),
        args: this.chain.jobs[job]?.args ?? {}
      }))
    if (Result.isFailure(isMet)) {
      const of = sequence === undefined ? "its condition" : "the condition of its sequence"
      return { _tag: "Unclear", error: `problem evaluating ${of}, ${text}: ${isMet.failure}` }
    }
    return isMet.success ? undefined : this.skip(job, text, sequence)
  }

  private skip(job: number, condition: string, sequence: number | undefined): Verdict {
    Progress.skip(this.chain, job, sequence === undefined ? "skipped" : "sequence skipped")
    if (sequence !== undefined) this.skipped.add(job)
    return { _tag: "Skipped", condition, sequence }
  }

  private read(text: string): Result.Result<Condition, string> {
    let condition = this.conditions.get(text)
    // The chain has them all: its size is the bound.
    if (condition === undefined) this.conditions.set(text, condition = this.language.read(text))
    return condition
  }
}
