/**
 * The other side: keeps requests, their chains and job logs, and hears how they come along.
 *
 * The contract is the whole client of the reference's Request Manager (spincycle request-manager client), for
 * applications; the engine itself only speaks through `Reports`. `layerMemory` keeps everything in memory, for tests,
 * the command, and applications that need no more.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { JobChain, SuspendedJobChain } from "../domain/JobChain.ts"
import type { JobLog } from "../domain/JobLog.ts"
import { JobState } from "../domain/JobState.ts"
import type { CreateRequest, FinishRequest, JobStatus, Request, RequestProgress } from "../domain/Request.ts"
import { RequestLogs } from "./RequestLogs.ts"

/** No request of this id is known. */
export class RequestNotFound extends Schema.TaggedError<RequestNotFound>()("RequestNotFound", {
  requestId: Schema.String
}) {
  override get message(): string {
    return `request ${this.requestId} not found`
  }
}

/** The request is not in the state that the call needs; nothing was changed. */
export class RequestStateConflict extends Schema.TaggedError<RequestStateConflict>()("RequestStateConflict", {
  requestId: Schema.String,
  state: JobState,
  expected: Schema.Array(JobState)
}) {
  override get message(): string {
    return `request ${this.requestId} is in state ${this.state}, expected state ${this.expected.join(" or ")}`
  }
}

/** A request of this id was created before. */
export class RequestExists extends Schema.TaggedError<RequestExists>()("RequestExists", { requestId: Schema.String }) {
  override get message(): string {
    return `request ${this.requestId} exists already`
  }
}

/** No log of this job and try is known. */
export class JobLogNotFound extends Schema.TaggedError<JobLogNotFound>()("JobLogNotFound", {
  requestId: Schema.String,
  jobId: Schema.String
}) {
  override get message(): string {
    return `request ${this.requestId} has no log of job ${this.jobId}`
  }
}

/** The Request Manager, or the job runner it depends on, could not be asked. */
export class RequestManagerUnavailable extends Schema.TaggedError<RequestManagerUnavailable>()(
  "RequestManagerUnavailable",
  { reason: Schema.String }
) {
  override get message(): string {
    return `the request manager is not available: ${this.reason}`
  }
}

/** Which requests to find; what is left out does not matter. */
export interface RequestFilter {
  readonly type?: string
  readonly user?: string
  readonly states?: ReadonlyArray<JobState>
  /** Unix milliseconds: running at or after `since` and created before `until`. */
  readonly since?: number
  readonly until?: number
  readonly limit?: number
  readonly offset?: number
}

