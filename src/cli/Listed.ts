/**
 * A list of ids in a sentence, of which the first say enough where there are many.
 *
 * @since 0.1.0
 */

/** Returns the ids joined by commas. */
export const listed = (ids: ReadonlyArray<string>): string => {
  const hidden = ids.length - listedMax
  return `${ids.slice(0, listedMax).join(", ")}${hidden > 0 ? ` and ${hidden} more` : ""}`
}

const listedMax = 5
