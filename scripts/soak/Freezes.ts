/**
 * Freezes processes past their lease, has another one take their chains over, and thaws them: what they write then must be refused.
 */
import { setTimeout as sleep } from "node:timers/promises"
import * as JobState from "../../src/domain/JobState.ts"
import type { Arguments } from "./Arguments.ts"
import { Bench } from "./Bench.ts"
import { Dice } from "./Dice.ts"
import * as Shapes from "./Shapes.ts"

export interface Options extends Pick<Arguments, "database" | "keep" | "seed"> {
  readonly freezes: number
  readonly say: (text: string) => void
}

export interface Outcome {
  /** Chains that were taken over from processes that were frozen. */
  readonly takenOver: number
  /** Writes of the frozen that were refused. */
  readonly refused: number
  /** Rounds in which the store changed after the frozen went on. */
  readonly gotThrough: number
  /** Chains that did not end COMPLETE. */
  readonly wrong: number
}

const leaseMillis = 1000

/** Chains of jobs that take so long that none has ended when the process is frozen. */
const chains = 10
const jobMillis = 100

/** Freezes so many processes, one after another. */
export const run = async ({ database, freezes, keep, say, seed }: Options): Promise<Outcome> => {
  const bench = await Bench.open({ database, seed })
  const dice = new Dice(seed)
  let takenOver = 0
  let gotThrough = 0
  try {
    for (let round = 1; round <= freezes; round++) {
      const only = Array.from({ length: chains }, (_, number) => Shapes.line(`${round}-${number}`, jobMillis))
      const requests = only.map(({ requestId }) => requestId ?? "")
      const frozen = await bench.startWorker()
      frozen.tell(bench.task({ seed, lease: leaseMillis, only, sayAfterRuns: chains }))
      await frozen.said("running")
      await sleep(dice.between(0, 3 * jobMillis))
      frozen.signal("SIGSTOP")
      // One that is frozen in the middle of a commit holds the lock of the database, and nobody can write.
      const stored = await bench.stored
      while (await stored.isLocked()) {
        frozen.signal("SIGCONT")
        await sleep(dice.between(1, 10))
        frozen.signal("SIGSTOP")
      }
      const before = await stored.states()
      await sleep(leaseMillis + 500)
      await bench.finish(seed, 60_000)
      takenOver += requests.filter((request) => before.has(request) && before.get(request) !== JobState.COMPLETE).length
      const contents = await stored.contentsOf(requests)
      frozen.signal("SIGCONT")
      await frozen.ended()
      if (await stored.contentsOf(requests) !== contents) gotThrough++
      say(`${round} of ${freezes} frozen`)
    }
    const states = await (await bench.stored).states()
    const wrong = bench.effects.acceptedRequests.filter((id) => states.get(id) !== JobState.COMPLETE)
    return { takenOver, refused: bench.effects.refusals, gotThrough, wrong: wrong.length }
  } finally {
    await bench.close(keep)
  }
}
