/**
 * A list of ids in a sentence, of which the first say enough where there are many.
 *
 * @since 0.1.0
 */

/** Returns the ids joined by commas: the first `max` of them, and how many there are more. */
export const listed = (ids: ReadonlyArray<string>, max = 5): string => {
  const hidden = ids.length - max
  return `${ids.slice(0, max).join(", ")}${hidden > 0 ? ` and ${hidden} more` : ""}`
}
