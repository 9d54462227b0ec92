import { Effect } from "effect"
import * as GraphWorkload from "../../scripts/bench/GraphWorkload.ts"

/** How many jobs a contestant says it ran, after two runs. */
export const ranBy = (name: string, workload: GraphWorkload.GraphWorkload): Effect.Effect<number> =>
  Effect.promise(async () => {
    const contestant = await GraphWorkload.contestant(name)
    const session = await contestant(workload).open()
    await session.run()
    await session.run()
    return session.close()
  })
