import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, Schema } from "effect"
import type { Job } from "../../src/domain/JobChain.ts"
import { JobFactory } from "../../src/engine/JobFactory.ts"
import * as JobResult from "../../src/engine/JobResult.ts"
import * as JobType from "../../src/engine/JobType.ts"
import { chainOf } from "../../src/testing/index.ts"
import * as Bench from "./Bench.ts"

const typed = JobType.make("typed", {
  args: Schema.Struct({
    count: Schema.NumberFromString,
    who: Schema.String,
    options: Schema.optionalKey(Schema.Struct({ loud: Schema.Boolean }))
  }),
  run: ({ count, who }) => Effect.succeed({ greetings: Array.from({ length: count }, () => `Hello ${who}`) })
})

const doNothing = () => Effect.void

const fails = (type: JobType.JobType<string, any>, job: Job): JobType.InvalidJobArgs => {
  const prepared = type.prepare(job)
  assert.isTrue(Result.isFailure(prepared))
  return (prepared as Result.Failure<never, JobType.InvalidJobArgs>).failure
}

/** Runs one job of a type, and returns its log and its data. */
const runOne = Effect.fnUntraced(function*(type: JobType.JobType<string, any>, fields: Omit<Job, "id"> = {}) {
  const sent = new Bench.Sent()
  const bench = yield* Bench.make({ jobs: JobFactory.layer([type as JobType.JobType]), sent })
  const traverser = yield* bench.make(chainOf("a", { a: { type: type.name, ...fields } }))
  yield* bench.rig.run(traverser.run)
  return { log: sent.logs.at(-1), data: (yield* traverser.snapshot).jobChain?.jobs?.a?.data ?? {} }
})

const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64")

/** What one try that returns a result is logged as. */
const logOf = (fields: Partial<JobResult.JobResultFields>) =>
  Effect.map(
    runOne(JobType.make("result", {
      run: (_, context) => Effect.as(context.write("stdout", "written"), JobResult.make(fields))
    })),
    ({ data, log }) => ({ ...log, data })
  )

