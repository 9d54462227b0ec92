/**
 * URLs of databases as people are shown them.
 *
 * @since 0.1.0
 */

/** Where a URL may have a password beside its user. */
const secrets: ReadonlyArray<string> = ["password", "sslpassword"]

/** Returns a URL without what is secret in it; of a text that is none, which could be anything, only the scheme. */
export const withoutPassword = (url: string): string => {
  const shown = URL.parse(url)
  if (shown === null) return "postgres:…"
  shown.password = ""
  for (const name of secrets) if (shown.searchParams.has(name)) shown.searchParams.delete(name)
  return shown.href
}
