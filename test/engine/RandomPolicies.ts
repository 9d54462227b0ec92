/**
 * Random limits, priorities and retry policies for random chains.
 *
 * None of it changes how a chain ends: a policy asks only for the exit code, and all failures in one try of the outermost sequence
 * around have the same, so that it does not matter which of two comes first.
 */
import type { ChainLimits, Job } from "../../src/domain/JobChain.ts"
import type { RetryPolicy } from "../../src/domain/RetryPolicy.ts"
import type * as Limits from "../../src/engine/Limits.ts"
import * as RandomChain from "./RandomChain.ts"

/** Of the keys the last is one that nobody limits: its jobs run one at a time. */
const keys = ["k0", "k1", "k2"]
const types = ["random", "other"]

/** Returns the chain with limits of its own and of the process, and jobs with priorities, keys, types and policies. */
export const add = (chain: RandomChain.RandomChain, seed: number): RandomChain.RandomChain => {
  const next = RandomChain.random(seed + 2)
  const below = (max: number) => Math.floor(next() * max)
  const oneOf = <A>(values: ReadonlyArray<A>): A => values[below(values.length)] as A

  const policy = (): RetryPolicy => ({
    factor: 1 + below(3),
    ...(below(2) === 0 && { maxWait: "30ms" }),
    ...(below(2) === 0 && { jitter: 0.5 }),
    ...(below(3) === 0 && { exits: oneOf([[1], [2, 3], []]) })
  })
  const withPolicies = ({ each, ...job }: Job): Job => ({
    ...job,
    type: oneOf(types),
    priority: below(3) - 1,
    ...(below(2) === 0 && { concurrencyKey: oneOf(keys) }),
    ...(below(3) === 0 && { retryPolicy: policy() }),
    ...(job.sequenceRetry !== undefined && below(2) === 0 && { sequenceSiblings: oneOf(["finish", "interrupt"]) }),
    ...(job.sequenceRetry !== undefined && below(3) === 0 && { sequenceRetryPolicy: policy() }),
    ...(each && { each: { ...each, template: { ...each.template, jobs: all(each.template?.jobs) } } })
  })
  const all = (jobs: Readonly<Record<string, Job>> | null | undefined) =>
    Object.fromEntries(Object.entries(jobs ?? {}).map(([id, job]) => [id, withPolicies(job)]))

  const some = (names: ReadonlyArray<string>) =>
    Object.fromEntries(names.filter(() => below(3) === 0).map((name) => [name, 1 + below(3)]))
  const limit = (): Limits.Limit => ({
    ...(below(3) > 0 && { jobs: 1 + below(3) }),
    ...(below(2) === 0 && { rate: { jobs: 1 + below(3), per: 10 + 15 * below(3) } })
  })
  const limits: ChainLimits = { types: some(types), keys: some(keys), ...(below(3) === 0 && { jobs: 1 + below(4) }) }
  return {
    ...chain,
    jobChain: { ...chain.jobChain, jobs: all(chain.jobChain.jobs), limits },
    limits: {
      keys: Object.fromEntries(keys.slice(0, -1).map((key) => [key, limit()])),
      types: Object.fromEntries(types.filter(() => below(3) === 0).map((type) => [type, limit()]))
    },
    ending: (jobId, jobTry, sequenceTries) => {
      const ending = chain.ending(jobId, jobTry, sequenceTries)
      const exit = 1 + ((seed + (sequenceTries.at(-1) ?? jobTry)) % 3)
      if (ending.state === "COMPLETE") return ending
      return ending.state === "panic" && exit !== 1 ? { ...ending, state: "FAIL", exit } : { ...ending, exit }
    }
  }
}

/** Returns a random chain; every other one has limits and policies. */
export const make = (seed: number): RandomChain.RandomChain =>
  seed % 2 === 0 ? RandomChain.make(seed) : add(RandomChain.make(seed), seed)
