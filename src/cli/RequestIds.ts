/**
 * Request ids as people type them: whole, or only as much of the beginning as names one chain.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { ChainStore } from "../storage/ChainStore.ts"
import { BadInput } from "./BadInput.ts"

/** Returns the request id that is meant; fails where there is none, or more than one. */
export const resolve = Effect.fnUntraced(function*(text: string) {
  const found = yield* find(text)
  return found ?? (yield* new BadInput({ message: `The store has no chain of request "${text}"` }))
})

/** Returns the request id that is meant, `undefined` where there is none; fails where there is more than one. */
export const find = Effect.fnUntraced(function*(text: string) {
  const store = yield* ChainStore
  if ((yield* store.list({ requestId: text })).length > 0) return text
  if (text === "") return undefined
  const found = yield* store.list({ idPrefix: text, limit: shown + 1 })
  if (found.length < 2) return found[0]?.requestId
  const ids = found.slice(0, shown).map(({ requestId }) => `  ${requestId}\n`).join("")
  const more = found.length > shown ? "  and more\n" : ""
  return yield* new BadInput({
    message: `"${text}" is the beginning of more than one request id:\n${ids}${more}`.trimEnd()
  })
})

const shown = 5
