/**
 * jobchain with its store in SQLite, `synchronous` FULL as it is unless told otherwise: see `StoredChains.ts`.
 */
import * as Store from "../../../src/storage/Store.ts"
import * as Place from "../Place.ts"
import * as StoredChains from "./StoredChains.ts"

export const contestant = StoredChains.make({
  place: Place.sqlite,
  store: (filename) => Store.layerSqlite({ filename, synchronous: "FULL" })
})