describe("JobType", () => {
  describe("make", () => {
    it.effect("runs a job with its args decoded", () =>
      Effect.gen(function*() {
        const { data, log } = yield* runOne(typed, { args: { count: "2", who: "Ann" } })
        assert.deepInclude(log, { state: "COMPLETE", exit: 0, error: "" })
        assert.deepStrictEqual(data, { greetings: ["Hello Ann", "Hello Ann"] })
      }))

    it.effect("runs a job with the data it needs decoded, or fails", () =>
      Effect.gen(function*() {
        const needing = JobType.make("needing", {
          needs: Schema.Struct({ count: Schema.NumberFromString }),
          data: Schema.Struct({ doubled: Schema.Number }),
          run: (_, __, { count }) => Effect.succeed({ doubled: 2 * count })
        })
        const { data } = yield* runOne(needing, { data: { count: "21", other: true } })
        assert.deepStrictEqual(data, { count: "21", other: true, doubled: 42 })
        const { log } = yield* runOne(needing, { data: { count: 21 } })
        assert.deepInclude(log, { state: "FAIL", exit: 1 })
        assert.match(log?.error ?? "", /^the data of a job of type "needing" does not fit: /)
      }))

    it("knows the keys of job data that a type reads and sets, where its schemas name them", () => {
      const needs = Schema.Struct({ a: Schema.String, b: Schema.optionalKey(Schema.String) })
      assert.deepStrictEqual(
        JobType.make("t", { needs, data: Schema.Struct({ c: Schema.Number }), run: doNothing }).keys,
        {
          needs: ["a"],
          reads: ["a", "b"],
          sets: ["c"]
        }
      )
      assert.deepStrictEqual(
        JobType.make("t", { data: Schema.Record(Schema.String, Schema.Json), run: doNothing }).keys,
        {}
      )
      assert.deepStrictEqual(JobType.make("t", { run: doNothing }).keys, {})
    })

    it("says everything that is wrong with the args, and where", () => {
      const error = fails(typed, { args: { count: 2, options: { loud: "yes", quiet: true }, why: "?" } })
      assert.deepInclude(error, { _tag: "InvalidJobArgs", type: "typed", field: "args" })
      assert.sameDeepMembers(error.issues.map((issue) => issue.path.join(".")), [
        "args.count",
        "args.who",
        "args.options.loud",
        "args.options.quiet",
        "args.why"
      ])
      assert.match(error.message, /^the args of a job of type "typed" do not fit: /)
    })

    it.each([
      ["a key it does not know", { count: "1", who: "Ann", whom: "Bob" }, ["args.whom"]],
      ["a key that is missing", { count: "1" }, ["args.who"]],
      ["no args", undefined, ["args.count", "args.who"]],
      ["null", null, ["args.count", "args.who"]]
    ])("refuses %s", (_, args, places) => {
      const error = fails(typed, args === undefined ? {} : { args })
      assert.sameMembers(error.issues.map((issue) => issue.path.join(".")), places)
    })

    it.effect("gives the args as they are to a type without a schema", () =>
      Effect.gen(function*() {
        const echo = JobType.make("echo", { run: (args) => Effect.succeed({ ...args }) })
        assert.deepStrictEqual((yield* runOne(echo, { args: { any: [1] } })).data, { any: [1] })
        assert.deepStrictEqual((yield* runOne(echo, { args: null })).data, {})
      }))

    it.effect("fails a job whose args do not fit without running it, with what is wrong in its log", () =>
      Effect.gen(function*() {
        const { log } = yield* runOne(typed, { args: { count: "2" }, retry: 3 })
        assert.deepInclude(log, { state: "FAIL", exit: 1, try: 1, startedAt: 0, finishedAt: 0 })
        assert.match(
          log?.error ?? "",
          /^problem creating job runner: the args of a job of type "typed" do not fit: [^]*who/
        )
      }))

    describe("with data declared", () => {
      const dated = JobType.make("dated", {
        data: Schema.Struct({ place: Schema.NumberFromString }),
        run: (args) => Effect.succeed(args.place as { readonly place: number })
      })

      it.effect("encodes what the job hands on", () =>
        Effect.gen(function*() {
          assert.deepStrictEqual((yield* runOne(dated, { args: { place: { place: 7 } } })).data, { place: "7" })
        }))

      it.effect("fails a job that hands on something else, and keeps none of it", () =>
        Effect.gen(function*() {
          const { data, log } = yield* runOne(dated, { args: { place: { place: "seventh", extra: 1 } } })
          assert.deepInclude(log, { state: "FAIL", exit: 1 })
          assert.match(log?.error ?? "", /^the data it returned does not fit: [^]*extra[^]*place/)
          assert.deepStrictEqual(data, {})
        }))
    })
  })

  describe("jsonBytes", () => {
    const sh = JobType.make("sh", {
      bytes: JobType.jsonBytes(Schema.Struct({ cmd: Schema.String, args: Schema.Array(Schema.String) })),
      run: ({ args, cmd }) => Effect.succeed({ line: [cmd, ...args].join(" ") })
    })

    it.effect("decodes a job from the JSON in its bytes, and does not look at its args", () =>
      Effect.gen(function*() {
        const bytes = bytesOf({ cmd: "echo", args: ["ü", "€"] })
        assert.deepStrictEqual((yield* runOne(sh, { bytes, args: { other: 1 } })).data, { line: "echo ü €" })
      }))

    it.each([
      ["none", undefined],
      ["null", null],
      ["what is no base64", "%%%"],
      ["base64 of no JSON", Buffer.from("echo hello").toString("base64")]
    ])("refuses %s", (_, bytes) => {
      assert.deepInclude(fails(sh, bytes === undefined ? {} : { bytes }), { type: "sh", field: "bytes" })
    })

    it("says everything that is wrong in them, and where", () => {
      const error = fails(sh, { bytes: bytesOf({ cmd: 1, args: ["a", 2], shell: true }) })
      assert.sameMembers(
        error.issues.map((issue) => issue.path.join(".")),
        ["bytes.cmd", "bytes.args.1", "bytes.shell"]
      )
    })
  })
})

describe("JobResult", () => {
  it.effect("is COMPLETE with exit 0 where it says nothing else", () =>
    Effect.gen(function*() {
      const log = yield* logOf({})
      assert.deepInclude(log, { state: "COMPLETE", exit: 0, error: "", stdout: "written", stderr: "" })
    }))

  for (const state of ["COMPLETE", "FAIL", "UNKNOWN", "STOPPED"] as const) {
    it.effect(`says ${state} itself, with exit, error, output and data`, () =>
      Effect.gen(function*() {
        const fields = { exit: 3, error: "exit status 3", stdout: "out", stderr: "err" }
        assert.deepInclude(yield* logOf({ state, ...fields, data: { key: state } }), {
          state,
          ...fields,
          data: { key: state }
        })
      }))
  }

  for (const state of ["PENDING", "RUNNING", "SUSPENDED", "5" as never] as const) {
    it.effect(`counts as UNKNOWN where it says ${state}, in which no job can end`, () =>
      Effect.gen(function*() {
        assert.deepInclude(yield* logOf({ state, exit: 2 }), { state: "UNKNOWN", exit: 2 })
      }))
  }

  it.effect("lets a failure of running the job win over the error it reports, and change no state", () =>
    Effect.gen(function*() {
      const log = yield* logOf({ error: "reported", runError: "no such host", exit: 0 })
      assert.deepInclude(log, { state: "COMPLETE", exit: 0, error: "no such host" })
      assert.deepInclude(yield* logOf({ error: "reported", runError: "" }), { error: "reported" })
    }))

  it("is told from data", () => {
    assert.isTrue(JobResult.isJobResult(JobResult.make()))
    for (const value of [{ state: "COMPLETE", exit: 0, error: "" }, null, undefined, "COMPLETE", 0]) {
      assert.isFalse(JobResult.isJobResult(value))
    }
  })
})
