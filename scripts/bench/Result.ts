/**
 * What comes out of the rounds for one contestant at one workload: an element of the file that `--json` writes.
 */

export interface Result {
  readonly workload: string
  readonly contestant: string
  readonly warmMs: Spread
  /** The first run in a fresh process that has loaded all modules. */
  readonly coldMs: number
  /** Of the process, after the cold run. */
  readonly peakMiB: number
  readonly jobs: number
}

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** A contestant that did not get to the end of a workload. */
export interface Absence {
  readonly workload: string
  readonly contestant: string
  readonly reason: string
}

/** Returns the median, lowest and highest of some numbers, of which there is at least one. */
export const spreadOf = (numbers: ReadonlyArray<number>): Spread => {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  const [low, high] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]]
  const [min, max] = [sorted[0], sorted.at(-1)]
  if (low === undefined || high === undefined || min === undefined || max === undefined) {
    throw new RangeError("No numbers have no median")
  }
  return { median: (low + high) / 2, min, max }
}

/** The results of a run of the benchmark. */
export class Results {
  readonly all: ReadonlyArray<Result>

  constructor(all: ReadonlyArray<Result>) {
    this.all = all
  }

  get(workload: string, contestant: string): Result | undefined {
    return this.all.find((result) => result.workload === workload && result.contestant === contestant)
  }

  /** The warm median; `undefined` where it was not measured. */
  warm(workload: string, contestant: string): number | undefined {
    return this.get(workload, contestant)?.warmMs.median
  }
}
