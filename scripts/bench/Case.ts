/**
 * A contestant that is ready for a workload.
 *
 * What its documentation would call configuration, such as the graph in its own form, is made when the case is: that is not
 * timed. Nor are opening and closing a session, in which contestants with services build and release these, so that one run
 * leaves nothing behind for the next. What is timed is `run`, from the configuration in hand to the end of the last job.
 */

export interface Case {
  readonly open: () => Session | Promise<Session>
  /** The peak memory of what a run starts, for a case that is a command; else that of the process it is in counts. */
  readonly peakMiB?: () => Promise<number>
}

export interface Session {
  /** Runs the workload once. May be called again. */
  readonly run: () => Promise<unknown>
  /** Returns how many jobs all its runs ran, by the contestant's own count, and throws where one did not end well. */
  readonly close: () => number | Promise<number>
}

/** A case of which only the runs have to be said: each runs so many jobs, as it counts itself, or throws. */
export const counting = (run: () => Promise<number>): Case => ({
  open: () => {
    let ran = 0
    return {
      run: async () => {
        ran += await run()
      },
      close: () => ran
    }
  }
})
