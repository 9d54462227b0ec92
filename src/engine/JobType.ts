/**
 * A kind of job: its name, the shape of its args, and the Effect that runs it.
 *
 * Types are collected in a `JobFactory`, which makes a job of the wire runnable.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import type { TypeKeys } from "../domain/DataKeys.ts"
import type { Job } from "../domain/JobChain.ts"
import type { JobData } from "../domain/JobData.ts"
import type { JobContext } from "./JobContext.ts"
import type { JobResult } from "./JobResult.ts"
import * as SchemaKeys from "./SchemaKeys.ts"
import type { TypeRetrying } from "./TypeRetrying.ts"

/**
 * A job type that needs services `R`. `Args` is what a chain gives as `args`, encoded; `Needs` and `Sets` are the keys of job data
 * that its jobs need and set, `string` where that is not known.
 */
export interface JobType<
  out Name extends string = string,
  out Args = unknown,
  out R = never,
  out Needs extends string = string,
  out Sets extends string = string
> {
  readonly name: Name
  /** Decodes a job of this type, which makes it ready to run. */
  readonly prepare: (job: Job) => Result.Result<PreparedJob<R>, InvalidJobArgs>
  /** Which keys of job data jobs of the type read and set, as far as `needs` and `data` say. */
  readonly keys: TypeKeys
  /** Only in types: the args as a chain gives them. */
  readonly "~args"?: Args
  /** Only in types, as `keys` says it at run time. */
  readonly "~needs"?: Needs
  readonly "~sets"?: Sets
}

/** A job with its args decoded. */
export interface PreparedJob<out R = never> {
  readonly run: (context: JobContext) => Effect.Effect<unknown, unknown, R>
  /** Asks the job to end; `run` is then not interrupted. See `Options.stop`. */
  readonly stop?: (context: JobContext) => Effect.Effect<unknown, unknown, R>
  readonly retry?: TypeRetrying<unknown, R>
  /** Turns what a try succeeded with into job data. */
  readonly toData?: (value: unknown) => Result.Result<JobData, Schema.SchemaError>
}

/** A job's args or bytes are not what its type takes. */
export class InvalidJobArgs extends Data.TaggedError("InvalidJobArgs")<{
  readonly type: string
  /** Where the wrong value is in the job: under `args` or `bytes`. */
  readonly field: "args" | "bytes"
  readonly error: Schema.SchemaError
}> {
  override get message(): string {
    return `the ${this.field} of a job of type "${this.type}" do not fit: ${this.error.message}`
  }

  /** Every wrong place, as a path from the job, and what was expected there. */
  get issues(): ReadonlyArray<{ readonly path: ReadonlyArray<PropertyKey>; readonly message: string }> {
    return formatIssue(this.error.issue).issues.map((issue) => ({
      path: [this.field, ...(issue.path ?? []) as ReadonlyArray<PropertyKey>],
      message: issue.message
    }))
  }
}

const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1({
  leafHook: (issue) => {
    const keys = issue._tag === "UnexpectedKey" && issue.ast._tag === "Objects" ? issue.ast.propertySignatures : []
    if (keys.length === 0) return SchemaIssue.defaultLeafHook(issue)
    return `Unknown key, expected one of ${keys.map(({ name }) => String(name)).join(", ")}`
  }
})

interface Body<Args, Value, E, R, R2, Needs, NeededData, DataSet> {
  /**
   * Schema for the job data it needs, which `run` gets decoded as its third argument. Where it does not fit, the try is FAIL.
   * A chain of types that say so is checked when it is built, see `ChainBuilder`.
   */
  readonly needs?: Schema.Codec<Needs, NeededData>
  /**
   * Schema for the data the job hands on, where it succeeds with any. Without it, data must be JSON as it is. A type that sets
   * nothing, or no other keys, says so with it.
   */
  readonly data?: Schema.Codec<Value, DataSet>
  /**
   * Runs one try. Succeeding is COMPLETE, with data merged where an object is returned; a failure is FAIL, a defect FAIL
   * with its message, an interruption STOPPED; a `JobResult` says everything itself.
   */
  readonly run: (args: Args, context: JobContext, data: Needs) => Effect.Effect<Value | JobResult | void, E, R>
  /**
   * Asks a running try to end, as on a stop or suspend. With it, `run` is not interrupted but expected to end by itself
   * soon (it can also watch `context.stopped`), and what it reports then counts: COMPLETE stays COMPLETE. Where it fails,
   * `Traverser.stop` answers with an error once everything is over.
   */
  readonly stop?: (args: Args, context: JobContext) => Effect.Effect<unknown, unknown, R2>
  /** Which failures are worth another try, and when, beside what the chain says. */
  readonly retry?: TypeRetrying<E, R2>
}

/** A type whose args are decoded from a job's `args`, with keys it does not know refused. */
export interface Options<Args, Encoded, Value, E, R, R2, Needs, NeededData extends JobData, DataSet extends JobData>
  extends Body<Args, Value, E, R, R2, Needs, NeededData, DataSet>
{
  readonly args?: Schema.Codec<Args, Encoded>
  readonly bytes?: never
}

/** A type whose args are decoded from a job's `bytes`, as a Request Manager sends them: base64, see `jsonBytes`. */
export interface BytesOptions<Args, Value, E, R, R2, Needs, NeededData extends JobData, DataSet extends JobData>
  extends Body<Args, Value, E, R, R2, Needs, NeededData, DataSet>
{
  readonly bytes: Schema.Codec<Args, string>
  readonly args?: never
}

