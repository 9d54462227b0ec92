/**
 * Texts of others, made fit for a terminal: what jobs and files say could move its cursor or ring its bell.
 *
 * @since 0.1.0
 */
import stringWidth from "string-width"

/** Takes control characters and escape sequences out of a text of one line. */
export const plain = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- Control characters are what is looked for.
  text.replaceAll(/\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?)/g, "")
    .replaceAll("\t", " ")
    // oxlint-disable-next-line no-control-regex -- As above.
    .replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, "")

/** Cuts a text where it is wider than so many columns, and says so with an ellipsis. */
export const fit = (text: string, columns: number): string => {
  // Far more than fits; measuring letter by letter takes its time.
  const start = text.length > 8 * columns ? text.slice(0, 8 * columns) : text
  if (start === text && stringWidth(text) <= columns) return text
  let fitting = ""
  let width = 0
  for (const { segment } of graphemes.segment(start)) {
    width += stringWidth(segment)
    if (width > columns - 1) break
    fitting += segment
  }
  return `${fitting}…`
}

const graphemes = new Intl.Segmenter()

/** Fills a text up with spaces to so many columns. */
export const pad = (text: string, columns: number): string =>
  text + " ".repeat(Math.max(0, columns - stringWidth(text)))
