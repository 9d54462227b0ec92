/**
 * Times as people read them in tables: the local time, and how long something took.
 *
 * @since 0.1.0
 */

/** Returns the local date and time, to the second. `at` is in Unix milliseconds. */
export const dateTime = (at: number): string => `${date(at)} ${time(at)}`

/** Returns the local time; with its date where that is not the date of `day`. Both are Unix milliseconds. */
export const timeOn = (day: number, at: number): string => date(day) === date(at) ? time(at) : dateTime(at)

/** Returns a length of time in its two largest units; below a minute, to a tenth of a second. */
export const span = (milliseconds: number): string => {
  if (milliseconds < 59_950) return `${(Math.max(0, milliseconds) / 1000).toFixed(1)}s`
  const seconds = Math.round(milliseconds / 1000)
  const [large, small] = seconds < 3600
    ? [`${Math.floor(seconds / 60)}m`, `${two(seconds % 60)}s`]
    : seconds < 86_400
    ? [`${Math.floor(seconds / 3600)}h`, `${two(Math.floor(seconds / 60) % 60)}m`]
    : [`${Math.floor(seconds / 86_400)}d`, `${two(Math.floor(seconds / 3600) % 24)}h`]
  return `${large} ${small}`
}

/** Returns the time in ISO 8601, `null` where there is none. */
export const iso = (at: number | undefined): string | null =>
  at === undefined || at === 0 ? null : new Date(at).toISOString()

const date = (at: number): string => {
  const day = new Date(at)
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`
}

const time = (at: number): string => {
  const day = new Date(at)
  return `${two(day.getHours())}:${two(day.getMinutes())}:${two(day.getSeconds())}`
}

const two = (number: number): string => String(number).padStart(2, "0")
