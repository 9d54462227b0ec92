/**
 * Rows as a table of text: columns two spaces apart, for eyes and for `awk`.
 *
 * @since 0.1.0
 */
import stringWidth from "string-width"
import * as PlainText from "./PlainText.ts"

type Cells = ReadonlyArray<string>

/** Returns the table, each line ended. A terminal of so many columns cuts what is in the last one, if anything. */
export const render = (head: Cells, rows: ReadonlyArray<Cells>, columns = Number.POSITIVE_INFINITY): string => {
  const lines = [head, ...rows].map((cells) => cells.map((cell) => PlainText.plain(cell)))
  const widths = head.map((_, column) =>
    lines.reduce((width, cells) => Math.max(width, stringWidth(cells[column] ?? "")), 0)
  )
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + gap.length, 0)
  const lastMax = Math.max(lastMin, columns - before)
  return lines.map((cells) => {
    const padded = cells.slice(0, -1).map((cell, column) => PlainText.pad(cell, widths[column] ?? 0))
    return `${[...padded, PlainText.fit(cells.at(-1) ?? "", lastMax)].join(gap).trimEnd()}\n`
  }).join("")
}

const gap = "  "

/** Cut to less, it says nothing. */
const lastMin = 16
