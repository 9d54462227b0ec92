/**
 * `jobchain graph`: draws the chain of a file. Its job types need not be known here.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as ChainGraph from "../spec/ChainGraph.ts"
import * as InputFile from "./InputFile.ts"
import * as Output from "./Output.ts"

export interface GraphOptions {
  readonly file: string
  readonly format: ChainGraph.Format
}

/** Draws the chain of a file on stdout; returns the exit code. */
export const graph = Effect.fnUntraced(function*({ file, format }: GraphOptions) {
  const { jobChain } = yield* InputFile.parse(file)
  Output.out(ChainGraph.render(jobChain, format))
  return 0
})
