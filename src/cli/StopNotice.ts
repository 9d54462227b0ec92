/**
 * What people are told while a chain is being ended early: why, what is waited for, and how not to wait.
 *
 * @since 0.1.0
 */
import * as ChainView from "./ChainView.ts"
import { listed } from "./Listed.ts"

/** Returns the notice in one line, or `undefined` for a chain that is not being stopped. `now` is in Unix milliseconds. */
export const describe = (
  view: ChainView.ChainView,
  { now, stopTimeout }: { readonly now: number; readonly stopTimeout: number }
): string | undefined => {
  if (view.stopping === undefined) return undefined
  const what = words[view.stopping.reason]
  const ids = ChainView.running(view).map((job) => job.id)
  if (ids.length === 0) return what
  const seconds = Math.max(0, Math.ceil((view.stopping.at + stopTimeout - now) / 1000))
  const jobs = ids.length === 1 ? "1 job" : `${ids.length} jobs`
  return `${what}: waiting up to ${seconds} s for ${jobs} (Ctrl-C again to kill ${ids.length === 1 ? "it" : "them"}): ${
    listed(ids)
  }`
}

const words: Readonly<Record<ChainView.Stopping["reason"], string>> = {
  stop: "Stopping",
  suspend: "Suspending",
  timeout: "Timed out"
}
