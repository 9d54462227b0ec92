/**
 * jobchain with its store in PostgreSQL: see `StoredChains.ts`.
 */
import * as Redacted from "effect/Redacted"
import * as Store from "../../../src/storage/Store.ts"
import * as Place from "../Place.ts"
import * as StoredChains from "./StoredChains.ts"

export const contestant = StoredChains.make({
  place: Place.postgres,
  store: (url) => Store.layerPostgres({ url: Redacted.make(url) })
})
