/**
 * Maps and sets that are usually empty, and cost next to nothing while they are.
 *
 * A chain keeps many things that few chains have any of. With a thousand small chains at once, an empty `Map` for each of them
 * was most of what the garbage collector had to do.
 *
 * @since 0.1.0
 */

const emptyMap: ReadonlyMap<never, never> = new Map<never, never>()
const emptySet: ReadonlySet<never> = new Set<never>()

/** A `Map` that is made when something is put into it. */
export class SparseMap<Key, Value> implements ReadonlyMap<Key, Value> {
  private map: Map<Key, Value> | undefined = undefined

  get size(): number {
    return this.map === undefined ? 0 : this.map.size
  }

  get(key: Key): Value | undefined {
    return this.map?.get(key)
  }

  has(key: Key): boolean {
    return this.map !== undefined && this.map.has(key)
  }

  set(key: Key, value: Value): this {
    this.map ??= new Map()
    this.map.set(key, value)
    return this
  }

  delete(key: Key): boolean {
    return this.map !== undefined && this.map.delete(key)
  }

  clear(): void {
    this.map = undefined
  }

  keys(): MapIterator<Key> {
    return this.present.keys()
  }

  values(): MapIterator<Value> {
    return this.present.values()
  }

  entries(): MapIterator<[Key, Value]> {
    return this.present.entries()
  }

  [Symbol.iterator](): MapIterator<[Key, Value]> {
    return this.present.entries()
  }

  forEach(act: (value: Value, key: Key, map: ReadonlyMap<Key, Value>) => void): void {
    this.map?.forEach(act)
  }

  private get present(): ReadonlyMap<Key, Value> {
    return this.map ?? emptyMap as ReadonlyMap<never, never> as ReadonlyMap<Key, Value>
  }
}

/** A `Set` that is made when something is put into it. */
export class SparseSet<Value> implements Iterable<Value> {
  private set: Set<Value> | undefined = undefined

  get size(): number {
    return this.set === undefined ? 0 : this.set.size
  }

  has(value: Value): boolean {
    return this.set !== undefined && this.set.has(value)
  }

  add(value: Value): this {
    this.set ??= new Set()
    this.set.add(value)
    return this
  }

  delete(value: Value): boolean {
    return this.set !== undefined && this.set.delete(value)
  }

  clear(): void {
    this.set = undefined
  }

  [Symbol.iterator](): SetIterator<Value> {
    return (this.set ?? emptySet as ReadonlySet<never> as ReadonlySet<Value>).values()
  }
}
