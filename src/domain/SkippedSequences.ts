/**
 * Which jobs are to be skipped because a sequence around them was.
 *
 * The first job of a skipped sequence ends as `sequence skipped`, and that is all that is kept of it: the jobs of its extent
 * are skipped when their turn comes, and where it is rewound there is nothing to take back.
 *
 * @since 0.1.0
 */
import { at } from "./Graph.ts"
import type { Chain } from "./Progress.ts"
import * as Sequences from "./Sequences.ts"
import { SparseMap, SparseSet } from "./Sparse.ts"

export class SkippedSequences {
  private readonly chain: Chain
  /** Job → the first jobs of sequences around it that are skipped, or were before they were rewound. */
  private readonly around = new SparseMap<number, Array<number>>()
  private readonly known = new SparseSet<number>()

  constructor(chain: Chain) {
    this.chain = chain
    if (chain.endings.size === 0) return
    const { levels } = chain.graph
    const skipped = Array.from(chain.endings).filter(([, ending]) => ending === "sequence skipped").map(([job]) => job)
    for (const job of skipped.toSorted((left, right) => at(levels, left) - at(levels, right))) this.add(job)
  }

  /** Takes note that a job was skipped with a sequence: where it is the first of one itself, that is skipped, too. */
  add(first: number): void {
    if (!Sequences.isFirst(this.chain.sequences, first) || this.known.has(first)) return
    this.known.add(first)
    for (const job of Sequences.extent(this.chain.sequences, first)) {
      const firsts = this.around.get(job)
      if (firsts === undefined) this.around.set(job, [first])
      else firsts.push(first)
    }
  }

  /** Returns the first job of the outermost skipped sequence around a job; `undefined` where there is none. */
  find(job: number): number | undefined {
    if (this.around.size === 0) return undefined
    const { endings } = this.chain
    return this.around.get(job)?.find((first) => endings.get(first) === "sequence skipped")
  }
}
