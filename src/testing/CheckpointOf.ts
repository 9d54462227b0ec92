import type { Chain } from "../domain/Progress.ts"
import type { Checkpoint } from "../engine/Checkpoint.ts"

/** Makes a checkpoint of a chain, to be given to a `ChainRepo`: what is left out has not happened. */
export const checkpointOf = (chain: Chain, some: Partial<Checkpoint> = {}): Checkpoint => ({
  chain,
  added: [],
  changed: [],
  logs: [],
  starting: [],
  waiting: [],
  signals: [],
  usedSignals: [],
  outcome: undefined,
  ...some
})
