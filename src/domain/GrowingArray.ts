/**
 * Typed arrays that can grow.
 *
 * A grown array is a view of the first part of a larger buffer, so that growing again mostly costs nothing, and `length` still
 * says how much there is. Whoever keeps an array keeps the shorter one: it has to be read anew where it may have grown.
 *
 * @since 0.1.0
 */

type TypedArray = Uint8Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>

/** Returns an array that begins with the elements of `array`, then has zeros up to a length that is not less. */
export const grown = <A extends TypedArray>(array: A, length: number): A => {
  const make = array.constructor as new(from: ArrayBuffer | number, offset?: number, length?: number) => A
  const { buffer, byteOffset, BYTES_PER_ELEMENT } = array
  if (byteOffset === 0 && buffer.byteLength >= length * BYTES_PER_ELEMENT) return new make(buffer, 0, length)
  const larger = new make(Math.max(length, 2 * array.length))
  larger.set(array)
  return new make(larger.buffer, 0, length)
}
