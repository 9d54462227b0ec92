/**
 * What a job or sequence is repeated for: each item of a list that is given, or of one that job data holds at run time.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Items from "../domain/Items.ts"
import type { Entry } from "./ChainSpec.ts"
import type { Path, SpecFault } from "./SpecFault.ts"

export interface FanOut {
  /** What stands for the item in args, and the key of the item in job data. */
  readonly variable: string
  /** The items, or the key of the list in job data. */
  readonly of: ReadonlyArray<Items.Item> | string
  /** The field by which items are called. */
  readonly key: string | undefined
  /** How many instances may be under way at once; `undefined` for all. */
  readonly parallel: number | undefined
  /** Where the list is. */
  readonly list: Path
}

/** Returns what an entry is repeated for, or everything that is wrong with that; nothing where it is not repeated. */
export const read = ({ each }: Entry, path: Path): Result.Result<FanOut | undefined, ReadonlyArray<SpecFault>> => {
  if (each === undefined) return Result.succeed(undefined)
  const isMap = typeof each === "object" && "of" in each
  const { as: variable = "item", key, of, parallel } = isMap ? each : { of: each }
  const list = [...path, "each", ...(isMap ? ["of"] : [])]
  if (typeof of === "string") return Result.succeed({ variable, of, key, parallel, list })
  return Result.mapBoth(Items.read(of, key), {
    onSuccess: (items) => ({ variable, of: items, key, parallel, list }),
    onFailure: (faults) => faults.map(({ message, place }) => faultAt(list, place, message))
  })
}

const faultAt = (list: Path, place: number | undefined, message: string): SpecFault => ({
  kind: "malformed",
  path: place === undefined ? list : [...list, place],
  at: "value",
  message
})
