/**
 * What a store knows, beyond the chain itself, of a chain whose process was cut off.
 *
 * Given to `TraverserFactory.makeFromChain`. A chain that was suspended in good order needs none of it.
 *
 * @since 0.1.0
 */

export interface Resumption {
  /**
   * Ids of the jobs whose try was cut off. Their counts in the chain are those before that try, which runs again
   * under the same number and idempotency key, with `recovered` set.
   */
  readonly recovered?: ReadonlySet<string>
  /** Job id → when its wait, or its sequence's, is over, in Unix milliseconds. A wait keeps its deadline. */
  readonly waits?: ReadonlyMap<string, number>
  /**
   * Job id → why it is not to run again. Such a job has failed for good when its turn comes, whatever tries it or its
   * sequence has left.
   */
  readonly givenUp?: ReadonlyMap<string, string>
}

export const none: Resumption = {}