export class RequestManager extends Context.Service<RequestManager, {
  /** Keeps a new PENDING request. Its id is its chain's, which must not be empty. */
  readonly createRequest: (request: CreateRequest) => Effect.Effect<Request, RequestExists | RequestManagerUnavailable>
  readonly getRequest: (requestId: string) => Effect.Effect<Request, RequestNotFound | RequestManagerUnavailable>
  /** Finds requests, the newest first. */
  readonly findRequests: (filter: RequestFilter) => Effect.Effect<ReadonlyArray<Request>, RequestManagerUnavailable>
  /** Starts a PENDING or SUSPENDED request. */
  readonly startRequest: (
    requestId: string
  ) => Effect.Effect<void, RequestNotFound | RequestStateConflict | RequestManagerUnavailable>
  /** Takes the final state of a RUNNING request. The same again is no error. */
  readonly finishRequest: (
    finish: FinishRequest
  ) => Effect.Effect<void, RequestNotFound | RequestStateConflict | RequestManagerUnavailable>
  /** Stops a RUNNING request and is over when the request is. */
  readonly stopRequest: (
    requestId: string
  ) => Effect.Effect<void, RequestNotFound | RequestStateConflict | RequestManagerUnavailable>
  /** Takes the chain of a RUNNING request that was suspended. */
  readonly suspendRequest: (
    chain: SuspendedJobChain
  ) => Effect.Effect<void, RequestNotFound | RequestStateConflict | RequestManagerUnavailable>
  /** Returns a request's chain: as it was suspended where it was, else as it was created. */
  readonly getJobChain: (requestId: string) => Effect.Effect<JobChain, RequestNotFound | RequestManagerUnavailable>
  /** Returns every job log of a request, in the order in which they came. */
  readonly getJobLogs: (
    requestId: string
  ) => Effect.Effect<ReadonlyArray<JobLog>, RequestManagerUnavailable>
  /** Returns the log of a job's try, of its latest one where none is given. */
  readonly getJobLog: (
    requestId: string,
    jobId: string,
    jobTry?: number
  ) => Effect.Effect<JobLog, JobLogNotFound | RequestManagerUnavailable>
  /** Keeps a job log. The same (request, job, try) again is no error and changes nothing. */
  readonly createJobLog: (log: JobLog) => Effect.Effect<void, RequestManagerUnavailable>
  /** Lists the request types that can be created. */
  readonly requestList: Effect.Effect<ReadonlyArray<string>, RequestManagerUnavailable>
  /** Returns the status of every running job, of one request or of all. */
  readonly running: (requestId?: string) => Effect.Effect<ReadonlyArray<JobStatus>, RequestManagerUnavailable>
  /**
   * Takes how many jobs of a RUNNING request are finished, and how many there are by now. A request that is not, or not known,
   * is no error.
   */
  readonly updateProgress: (progress: RequestProgress) => Effect.Effect<void, RequestManagerUnavailable>
}>()("jobchain/RequestManager") {
  /**
   * Keeps everything in memory.
   *
   * **Details**
   *
   * Without `jobRunner`, starting a request only notes that it runs, by whoever the application lets run it, and
   * stopping one fails. `types` is what `requestList` answers.
   */
  static readonly layerMemoryWith = (options: MemoryOptions): Layer.Layer<RequestManager> =>
    Layer.effect(RequestManager, Effect.map(Clock.clockWith(Effect.succeed), (clock) => makeMemory(options, clock)))

  /** Keeps everything in memory, with no job runner to start and stop chains. */
  static readonly layerMemory: Layer.Layer<RequestManager> = RequestManager.layerMemoryWith({})
}

export interface MemoryOptions {
  readonly types?: ReadonlyArray<string>
  readonly jobRunner?: JobRunnerClient
}

/** What a Request Manager asks of the job runner that runs its chains. */
export interface JobRunnerClient {
  readonly start: (chain: JobChain) => Effect.Effect<void, RequestManagerUnavailable>
  readonly resume: (chain: SuspendedJobChain) => Effect.Effect<void, RequestManagerUnavailable>
  /** Is over when the request is. */
  readonly stop: (requestId: string) => Effect.Effect<void, RequestManagerUnavailable>
  readonly running: (requestId?: string) => Effect.Effect<ReadonlyArray<JobStatus>, RequestManagerUnavailable>
}

interface Entry {
  request: Request
  readonly jobChain: JobChain
  suspended: SuspendedJobChain | undefined
}

