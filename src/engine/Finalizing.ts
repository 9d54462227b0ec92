/**
 * What is done once when a run of a chain is over: its outcome is kept, then sent, and the chain leaves its repo.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as LogLevel from "effect/LogLevel"
import * as Chain from "../domain/Chain.ts"
import * as Progress from "../domain/Progress.ts"
import type * as JobReaper from "./JobReaper.ts"
import * as Reporter from "./Reporter.ts"
import type { Traversal } from "./Traversal.ts"

/** Keeps and reports how the run ended, and takes the chain out of its repo. */
export const finalize = Effect.fnUntraced(function*(traversal: Traversal, reaper: JobReaper.JobReaper) {
  const { requestId, services: { repo } } = traversal
  traversal.settleTimes()
  let outcome = reaper.finalize(traversal.chain)
  yield* keep(traversal, outcome)
  if (!repo.keepsReports) {
    const isSent = yield* sendOutcome(traversal, outcome)
    if (!isSent && outcome.state === "SUSPENDED") {
      // A suspended chain that nobody has cannot be resumed.
      Chain.setState(traversal.chain, "FAIL")
      outcome = { ...outcome, state: "FAIL", suspended: undefined }
      yield* keep(traversal, outcome)
      yield* sendOutcome(traversal, outcome)
    }
  }
  yield* Effect.catch(repo.remove(requestId), (error) => Effect.logError(error.message))
  yield* logEnd(requestId, outcome)
  return outcome
})

/** Annotations are made only where somebody reads them: they cost as much as a job. */
const logEnd = (requestId: string, { finishedJobs, state }: JobReaper.RequestOutcome): Effect.Effect<void> =>
  Effect.flatMap(LogLevel.isEnabled("Info"), (isLogged) =>
    isLogged
      ? Effect.annotateLogs(Effect.logInfo("Chain ended"), { requestId, state, finishedJobs })
      : Effect.void)

const keep = (traversal: Traversal, outcome: JobReaper.RequestOutcome): Effect.Effect<void> =>
  Effect.suspend(() => traversal.services.repo.set(traversal.checkpointOf(outcome)))

const sendOutcome = (traversal: Traversal, outcome: JobReaper.RequestOutcome): Effect.Effect<boolean> =>
  Effect.callback((resume) => {
    const { clock, fork, requestId, services: { reports, settings } } = traversal
    const { finishedJobs, state, suspended } = outcome
    const totalJobs = Progress.sizeByNow(traversal.chain)
    const finish = {
      requestId,
      state,
      finishedJobs,
      finishedAt: clock.currentTimeMillisUnsafe(),
      ...(totalJobs !== undefined && { totalJobs })
    }
    Reporter.sendAll({
      settings,
      fork,
      send: () => suspended === undefined ? reports.finish(finish) : reports.suspended(suspended),
      triesOf: () => settings.reportTries,
      accepted: () => resume(Effect.succeed(true)),
      settled: (_, isAccepted) => resume(Effect.succeed(isAccepted))
    }, [outcome])
  })
