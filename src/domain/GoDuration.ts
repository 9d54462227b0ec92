/**
 * Durations as Go writes them: `"300ms"`, `"1m30s"`, `"1.5h"`, `"-2s"`. Used by every wait on the wire.
 *
 * The grammar is that of Go's `time.ParseDuration`, but for one addition: the empty text is 0, as in the reference.
 *
 * @since 0.1.0
 */

const millisecondsPer: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  "µs": 1e-3,
  "μs": 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000
}

const whole = /^([-+]?)(?:0|((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+))$/
const part = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g

// Go keeps nanoseconds in a signed 64-bit integer and refuses what does not fit.
const millisecondsMax = 2 ** 63 / 1e6

/** Returns the milliseconds (a fraction below one millisecond) a duration stands for; `undefined` when it is not one. */
export const parse = (text: string): number | undefined => {
  if (text === "") return 0
  const match = whole.exec(text)
  if (match === null) return undefined
  let milliseconds = 0
  for (const [, count, unit] of (match[2] ?? "").matchAll(part)) {
    milliseconds += Number(count) * (millisecondsPer[unit as string] as number)
  }
  if (milliseconds > millisecondsMax) return undefined
  // Durations are whole nanoseconds: "1.005s" is 1005 ms, which the sum may miss by a rounding error.
  const exact = Math.round(milliseconds * 1e6) / 1e6
  return match[1] === "-" ? 0 - exact : exact
}

/** Returns the shortest duration text for a number of milliseconds, to the nanosecond: `90_000` is `"1m30s"`, 0 is `"0s"`. */
export const format = (milliseconds: number): string => {
  let rest = Math.round(milliseconds * 1e6)
  if (rest === 0) return "0s"
  if (rest < 0) return `-${format(-milliseconds)}`
  let text = ""
  for (
    const [unit, nanoseconds] of [["h", 3.6e12], ["m", 6e10], ["s", 1e9], ["ms", 1e6], ["us", 1e3], ["ns", 1]] as const
  ) {
    const count = Math.floor(rest / nanoseconds)
    if (count > 0) text += `${count}${unit}`
    rest -= count * nanoseconds
  }
  return text
}
