import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, Schema } from "effect"
import { InvalidChain } from "../../src/domain/Validation.ts"
import * as JobType from "../../src/engine/JobType.ts"
import * as ChainBuilder from "../../src/spec/ChainBuilder.ts"
import * as ChainFile from "../../src/spec/ChainFile.ts"

const greet = JobType.make("greet", {
  args: Schema.Struct({ who: Schema.String }),
  run: () => Effect.void
})

const faultsOf = (make: () => unknown) => {
  try {
    make()
    return []
  } catch (error) {
    return (error as InvalidChain).faults.map(({ kind, message }) => `${kind} ${message}`)
  }
}

describe("ChainBuilder", () => {
  describe("make", () => {
    it("makes what a file of the same form makes", () => {
      const chain = ChainBuilder.make({
        name: "hello",
        jobs: {
          first: { run: "true", retry: 2, retryWait: "5s" },
          rollout: {
            needs: "first",
            when: "data.go",
            retry: 1,
            sequence: { push: { run: "push" }, smoke: { needs: ["push"], run: "smoke" } }
          },
          greet: { type: greet, args: { who: "world" }, needs: ["rollout"], when: "!data.quiet" }
        }
      })
      const file = `jobs:
  first: { run: "true", retry: 2, retryWait: 5s }
  rollout:
    needs: first
    when: data.go
    retry: 1
    sequence: { push: { run: push }, smoke: { needs: [push], run: smoke } }
  greet: { type: greet, args: { who: world }, needs: [rollout], when: "!data.quiet" }
`
      assert.deepStrictEqual(
        Object.values(chain.jobs ?? {}).map(({ id, sequenceWhen, when }) => [id, when, sequenceWhen]),
        [
          ["first", undefined, undefined],
          ["rollout.push", undefined, "data.go"],
          ["rollout.smoke", undefined, undefined],
          ["greet", "!data.quiet", undefined]
        ]
      )
      assert.deepStrictEqual(chain, Result.getOrThrow(ChainFile.parse(file, { file: "hello.yaml" })).jobChain)
    })

    it("has names and args checked by the compiler", () => {
      assert.throws(() =>
        // @ts-expect-error -- There is no job "frist".
        ChainBuilder.make({ jobs: { first: { run: "true" }, second: { run: "true", needs: "frist" } } }), InvalidChain)
      // @ts-expect-error -- The type needs its args.
      ChainBuilder.make({ jobs: { greet: { type: greet } } })
      // @ts-expect-error -- The args are of another shape.
      ChainBuilder.make({ jobs: { greet: { type: greet, args: { whom: "world" } } } })
    })

    it("throws where a job needs data that nothing before it sets", () => {
      const version = Schema.Struct({ version: Schema.String, channel: Schema.optionalKey(Schema.String) })
      const build = JobType.make("build", { data: version, needs: Schema.Struct({}), run: () => Effect.void })
      const deploy = JobType.make("deploy", { needs: version, run: (_, __, data) => Effect.log(data.version) })
      const fault = `a job of this type needs "version" in its data, which nothing before it sets`
      assert.deepStrictEqual(
        faultsOf(() => ChainBuilder.make({ jobs: { a: { type: build }, b: { type: deploy, needs: "a" } } })),
        []
      )
      assert.deepStrictEqual(faultsOf(() => ChainBuilder.make({ jobs: { a: { type: build }, b: { type: deploy } } })), [
        `missing-data jobs.b.type: ${fault}`
      ])
      assert.deepStrictEqual(
        faultsOf(() =>
          ChainBuilder.make({
            jobs: {
              a: { type: deploy, data: { version: "1" } },
              s: { sequence: { b: { type: deploy } } },
              c: { run: "x" }
            }
          })
        ),
        [`missing-data jobs.s.sequence.b.type: ${fault}`]
      )
      // A command may set anything.
      assert.deepStrictEqual(
        faultsOf(() => ChainBuilder.make({ jobs: { a: { run: "x" }, b: { type: deploy, needs: "a" } } })),
        []
      )
    })

    it("throws every fault that the compiler cannot see", () => {
      const jobs: Record<string, { readonly run: string; readonly needs: string; readonly retry: number }> = {
        a: { run: "x", needs: "b", retry: -1 },
        b: { run: "x", needs: "c", retry: 0 }
      }
      try {
        ChainBuilder.make({ jobs } as never)
        assert.fail("it should have thrown")
      } catch (error) {
        assert.instanceOf(error, InvalidChain)
        assert.deepStrictEqual(error.faults.map((fault) => fault.path.join(".")), ["jobs.a.retry", "jobs.b.needs"])
        assert.strictEqual(
          error.faults[1]?.message,
          "jobs.b.needs: there is no job or sequence \"c\" on this level or further out"
        )
      }
    })
  })
})
