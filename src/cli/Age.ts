/**
 * How long ago, on the command line: `30d`, `12h`, `1w`.
 *
 * @since 0.1.0
 */

const millis = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const

/** Reads an age and returns it in milliseconds; throws an `Error` that says what was expected. */
export const parse = (text: string): number => {
  const [, count, unit] = /^(\d+(?:\.\d+)?)([smhdw])$/.exec(text) ?? []
  if (unit === undefined) throw new Error(`an age such as 30d (s, m, h, d or w), got ${JSON.stringify(text)}`)
  return Number(count) * millis[unit as keyof typeof millis]
}
