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

const missing = (path: string) =>
  `missing-data ${path}.type: a job of this type needs "version" in its data, which nothing before it sets`

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

    describe("where args stand for an item", () => {
      const check = JobType.make("check", {
        args: Schema.Struct({
          port: Schema.Number,
          method: Schema.optionalKey(Schema.Literals(["GET", "PUT"])),
          of: Schema.optionalKey(Schema.Struct({ tags: Schema.Array(Schema.Number) }))
        }),
        run: () => Effect.void
      })

      it("takes it for any value, in a job that is repeated or in a sequence that is", () => {
        const ports = ChainBuilder.make({ jobs: { a: { type: check, each: [80, 443], args: { port: "${item}" } } } })
        assert.deepStrictEqual(ports.jobs?.["a[443]"]?.args, { port: 443 })
        const hosts = [{ port: 1, method: "PUT", tag: 7 }]
        ChainBuilder.make({
          jobs: {
            s: {
              each: { of: hosts, as: "host" },
              sequence: {
                a: {
                  type: check,
                  args: { port: "${host.port}", method: "${host.method}", of: { tags: [1, "${host.tag}"] } }
                },
                b: {
                  type: check,
                  needs: "a",
                  each: { of: "more", as: "more" },
                  args: { port: "${host.port}", of: "${more}" }
                }
              }
            }
          }
        })
      })

      it("has the compiler refuse what is no item, and anything else", () => {
        assert.throws(() =>
          ChainBuilder.make({
            jobs: {
              a: {
                type: check,
                each: { of: [1], as: "host" },
                // @ts-expect-error -- The item is called "host".
                args: { port: "${item}" }
              },
              // @ts-expect-error -- There is no item.
              b: { type: check, args: { port: "${host}" } },
              // @ts-expect-error -- The method is another one.
              c: { type: check, each: [1], args: { port: 1, method: "POST" } }
            }
          }), InvalidChain)
      })

      it("throws where an item does not fit, for each that does not", () => {
        const jobs = { a: { type: check, each: [1, "x", true], args: { port: "${item}" } } } as const
        assert.deepStrictEqual(faultsOf(() => ChainBuilder.make({ jobs })), [
          `bad-args jobs.a.args.port: of "a[x]": Expected number`,
          `bad-args jobs.a.args.port: of "a[true]": Expected number`
        ])
      })
    })

    describe("where job types say which data they need and set", () => {
      const version = Schema.Struct({ version: Schema.String, channel: Schema.optionalKey(Schema.String) })
      const build = JobType.make("build", { data: version, needs: Schema.Struct({}), run: () => Effect.void })
      const deploy = JobType.make("deploy", { needs: version, run: (_, __, data) => Effect.log(data.version) })
      const test = JobType.make("test", {
        data: Schema.Struct({ passed: Schema.Boolean }),
        run: () => Effect.succeed({ passed: true })
      })
      const plain = JobType.make("plain", { run: () => Effect.void })

      it("takes jobs that get what they need: of those before them, of their data, of an item, of what may set anything", () => {
        ChainBuilder.make({ jobs: { a: { type: build }, b: { type: deploy, needs: "a" } } })
        ChainBuilder.make({
          jobs: { a: { type: build }, b: { type: test, needs: ["a"] }, c: { type: deploy, needs: "b" } }
        })
        ChainBuilder.make({ jobs: { a: { type: deploy, data: { version: "1" } } } })
        ChainBuilder.make({ jobs: { a: { type: test, data: { version: "1" } }, b: { type: deploy, needs: "a" } } })
        ChainBuilder.make({ jobs: { a: { type: deploy, each: { of: ["1", "2"], as: "version" } } } })
        ChainBuilder.make({ jobs: { a: { type: build }, s: { needs: "a", sequence: { b: { type: deploy } } } } })
        ChainBuilder.make({
          jobs: {
            s: { each: { of: ["1"], as: "version" }, sequence: { a: { type: test }, b: { type: deploy, needs: "a" } } }
          }
        })
        ChainBuilder.make({ jobs: { a: { run: "x" }, b: { type: test, needs: "a" }, c: { type: deploy, needs: "b" } } })
        ChainBuilder.make({ jobs: { a: { type: plain }, b: { type: deploy, needs: "a" } } })
        ChainBuilder.make({ jobs: { a: { type: "build" }, b: { type: deploy, needs: "a" } } })
        ChainBuilder.make({ jobs: { s: { sequence: { a: { type: build } } }, b: { type: deploy, needs: "s" } } })
      })

      it("has the compiler refuse jobs that need what nothing before them sets", () => {
        assert.deepStrictEqual(
          faultsOf(() =>
            ChainBuilder.make({
              jobs: {
                a: { type: build },
                // @ts-expect-error -- It does not need "a".
                b: { type: deploy },
                c: { type: test },
                d: { type: test, needs: "c" },
                // @ts-expect-error -- Neither "d" nor "c" sets it.
                e: { type: deploy, needs: ["d"], data: { channel: "x" } }
              }
            })
          ),
          [missing("jobs.b"), missing("jobs.e")]
        )
        assert.deepStrictEqual(
          faultsOf(() =>
            ChainBuilder.make({
              jobs: {
                a: { type: test },
                s: {
                  needs: "a",
                  sequence: {
                    b: { type: test },
                    // @ts-expect-error -- Nor does "a", before the sequence.
                    c: { type: deploy, needs: "b" }
                  }
                }
              }
            })
          ),
          [missing("jobs.s.sequence.c")]
        )
      })

      it("throws where the compiler cannot see what is before a job", () => {
        assert.deepStrictEqual(
          faultsOf(() =>
            ChainBuilder.make({ jobs: { s: { sequence: { a: { type: test } } }, b: { type: deploy, needs: "s" } } })
          ),
          [missing("jobs.b")]
        )
      })
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
