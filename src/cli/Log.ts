/**
 * `jobchain log`: what the jobs of a chain have written, and how their tries ended, as `jobchain run` has shown it.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { didYouMean } from "../spec/SpecFault.ts"
import { ChainStore } from "../storage/ChainStore.ts"
import { BadInput } from "./BadInput.ts"
import * as ChainStanding from "./ChainStanding.ts"
import type * as ChainTable from "./ChainTable.ts"
import { LogReading } from "./LogReading.ts"
import * as OpenStore from "./OpenStore.ts"
import * as Output from "./Output.ts"
import * as RequestIds from "./RequestIds.ts"
import * as StoreLocation from "./StoreLocation.ts"
import * as Times from "./Times.ts"

export interface LogOptions extends StoreLocation.DatabaseFlag {
  readonly id: string
  readonly job: Option.Option<string>
  readonly follow: boolean
  readonly output: ChainTable.Format
}

/** Writes the log of a chain, or of one of its jobs, to stdout; returns the exit code. */
export const log = (options: LogOptions) =>
  OpenStore.useExisting(
    StoreLocation.of(options),
    Effect.gen(function*() {
      const store = yield* ChainStore
      const requestId = yield* RequestIds.resolve(options.id)
      const jobId = Option.getOrUndefined(options.job)
      if (jobId !== undefined) yield* checkJob(store, requestId, jobId)
      const reading = new LogReading(store, { requestId, jobId, write: Output.outInTime })
      const isPretty = options.output === "pretty"
      const look = isPretty ? reading.writeNew : Effect.void
      // What is read after the chain was seen at rest is all there is.
      while (options.follow && Output.isOutOpen() && !(yield* isAtRest(store, requestId))) {
        yield* look
        yield* Effect.sleep(betweenLooks)
      }
      yield* look
      if (!isPretty) Output.out(`${JSON.stringify((yield* store.logs(requestId, jobId)).map(toJson), null, 2)}\n`)
      if (options.follow && Output.isOutOpen()) yield* tellEnd(store, requestId)
      return 0
    })
  )

const betweenLooks = "500 millis"

const isAtRest = (store: ChainStore["Service"], requestId: string) =>
  Effect.map(store.list({ requestId }), ([info]) => info === undefined || ChainStanding.isAtRest(info))

const tellEnd = (store: ChainStore["Service"], requestId: string) =>
  Effect.map(store.list({ requestId }), ([info]) => {
    if (info !== undefined) Output.err(`${requestId}: ${ChainStanding.word(info)}\n`)
  })

const checkJob = Effect.fnUntraced(function*(store: ChainStore["Service"], requestId: string, jobId: string) {
  const ids = (yield* store.status(requestId)).jobs.map(({ id }) => id)
  if (ids.includes(jobId)) return
  // Of a job in a sequence, people tend to know the second half.
  const longer = ids.find((id) => id.endsWith(`.${jobId}`))
  const hint = longer === undefined ? didYouMean(jobId, ids) : `did you mean "${longer}"?`
  const message = `Request ${requestId} has no job "${jobId}"${hint === undefined ? "" : `; ${hint}`}`
  return yield* new BadInput({ message })
})

type Logs = Effect.Success<ReturnType<ChainStore["Service"]["logs"]>>

const toJson = (log: Logs[number]) => ({
  ...log,
  startedAt: Times.iso(log.startedAt),
  finishedAt: Times.iso(log.finishedAt)
})
