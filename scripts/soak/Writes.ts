/**
 * Ends processes right before and right after every write of a chain, one process for each, and looks at what another one makes of
 * it.
 */
import type { Arguments } from "./Arguments.ts"
import * as Audit from "./Audit.ts"
import { Bench } from "./Bench.ts"
import * as Shapes from "./Shapes.ts"
import type { Death } from "./worker.ts"

export interface Options extends Pick<Arguments, "database" | "keep" | "seed"> {
  /** The names of the chains, as of `Shapes`. */
  readonly names: ReadonlyArray<string>
  readonly say: (text: string) => void
}

export interface Outcome extends Audit.Audit {
  /** How many processes ended in that way. */
  readonly deaths: number
}

/** How long the last process has for what is left. */
const finishMillisMax = 120_000

/** Runs each chain until a process comes to its end: it has fewer writes than that. */
export const run = async ({ database, keep, names, say, seed }: Options): Promise<Outcome> => {
  const bench = await Bench.open({ database, seed })
  let deaths = 0
  const diesAt = async (name: string, death: Death): Promise<boolean> => {
    const worker = await bench.startWorker()
    const only = [Shapes.named(name, `${death.when}-${death.write}`)]
    worker.tell(bench.task({ seed, only, dieAt: death }))
    const end = await worker.ended()
    if (end === 0) return false
    if (end !== "SIGKILL") throw new Error(`A worker ended: ${end}`)
    say(`${++deaths} of all deaths at a write`)
    return true
  }
  try {
    for (const name of names) {
      await Promise.all((["before", "after"] as const).map(async (when) => {
        let write = 1
        while (await diesAt(name, { when, write })) write++
        if (write === 1) throw new Error(`No worker wrote anything of the chain ${name}`)
      }))
    }
    await bench.finish(seed, finishMillisMax)
    return { ...await Audit.make(bench), deaths }
  } finally {
    await bench.close(keep)
  }
}
