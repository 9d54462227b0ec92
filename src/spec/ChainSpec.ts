/**
 * The form in which people write chains: jobs and sequences by name, each saying what it needs.
 *
 * Chain files and `ChainBuilder` share it, and the JSON Schema of chain files is made from it. `SpecDecoder` decodes it,
 * `ChainPlan` checks what names say, `PlanCompiler` makes the wire chain of it.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as PolicySpec from "./PolicySpec.ts"

const namePattern = /^[A-Za-z0-9][A-Za-z0-9_-]*$/

/** Returns whether a job or sequence may be called so. Names are parts of ids, and ids are paths: so no dots. */
export const isName = (text: string): boolean => namePattern.test(text)

// `expected` stands on a type and on its checks: messages take it from the one that refuses the value.
const text = (expected: string) => Schema.String.annotate({ expected }).check(Schema.isNonEmpty({ expected }))

const object = Schema.Record(Schema.String, Schema.Json).annotate({ expected: "a map" })

const aCount = { expected: "a whole number ≥ 0" }
const Count = Schema.Number.annotate(aCount).check(Schema.isInt(aCount), Schema.isGreaterThanOrEqualTo(0, aCount))

const Needs = Schema.Union([Schema.String, Schema.Array(Schema.String)]).annotate({
  expected: "a name or a list of names",
  description:
    "What must be complete before this starts: names of jobs and sequences of the same level or further out. " +
    "To need a sequence is to need its end.",
  examples: ["fetch", ["build", "test"]]
})

const Items = Schema.Union([
  Schema.Array(Schema.Json).annotate({ expected: "a list" }),
  text("the key of a list in job data")
]).annotate({
  expected: "a list or the key of one in job data",
  description:
    "What to repeat it for: a list, or the key of a list that jobs before have put into the job data. Texts and " +
    "numbers stand in the ids of the jobs."
})

const variablePattern = /^[A-Za-z_][A-Za-z0-9_-]*$/u

/** Returns whether an item may be called so. */
export const isVariable = (text: string): boolean => variablePattern.test(text)

const aVariable = { expected: "a name of letters, digits, _ and -, starting with a letter or _" }

const aNumberOfInstances = { expected: "a number of instances from 1" }
const Parallel = Schema.Number.annotate(aNumberOfInstances)
  .check(Schema.isInt(aNumberOfInstances), Schema.isGreaterThanOrEqualTo(1, aNumberOfInstances))

/** Schema for a list, how its items are called, and how many instances may be under way at once. */
export const EachOf = Schema.Struct({
  of: Items,
  as: Schema.optionalKey(
    Schema.String.annotate(aVariable).check(Schema.isPattern(variablePattern, aVariable)).annotate({
      description: "The key of the item in the data of the jobs, and what ${…} in their args means.",
      default: "item"
    })
  ),
  parallel: Schema.optionalKey(Parallel.annotate({
    description: "How many instances may be under way at once; all of them unless given."
  })),
  key: Schema.optionalKey(
    text("the name of a field").annotate({
      description: "Where items are maps: the field by which they are called. Without it that is their place, from 0."
    })
  )
}).annotate({ expected: `a map with "of"` })
export type EachOf = typeof EachOf.Type

const Each = Schema.Union([...Items.members, EachOf]).annotate({
  expected: `a list, the key of one in job data or a map with "of"`,
  description:
    "Repeats it for each item of a list: as many jobs or sequences, side by side. To need it is to need them all.",
  examples: [["db-01", "db-02"], "hosts", { of: ["db-01", "db-02"], as: "host" }]
})
export type Each = typeof Each.Type

const common = {
  needs: Schema.optionalKey(Needs),
  when: Schema.optionalKey(
    text("a condition").annotate({
      description: "The condition on which it runs, in CEL, looked at when it would start; not met, it is skipped. " +
        "It sees `data` and `args`. For a sequence: the data and args of its first job.",
      examples: ["data.version != ''", "has(data.changed) && data.changed"]
    })
  ),
  each: Schema.optionalKey(Each),
  retry: Schema.optionalKey(Count.annotate({
    description: "How often it may be tried again after its first try. For a sequence: all its jobs together.",
    default: 0
  })),
  retryWait: Schema.optionalKey(PolicySpec.Wait.annotate({
    description: "The wait before each further try, a Go duration.",
    default: "0s",
    examples: ["500ms", "5s", "1m30s"]
  }))
}

