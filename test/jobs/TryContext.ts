/**
 * Runs one try of a job type as the engine does, and keeps what the job says.
 */
import { Deferred, type Duration, Effect, Exit, Fiber, Result } from "effect"
import type { JobData } from "../../src/domain/JobData.ts"
import { interruptUnsafe, type Reason } from "../../src/engine/Interruption.ts"
import type { JobContext } from "../../src/engine/JobContext.ts"
import type { JobOutput } from "../../src/engine/JobOutput.ts"
import type { JobType } from "../../src/engine/JobType.ts"

export class TryContext implements JobContext {
  readonly requestId: string = "request"
  readonly jobId: string = "job"
  readonly try = 2
  readonly idempotencyKey: string = "request/job/2"
  readonly recovered = false
  readonly statuses: Array<string> = []
  readonly stopSignal = Deferred.makeUnsafe<Reason>()
  data: JobData
  stopReason: Reason | undefined = undefined
  stopGrace: number | undefined = undefined
  onTakeSignal: JobContext["takeSignal"] = () => Effect.never
  stdout: Buffer = Buffer.alloc(0)
  stderr: Buffer = Buffer.alloc(0)
  private readonly output: JobOutput["Service"] | undefined
  private readonly awaited: Array<{ readonly text: string; readonly said: Deferred.Deferred<void> }> = []

  constructor(options: { readonly data?: JobData; readonly output?: JobOutput["Service"] } = {}) {
    this.data = options.data ?? {}
    this.output = options.output
  }

  get stopped(): Effect.Effect<Reason> {
    return Deferred.await(this.stopSignal)
  }

  setData(data: JobData): Effect.Effect<void> {
    return Effect.sync(() => {
      this.data = { ...this.data, ...data }
    })
  }

  setStatus(status: string): Effect.Effect<void> {
    return Effect.sync(() => {
      this.statuses.push(status)
    })
  }

  takeSignal(name: string, timeout?: Duration.Input): Effect.Effect<JobData | undefined> {
    return this.onTakeSignal(name, timeout)
  }

  write(stream: "stdout" | "stderr", chunk: Uint8Array | string): Effect.Effect<void> {
    const bytes = Buffer.from(chunk)
    this[stream] = Buffer.concat([this[stream], bytes])
    for (const { said, text } of this.awaited) {
      if (this.stdout.includes(text)) Deferred.doneUnsafe(said, Exit.void)
    }
    return this.output?.write(this, stream, bytes) ?? Effect.void
  }

  /** Waits until the job has written a text to stdout. */
  says(text: string): Effect.Effect<void> {
    if (this.stdout.includes(text)) return Effect.void
    const said = Deferred.makeUnsafe<void>()
    this.awaited.push({ text, said })
    return Deferred.await(said)
  }
}

/** Runs a try to its end. */
export const run = <R>(type: JobType<string, any, R>, args: object, context = new TryContext()) =>
  Effect.suspend(() => {
    const prepared = Result.getOrThrow(type.prepare({ args: args as Record<string, unknown> }))
    return prepared.run(context) as Effect.Effect<any, any, R>
  })

/** Starts a try as the engine does: a type with a `stop` is not interrupted, but asked. */
export const start = <R>(type: JobType<string, any, R>, args: object, context: TryContext) =>
  Effect.map(
    Effect.forkChild(run(type, args, context), {
      uninterruptible: "stop" in Result.getOrThrow(type.prepare({ args: args as Record<string, unknown> }))
    }),
    (fiber) => ({
      fiber,
      end: Fiber.join(fiber),
      stop: (reason: Reason) =>
        Effect.sync(() => {
          context.stopReason = reason
          Deferred.doneUnsafe(context.stopSignal, Exit.succeed(reason))
          interruptUnsafe(fiber, reason)
        })
    })
  )

/** Returns the faults of args that do not fit. */
export const faultsOf = (type: JobType<string, any, any>, args: object): ReadonlyArray<string> => {
  const prepared = type.prepare({ args: args as Record<string, unknown> })
  return Result.isSuccess(prepared)
    ? []
    : prepared.failure.issues.map(({ message, path }) => `${path.join(".")}: ${message}`)
}
