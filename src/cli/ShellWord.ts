/**
 * Words of commands that people are told to type.
 *
 * @since 0.1.0
 */

/** Returns a text as one word for a shell. */
export const quoted = (text: string): string =>
  /^[\w./@+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