const job = {
  ...common,
  ...PolicySpec.job,
  name: Schema.optionalKey(
    text("a text that is not empty").annotate({
      description: "What the job is called in logs and reports; its id if not given."
    })
  ),
  data: Schema.optionalKey(object.annotate({
    description: "The job data it starts with, beside what the jobs before it hand on."
  }))
}

/** Schema for a job that is a command line. */
export const ShellJob = Schema.Struct({
  run: text("a command line").annotate({
    description: "The command line, run by sh -c. Short for type: shell with args: { command: … }.",
    examples: ["npm run build"]
  }),
  ...job
}).annotate({ title: "Command", description: "A job that runs a command line." })
export type ShellJob = typeof ShellJob.Type

/** Schema for a job of any type. */
export const TypedJob = Schema.Struct({
  type: text("the name of a job type").annotate({
    description: "The job type that runs it.",
    examples: ["shell", "http", "sleep", "wait", "noop"]
  }),
  args: Schema.optionalKey(
    object.annotate({ description: "The args of the job; which there are depends on its type." })
  ),
  ...job
}).annotate({ title: "Job", description: "A job of a type that is named." })
export type TypedJob = typeof TypedJob.Type

/** Jobs and sequences, retried together. */
export interface Sequence {
  readonly needs?: string | ReadonlyArray<string>
  readonly when?: string
  readonly each?: Each
  readonly retry?: number
  readonly retryWait?: string
  readonly retryPolicy?: typeof PolicySpec.RetryPolicy.Type
  readonly timeout?: string
  readonly siblings?: "interrupt" | "finish"
  readonly sequence: Jobs
}

/** Name → job or sequence. */
export interface Jobs extends Readonly<Record<string, Entry>> {}

export type Entry = ShellJob | TypedJob | Sequence

const Jobs: Schema.Codec<Jobs> = Schema.Record(
  Schema.String,
  Schema.suspend(() => Entry).annotate({ identifier: "Entry" })
)
  .annotate({ expected: "a map of jobs by their names" })
  .check(
    Schema.isMinProperties(1, { expected: "at least one job" }),
    // `ChainPlan` checks names, also where the rest is broken; this is for the JSON Schema.
    Schema.makeFilter(() => true, { toJsonSchema: () => ({ propertyNames: { pattern: namePattern.source } }) })
  )

/** Schema for a sequence. */
export const Sequence: Schema.Codec<Sequence> = Schema.Struct({
  sequence: Jobs.annotate({ description: "The jobs of the sequence, and sequences inside it." }),
  ...common,
  ...PolicySpec.sequence
}).annotate({ title: "Sequence", description: "Jobs that are retried together, as a whole." })

/** Schema for what a name may stand for. */
export const Entry: Schema.Codec<Entry> = Schema.Union([ShellJob, TypedJob, Sequence]).annotate({
  expected: `a job (a map with "run" or "type") or a sequence (a map with "sequence")`
})

/** Schema for a chain as people write it. */
export const ChainSpec = Schema.Struct({
  $schema: Schema.optionalKey(
    Schema.String.annotate({ description: "Where the JSON Schema is, for editors. Not used." })
  ),
  name: Schema.optionalKey(text("a text that is not empty").annotate({ description: "What the chain is called." })),
  ...PolicySpec.chain,
  jobs: Jobs.annotate({ description: "The jobs and sequences by name." })
}).annotate({
  expected: `a map with "jobs"`,
  title: "jobchain file",
  description: "A chain of jobs.",
  examples: [{
    name: "release",
    jobs: {
      build: { run: "npm run build", retry: 2, retryWait: "5s" },
      rollout: { needs: ["build"], retry: 1, sequence: { push: { run: "./push.sh" } } }
    }
  }]
})
export type ChainSpec = typeof ChainSpec.Type
