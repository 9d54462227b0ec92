/**
 * Long work in slices, so that whoever runs it can let others through in between.
 *
 * A chain can have a million jobs, and what is done for each of them before the first one starts must not hold up the
 * chains that run. Such work is a generator that yields between slices: the engine gives way there, everyone else uses
 * `runAll`.
 *
 * @since 0.1.0
 */

/** Work that yields between its slices and returns `A`. */
export type Slices<A> = Generator<undefined, A, void>

/** Does all the work at once. */
export const runAll = <A>(slices: Slices<A>): A => {
  let step = slices.next()
  while (!step.done) step = slices.next()
  return step.value
}

/** A few milliseconds of work where an item takes a few microseconds, as looking up the names of a job's edges does. */
const sliceSize = 1024

/** Hands `work` the indices from 0 up to, not including, `size` in order, in slices from `start` to before `end`. */
export function* range(size: number, work: (start: number, end: number) => void): Slices<void> {
  for (let start = 0; start < size; start += sliceSize) {
    const end = Math.min(size, start + sliceSize)
    work(start, end)
    if (end < size) yield
  }
}
