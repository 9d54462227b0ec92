/**
 * Reads the flags of a script of this repository.
 */
import { parseArgs, type ParseArgsOptionsConfig } from "node:util"

/** Asked for what there is not; the message says what there is. */
export class BadArguments extends Error {}

/** Returns the values of flags; throws `BadArguments`. */
export const read = <const Options extends ParseArgsOptionsConfig>(args: ReadonlyArray<string>, options: Options) => {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: false }).values
  } catch (error) {
    const flags = Object.keys(options).map((name) => `--${name}`).join(", ")
    throw new BadArguments(`${(error as Error).message}; the flags are ${flags}.`, { cause: error })
  }
}
