/**
 * The live view: what goes on in a chain, as lines for a terminal of some size.
 *
 * A progress bar comes first; then jobs that have failed, that run, that wait for their next try or for a limit. Where not
 * all fit, each of the three gets its share of the lines, and the rest is counted. `Screen` draws the lines.
 *
 * @since 0.1.0
 */
import stringWidth from "string-width"
import * as ChainView from "./ChainView.ts"
import { fit, pad as padded, plain } from "./PlainText.ts"
import * as StopNotice from "./StopNotice.ts"

export interface Frame {
  readonly columns: number
  readonly rows: number
  /** Unix milliseconds. */
  readonly now: number
  readonly color: boolean
  /** Milliseconds that a stop or suspend waits for jobs. */
  readonly stopTimeout: number
}

/** Returns the lines that show a chain: at most `rows - 1`, each narrower than `columns`. */
export const render = (view: ChainView.ChainView, frame: Frame): ReadonlyArray<string> => {
  const groups = groupsOf(view, frame.now)
  const notice = StopNotice.describe(view, frame)
  // One for the bar, one for what is hidden, one for the cursor.
  const room = Math.max(0, frame.rows - 3 - (notice === undefined ? 0 : 1))
  const counts = share(room, groups.map(({ jobs }) => jobs.length))
  const shown = groups.map((group, index) => ({ ...group, jobs: group.jobs.slice(0, counts[index]) }))
  const idWidth = idWidthOf(shown, frame.columns)
  const hidden = groups.flatMap(({ jobs, word }, index) => {
    const count = jobs.length - (counts[index] ?? 0)
    return count > 0 ? [`${count} ${word}`] : []
  })
  const fitting = (text: string) => fit(text, frame.columns - 1)
  return [
    fitting(bar(view, groups, frame)),
    ...(notice === undefined ? [] : [paint("33", fitting(notice), frame)]),
    ...shown.flatMap(({ color, jobs, show }) =>
      jobs.map((job) => paint(color, fitting(show(job, pad(plain(job.id), idWidth), frame)), frame))
    ),
    ...(hidden.length > 0 ? [fitting(`  and ${hidden.join(", ")}`)] : [])
  ].slice(0, Math.max(1, frame.rows - 1))
}

interface Group {
  readonly word: string
  readonly jobs: ReadonlyArray<ChainView.JobView>
  readonly color: string
  readonly show: (job: ChainView.JobView, id: string, frame: Frame) => string
}

const groupsOf = (view: ChainView.ChainView, now: number): ReadonlyArray<Group> => {
  const failed: Array<ChainView.JobView> = []
  const running: Array<ChainView.JobView> = []
  const waiting: Array<ChainView.JobView> = []
  const heldBack: Array<ChainView.JobView> = []
  for (const job of view.jobs.values()) {
    if (ChainView.isWaiting(job, now)) waiting.push(job)
    else if (ChainView.isHeldBack(job)) heldBack.push(job)
    else if (job.state === "RUNNING") running.push(job)
    else if (job.state === "FAIL" || job.state === "UNKNOWN") failed.push(job)
  }
  running.sort((left, right) => startOf(left) - startOf(right))
  return [
    { word: "failed", jobs: failed, color: "31", show: showFailed },
    { word: "running", jobs: running, color: "36", show: showRunning },
    { word: "waiting", jobs: [...waiting, ...heldBack], color: "33", show: showWaiting }
  ]
}

/** Deals out `room` so that all get the same, and what one does not need the others have. */
const share = (room: number, wanted: ReadonlyArray<number>): ReadonlyArray<number> => {
  const fair = Math.floor(room / wanted.length)
  const given = wanted.map((count) => Math.min(count, fair))
  let left = room - given.reduce((sum, count) => sum + count, 0)
  return given.map((count, index) => {
    const more = Math.min(left, (wanted[index] ?? 0) - count)
    left -= more
    return count + more
  })
}

const idWidthOf = (groups: ReadonlyArray<Group>, columns: number): number => {
  const widths = groups.flatMap(({ jobs }) => jobs.map((job) => stringWidth(plain(job.id))))
  return Math.min(Math.floor(columns / 3), Math.max(0, ...widths))
}

const bar = (view: ChainView.ChainView, groups: ReadonlyArray<Group>, { columns, now }: Frame): string => {
  const total = view.jobs.size
  const width = Math.max(5, Math.min(30, Math.floor(columns / 4)))
  const filled = total === 0 ? 0 : Math.floor(view.finishedJobs / total * width)
  const counts = groups.filter(({ jobs }) => jobs.length > 0).map(({ jobs, word }) => `${jobs.length} ${word}`)
  const skipped = ChainView.countSkipped(view)
  const words = [
    `${view.finishedJobs}/${total}`,
    clock(now - view.startedAt),
    ...counts,
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
    plain(view.requestId)
  ]
  return `${"█".repeat(filled)}${"░".repeat(width - filled)} ${words.join("  ")}`
}

const showFailed = (job: ChainView.JobView, id: string): string =>
  `✗ ${id}  ${tryOf(job.try)}${plain([job.error || job.state, job.lastLine].filter((text) => text !== "").join(" │ "))}`

const showRunning = (job: ChainView.JobView, id: string, { columns, now }: Frame): string => {
  // A wait that is over begins the next try, which may not have said anything yet.
  const number = job.waitsUntil === undefined ? job.try : job.try + 1
  const status = plain(job.status || job.waitsFor)
  const line = plain(job.lastLine)
  const says = status !== "" && line !== "" ? `${fit(status, Math.floor(columns / 3))} │ ${line}` : status || line
  return `▸ ${id}  ${clock(now - startOf(job))}  ${tryOf(number)}${says}`
}

const showWaiting = (job: ChainView.JobView, id: string, { now }: Frame): string =>
  ChainView.isWaiting(job, now)
    ? `◌ ${id}  ${clock((job.waitsUntil ?? now) - now)}  until try ${job.try + 1}${
      job.error === "" ? "" : ` │ ${plain(job.error)}`
    }`
    : `◌ ${id}  ${plain(job.waitsFor)}`

const startOf = (job: ChainView.JobView): number => job.waitsUntil ?? job.tryStartedAt

const tryOf = (number: number): string => number > 1 ? `try ${number}  ` : ""

const paint = (code: string, text: string, { color }: Frame): string => color ? `\u001b[${code}m${text}\u001b[0m` : text

const pad = (text: string, width: number): string => padded(fit(text, width), width)

const clock = (milliseconds: number): string => {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000))
  const minutes = Math.floor(seconds / 60)
  const rest = String(seconds % 60).padStart(2, "0")
  return minutes >= 60
    ? `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`
    : `${minutes}:${rest}`
}
