/**
 * Kills processes at random moments, two at a time on one store, and looks at what is left.
 */
import { setTimeout as sleep } from "node:timers/promises"
import type { Arguments } from "./Arguments.ts"
import * as Audit from "./Audit.ts"
import { Bench } from "./Bench.ts"
import { Dice } from "./Dice.ts"

export interface Options extends Pick<Arguments, "database" | "keep" | "seed"> {
  readonly kills: number
  readonly say: (text: string) => void
}

/** So many are alive at once: when one dies, the other is there to take its chains over. */
const alive = 2

/** How many runs of jobs a process lives to begin: every fifth one is killed before, while it opens the store and takes over what was left. */
const runsOf = (dice: Dice): number => dice.between(1, 5) === 1 ? 0 : dice.between(1, 60)

/** How long one lives that begins fewer; so long that most have opened the store. */
const shortMillisMax = 300

/** How long one has to get so far, on a machine that is busy. */
const longMillisMax = 10_000

/** Up to how long after that it is killed: some jobs and commits. */
const restMillisMax = 30

/** How many chains a process has running at once. */
const chains = 4

/** How long the last process has for what is left. */
const finishMillisMax = 300_000

/** Kills so many processes, lets one more run all that is left to its end, and looks. */
export const run = async ({ database, keep, kills, say, seed }: Options): Promise<Audit.Audit> => {
  const bench = await Bench.open({ database, seed })
  try {
    const dice = new Dice(seed)
    let begun = 0
    let done = 0
    const killInTurn = async (): Promise<void> => {
      let next = bench.startWorker()
      while (begun < kills) {
        begun++
        const worker = await next
        next = bench.startWorker()
        const sayAfterRuns = runsOf(dice)
        worker.tell(bench.task({ seed: dice.between(0, 2 ** 31), chains, sayAfterRuns }))
        const life = sayAfterRuns === 0 ? sleep(dice.between(0, shortMillisMax)) : worker.said("running")
        await Promise.race([life, sleep(longMillisMax)])
        await sleep(dice.between(0, restMillisMax))
        worker.signal("SIGKILL")
        await worker.ended()
        say(`${++done} of ${kills} killed`)
      }
      const spare = await next
      spare.signal("SIGKILL")
      await spare.ended()
    }
    await Promise.all(Array.from({ length: alive }, killInTurn))
    say("running what is left")
    await bench.finish(seed, finishMillisMax)
    return await Audit.make(bench)
  } finally {
    await bench.close(keep)
  }
}
