/**
 * Finds what the disk, or a hand, has changed within a row.
 *
 * SQLite notices when the form of its pages is broken, and not when a byte of a value is another one: a job would run with wrong
 * args. So the rows that say what is to run, and what has, have a CRC-32 of what they hold. Of a chain's own row that are
 * three: of its wire value, of what was asked for (`ChainRequest`), and of how far it is (`ChainProgress`), as each is written at
 * another time. Rows of versions that had none are taken as they are.
 *
 * @since 0.1.0
 */
import { crc32 } from "node:zlib"
import { DamagedRow, type Place } from "./DamagedRow.ts"

/** A value of a column. */
export type Value = string | number | null

/** Returns the checksum of a row's values. */
export const of = (values: ReadonlyArray<Value>): number => crc32(JSON.stringify(values))

/** Returns the checksum of a row's bytes and its other values. */
export const ofBytes = (bytes: Uint8Array, values: ReadonlyArray<Value>): number => crc32(bytes, of(values))

/** Throws a `DamagedRow` where the values are not those that the checksum was made of. */
export const check = (checksum: number | null, values: ReadonlyArray<Value>, place: Place): void => {
  if (checksum !== null && checksum !== of(values)) throw damaged(place)
}

/** Throws a `DamagedRow` where the bytes and values are not those that the checksum was made of. */
export const checkBytes = (
  checksum: number | null,
  bytes: Uint8Array,
  values: ReadonlyArray<Value>,
  place: Place
): void => {
  if (checksum !== null && checksum !== ofBytes(bytes, values)) throw damaged(place)
}

/** Returns the error of a row that does not hold what was written. */
export const damaged = (place: Place): DamagedRow => new DamagedRow({ ...place, reason: "its checksum does not fit" })
