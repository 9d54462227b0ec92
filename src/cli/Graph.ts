/**
 * `jobchain graph`: draws the chain of a file.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { JobFactory } from "../engine/JobFactory.ts"
import * as ChainGraph from "../spec/ChainGraph.ts"
import * as InputFile from "./InputFile.ts"
import * as Layers from "./Layers.ts"
import * as Output from "./Output.ts"

/** Draws the chain of a file on stdout; returns the exit code. */
export const graph = Effect.fnUntraced(function*(
  { file, format }: { readonly file: string; readonly format: ChainGraph.Format }
) {
  const { jobChain } = yield* InputFile.read(file, yield* JobFactory)
  Output.out(ChainGraph.render(jobChain, format))
  return 0
}, Effect.provide(Layers.jobTypes))
