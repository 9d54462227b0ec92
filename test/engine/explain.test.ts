/** Why jobs do not run: while their chain runs, and when it is over. */
import { assert, describe } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type * as Explanation from "../../src/domain/Explanation.ts"
import { JobFactory } from "../../src/engine/JobFactory.ts"
import * as Limits from "../../src/engine/Limits.ts"
import { noop } from "../../src/jobs/Noop.ts"
import { wait } from "../../src/jobs/Wait.ts"
import { chainOf, ScriptedJobs } from "../../src/testing/index.ts"
import * as Bench from "./Bench.ts"
import { itYielding } from "./Bench.ts"

const shown = (explanations: ReadonlyArray<Explanation.Explanation>) =>
  explanations.map(({ because, jobId, text }) => `${jobId} (${because}): ${text}`)

describe("Traverser.explain", () => {
  itYielding("says why jobs were skipped, and which signal one waits for", () =>
    Effect.gen(function*() {
      const bench = yield* Bench.make({ jobs: JobFactory.layer([wait, noop]) })
      const sequenceId = "s"
      const traverser = yield* bench.start(chainOf("a -> s w\ns -> t\nt -> z\nw -> z", {
        a: { when: "false" },
        s: { sequenceId, sequenceWhen: "has(data.go)" },
        t: { sequenceId },
        w: { type: "wait", args: { signal: "go" } }
      }))
      assert.deepStrictEqual(shown(yield* traverser.explain), [
        "a (over): skipped: its condition is not met, false",
        "s (over): skipped: the condition of the sequence s is not met, has(data.go)",
        `w (signal): waits for the signal "go"`,
        "t (over): skipped: the condition of the sequence s is not met, has(data.go)",
        "z (jobs): waits for w"
      ])
      yield* bench.fork(traverser.signal("go"))
      assert.strictEqual((yield* traverser.result).state, "COMPLETE")
    }))

  itYielding("says of each job that does not run what it waits for", () =>
    Effect.gen(function*() {
      const jobs = new ScriptedJobs({
        behaviours: { b: [{ state: "FAIL" }, {}], c: [{ block: true }], d: [{ block: true }], f: [{ state: "FAIL" }] }
      })
      const around = Layer.succeed(Limits.Current, new Limits.ProcessLimits({ keys: { db: { jobs: 1 } } }))
      const bench = yield* Bench.make({ jobs: jobs.layer, around })
      const traverser = yield* bench.start(chainOf("a -> b c d e f\nb -> z\nc -> z\nd -> z\ne -> z\nf -> z", {
        b: { retry: 1, retryWait: "1m" },
        d: { concurrencyKey: "db" },
        e: { concurrencyKey: "db" }
      }))
      assert.deepStrictEqual(shown(yield* traverser.explain), [
        "a (over): complete",
        "b (retry): waits until 1970-01-01T00:01:00.000Z before its next try",
        `e (limit): waits for a limit: 1 of key "db" at once`,
        "f (over): failed: no retries left",
        "z (jobs): waits for b, c, d, e, f (failed)"
      ])
      yield* bench.rig.run(traverser.stop)
      assert.deepStrictEqual(shown(yield* traverser.explain), [
        "a (over): complete",
        "b (over): stopped",
        "c (over): stopped",
        "d (over): stopped",
        "e (over): never ran",
        "f (over): failed: no retries left",
        "z (jobs): never ran, as it comes after b, c, d, e, f (failed)"
      ])
    }))

  itYielding("says it of a sequence that is rewound, and of why it is not any more", () =>
    Effect.gen(function*() {
      const jobs = new ScriptedJobs({
        behaviours: { b: [{ state: "FAIL", exit: 75 }, { state: "FAIL", exit: 2 }], c: [{ ignoreStop: true }, {}] }
      })
      const bench = yield* Bench.make({ jobs: jobs.layer })
      const sequenceId = "a"
      const traverser = yield* bench.start(chainOf("a -> b c\nb -> z\nc -> z", {
        a: { sequenceId, sequenceRetry: 5, sequenceRetryWait: "1m", sequenceRetryPolicy: { exits: [75] } },
        b: { sequenceId },
        c: { sequenceId },
        z: { sequenceId }
      }))
      assert.deepStrictEqual(shown(yield* traverser.explain), [
        "a (ending): waits for the end of c",
        "b (jobs): waits for a",
        "z (jobs): waits for b, c"
      ])
      yield* jobs.end("c")
      yield* bench.rig.settle
      assert.include(
        shown(yield* traverser.explain),
        "a (sequenceRetry): waits until 1970-01-01T00:01:00.000Z before the next try of its sequence"
      )
      yield* bench.rig.run(traverser.result)
      assert.include(
        shown(yield* traverser.explain),
        `b (over): failed: no retries left; sequence "a": exit 2 is not to be tried again`
      )
    }))

  itYielding("keeps why jobs were not tried again in the snapshot", () =>
    Effect.gen(function*() {
      const bench = yield* Bench.make({ jobs: Bench.jobsThat(() => Effect.never) })
      const traverser = yield* bench.make(chainOf("a", { a: { timeout: "1s", retry: 1 } }))
      yield* bench.rig.run(traverser.run)
      assert.deepStrictEqual(shown(yield* traverser.explain), [
        "a (over): timed out: the try took longer than 1s; no retries left"
      ])
      const job = (yield* traverser.snapshot).jobChain?.jobs?.a
      assert.deepInclude(job, { ending: "timed out", reason: "the try took longer than 1s; no retries left" })
    }))
})
