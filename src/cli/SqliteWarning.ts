/**
 * The warning of Node 22 that its SQLite is experimental: nothing that somebody who runs a chain can act on.
 *
 * @since 0.1.0
 */

/** Keeps that one warning, and no other, from stderr. Called once, at the start. */
export const silence = (): void => {
  const { emitWarning } = process
  process.emitWarning = (...args: ReadonlyArray<unknown>) => {
    if (!String(args[0]).startsWith("SQLite is an experimental feature")) Reflect.apply(emitWarning, process, args)
  }
}