/**
 * Makes a job type.
 *
 * **Example**
 *
 * ```ts
 * import { Effect, Schema } from "effect"
 * import { JobType } from "jobchain"
 *
 * const greet = JobType.make("greet", {
 *   args: Schema.Struct({ who: Schema.String }),
 *   run: ({ who }, context) => Effect.succeed({ greeting: `Hello ${who}, for the ${context.try}. time` })
 * })
 * ```
 */
export const make: {
  <
    const Name extends string,
    Args,
    Value,
    E,
    R,
    R2 = never,
    Needs = undefined,
    NeededData extends JobData = {},
    DataSet extends JobData = JobData
  >(
    name: Name,
    options: BytesOptions<Args, Value, E, R, R2, Needs, NeededData, DataSet>
  ): JobType<Name, undefined, NoInfer<R | R2>, RequiredKeys<NeededData>, keyof DataSet & string>
  <
    const Name extends string,
    Args = Readonly<Record<string, unknown>>,
    Encoded = Readonly<Record<string, unknown>>,
    Value = never,
    E = never,
    R = never,
    R2 = never,
    Needs = undefined,
    NeededData extends JobData = {},
    DataSet extends JobData = JobData
  >(
    name: Name,
    options: Options<Args, Encoded, Value, E, R, R2, Needs, NeededData, DataSet>
  ): JobType<Name, NoInfer<Encoded>, NoInfer<R | R2>, RequiredKeys<NeededData>, keyof DataSet & string>
} = (name: string, options: AnyOptions): JobType<any, any, any, any, any> => {
  const decode = decoderOf(name, options)
  const toData = options.data === undefined ? undefined : Schema.encodeUnknownResult(options.data, allFaults)
  const { retry, stop } = options
  const run = runWith(name, options)
  const bind = (args: unknown): PreparedJob<any> => ({
    run: (context) => run(args, context),
    ...(stop === undefined ? {} : { stop: (context: JobContext) => stop(args, context) }),
    ...(retry === undefined ? {} : { retry }),
    ...(toData === undefined ? {} : { toData })
  })
  // Most types are this simple, and a chain can have a million jobs.
  const bindRun = (args: unknown): PreparedJob<any> => ({ run: (context) => run(args, context) })
  const prepared = stop === undefined && toData === undefined && retry === undefined ? bindRun : bind
  return { name, keys: keysOf(options), prepare: (job) => Result.map(decode(job), prepared) }
}

type RequiredKeys<Data> = string extends keyof Data ? string
  : { [Key in keyof Data & string]-?: {} extends Pick<Data, Key> ? never : Key }[keyof Data & string]

/** A try has not begun, as the job data is not what the type needs. */
export class InvalidJobData extends Data.TaggedError("InvalidJobData")<{
  readonly type: string
  readonly error: Schema.SchemaError
}> {
  override get message(): string {
    return `the data of a job of type "${this.type}" does not fit: ${this.error.message}`
  }
}

const runWith = (type: string, { needs, run }: AnyOptions) => {
  // Most types are this simple. What a job sees is built when it is read, so it is not read here.
  if (needs === undefined) return (args: unknown, context: JobContext) => run(args, context, undefined)
  const decode = Schema.decodeUnknownEffect(needs, { errors: "all" })
  return (args: unknown, context: JobContext) =>
    decode(context.data).pipe(
      Effect.mapError((error) => new InvalidJobData({ type, error })),
      Effect.flatMap((data) => run(args, context, data))
    )
}

const keysOf = ({ data, needs }: AnyOptions): TypeKeys => {
  const read = needs === undefined ? undefined : SchemaKeys.make(needs)
  const set = data === undefined ? undefined : SchemaKeys.make(data)
  return {
    ...(read === undefined ? {} : { needs: read.required, reads: read.all }),
    ...(set === undefined ? {} : { sets: set.all })
  }
}

/** Schema for `bytes` that hold JSON, which is what jobs of a SpinCycle Request Manager serialize to by custom. */
export const jsonBytes = <S extends Schema.Constraint>(schema: S) =>
  Schema.StringFromBase64.pipe(Schema.decodeTo(Schema.fromJsonString(schema)))

type AnyOptions =
  & Body<any, any, any, any, any, any, any, any>
  & { readonly args?: Schema.Codec<any, any>; readonly bytes?: Schema.Codec<any, string> }

const allFaults = { errors: "all", onExcessProperty: "error" } as const

const withoutArgs = Result.succeed(Object.freeze({}))

const decoderOf = (type: string, options: AnyOptions): (job: Job) => Result.Result<unknown, InvalidJobArgs> => {
  const field = options.bytes === undefined ? "args" : "bytes"
  const schema = options.bytes ?? options.args
  if (schema === undefined) return (job) => job.args ? Result.succeed(job.args) : withoutArgs
  const decode = Schema.decodeUnknownResult(schema, allFaults)
  return (job) =>
    Result.mapError(
      decode(job[field] ?? (field === "args" ? {} : "")),
      (error) =>
        new InvalidJobArgs({ type, field, error: Schema.isSchemaError(error) ? error : new Schema.SchemaError(error) })
    )
}
