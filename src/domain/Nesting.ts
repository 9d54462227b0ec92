/**
 * Which sequence lies in which, by laying the extents one over the other, the largest first: what is seen in the end are the
 * smallest. Takes the time of the extents.
 *
 * `Sequences.enclosing` says the same of retriable sequences only, and for a sequence, not for a job.
 *
 * @since 0.1.0
 */
import { at } from "./Graph.ts"
import * as Sequences from "./Sequences.ts"

export interface Nesting {
  /** Job index → the sequence with the smallest extent the job lies in; -1 for none. */
  readonly innermost: Int32Array
  /** Sequence → the one right around it, -1 for none. A sequence stands after those around it. */
  readonly outerOf: ReadonlyMap<number, number>
  /** Whether of any two extents that share a job one holds the other. */
  readonly isProper: boolean
}

/** Returns how some sequences of a chain are nested. */
export const make = (sequences: Sequences.Sequences, firsts: ReadonlyArray<number>): Nesting => {
  const innermost = new Int32Array(sequences.sequenceOf.length).fill(-1)
  const outerOf = new Map<number, number>()
  let isProper = true
  const extents = firsts.map((first) => ({ first, extent: Sequences.extent(sequences, first) }))
  for (const { extent, first } of extents.toSorted((left, right) => right.extent.length - left.extent.length)) {
    const outer = at(innermost, first)
    outerOf.set(first, outer)
    for (const job of extent) {
      isProper &&= innermost[job] === outer
      innermost[job] = first
    }
  }
  return { innermost, outerOf, isProper }
}
