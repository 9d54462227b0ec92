/**
 * Why a job has ended as it has, beside what its last try says of it.
 *
 * @since 0.1.0
 */
import type { Explanation } from "../domain/Explanation.ts"

/**
 * Returns why a job was not tried again, as far as `error`, that of its last try, does not say it; `""` where there is nothing to
 * say, as with a job whose tries are simply used up.
 */
export const notInError = (error: string, explanation: Explanation | undefined): string => {
  const parts = (explanation?.why ?? "").split("; ").filter((part) => part !== "" && !error.includes(part))
  return parts.length === 1 && parts[0] === noRetriesLeft ? "" : parts.join("; ")
}

const noRetriesLeft = "no retries left"