const makeMemory = ({ jobRunner, types = [] }: MemoryOptions, clock: Clock.Clock): RequestManager["Service"] => {
  const entries = new Map<string, Entry>()
  const logs = new Map<string, RequestLogs>()

  const entryOf = (requestId: string) =>
    Effect.suspend(() => {
      const entry = entries.get(requestId)
      return entry === undefined ? Effect.fail(new RequestNotFound({ requestId })) : Effect.succeed(entry)
    })

  /** Looks at the state and acts in one step, so that nobody comes in between. */
  const inState = <A>(requestId: string, expected: ReadonlyArray<JobState>, act: (entry: Entry) => A) =>
    Effect.flatMap(entryOf(requestId), (entry) =>
      expected.includes(entry.request.state)
        ? Effect.succeed(act(entry))
        : Effect.fail(new RequestStateConflict({ requestId, state: entry.request.state, expected })))

  const create = (given: CreateRequest): Effect.Effect<Request, RequestExists> =>
    Effect.suspend(() => {
      const id = given.jobChain.requestId ?? ""
      if (entries.has(id)) return Effect.fail(new RequestExists({ requestId: id }))
      const request: Request = {
        id,
        type: given.type ?? "",
        state: "PENDING",
        user: given.user ?? "",
        args: given.args ?? {},
        createdAt: clock.currentTimeMillisUnsafe(),
        totalJobs: Object.keys(given.jobChain.jobs ?? {}).length,
        finishedJobs: 0
      }
      entries.set(id, { request, jobChain: given.jobChain, suspended: undefined })
      return Effect.succeed(request)
    })

  const start = Effect.fnUntraced(function*(requestId: string) {
    // Noted first: the chain may be over before the job runner has answered.
    const started = yield* inState(requestId, ["PENDING", "SUSPENDED"], (entry) => {
      const before = { ...entry }
      entry.suspended = undefined
      entry.request = { ...entry.request, state: "RUNNING", startedAt: clock.currentTimeMillisUnsafe() }
      return { entry, before }
    })
    if (jobRunner === undefined) return
    const { before: { jobChain, request, suspended }, entry } = started
    const ask = suspended === undefined ? jobRunner.start(jobChain) : jobRunner.resume(suspended)
    yield* Effect.onError(ask, () =>
      Effect.sync(() => {
        if (entry.request.state === "RUNNING") Object.assign(entry, { request, suspended })
      }))
  })

  const finish = ({ requestId, ...end }: FinishRequest) =>
    inState(requestId, ["RUNNING", end.state], (entry) => {
      entry.request = { ...entry.request, ...end }
    })

  const suspend = (chain: SuspendedJobChain) =>
    inState(chain.requestId ?? "", ["RUNNING", "SUSPENDED"], (entry) => {
      const { finishedJobs, jobs } = chain.jobChain ?? {}
      const totalJobs = Object.keys(jobs ?? {}).length
      entry.suspended = chain
      entry.request = { ...entry.request, state: "SUSPENDED", finishedJobs: finishedJobs ?? 0, totalJobs }
    })

  const stop = Effect.fnUntraced(function*(requestId: string) {
    yield* inState(requestId, ["RUNNING"], () => {})
    if (jobRunner === undefined) return yield* new RequestManagerUnavailable({ reason: "it has no job runner" })
    yield* jobRunner.stop(requestId)
  })

  const find = (filter: RequestFilter): ReadonlyArray<Request> => {
    const found = Array.from(entries.values(), (entry) => entry.request).filter((request) => matches(filter, request))
    const offset = filter.offset ?? 0
    return found.toReversed().slice(offset, offset + (filter.limit ?? found.length))
  }

  const getJobLog = (requestId: string, jobId: string, jobTry?: number) =>
    Effect.suspend(() => {
      const tries = logs.get(requestId)?.ofJob(jobId) ?? []
      const found = tries.findLast((log) => jobTry === undefined || log.try === jobTry)
      return found === undefined ? Effect.fail(new JobLogNotFound({ requestId, jobId })) : Effect.succeed(found)
    })

  return {
    createRequest: create,
    getRequest: (requestId) => Effect.map(entryOf(requestId), (entry) => entry.request),
    findRequests: (filter) => Effect.sync(() => find(filter)),
    startRequest: start,
    finishRequest: finish,
    stopRequest: stop,
    suspendRequest: suspend,
    getJobChain: (requestId) => Effect.map(entryOf(requestId), (entry) => entry.suspended?.jobChain ?? entry.jobChain),
    getJobLogs: (requestId) => Effect.sync(() => logs.get(requestId)?.all() ?? []),
    getJobLog,
    createJobLog: (log) =>
      Effect.sync(() => {
        let known = logs.get(log.requestId)
        if (known === undefined) logs.set(log.requestId, known = new RequestLogs())
        known.add(log)
      }),
    requestList: Effect.succeed(types),
    running: (requestId) => jobRunner?.running(requestId) ?? Effect.succeed([]),
    updateProgress: ({ requestId, ...progress }) =>
      Effect.sync(() => {
        const entry = entries.get(requestId)
        // What is sent late must not change what a final state says.
        if (entry?.request.state === "RUNNING") entry.request = { ...entry.request, ...progress }
      })
  }
}

const matches = (filter: RequestFilter, request: Request): boolean =>
  (filter.type === undefined || filter.type === request.type) &&
  (filter.user === undefined || filter.user === request.user) &&
  (filter.states === undefined || filter.states.includes(request.state)) &&
  (filter.since === undefined || (request.finishedAt ?? Number.POSITIVE_INFINITY) >= filter.since) &&
  (filter.until === undefined || request.createdAt < filter.until)
