import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as ChainBuilder from "../../src/spec/ChainBuilder.ts"
import * as ChainFile from "../../src/spec/ChainFile.ts"

const parse = (text: string) => ChainFile.parse(text, { file: "chain.yaml" })

const text = `
timeout: 1h
limits: { jobs: 3, types: { shell: 2 }, keys: { db: 1 } }
jobs:
  a:
    run: a
    retry: 3
    retryPolicy: { factor: 2, maxWait: 1m, jitter: 0.5, maxElapsed: 1h, exits: [75], errors: [Busy] }
    timeout: 5s
    totalTimeout: 1m
    stopGrace: 0s
    stopTimeout: 20s
    priority: -1
    concurrencyKey: db
  s:
    needs: a
    retryPolicy: { factor: 3 }
    timeout: 10m
    siblings: finish
    sequence:
      b: { run: b, timeout: 1s }
`

const policies = {
  retryPolicy: { factor: 2, maxWait: "1m", jitter: 0.5, maxElapsed: "1h", exits: [75], errors: ["Busy"] },
  timeout: "5s",
  totalTimeout: "1m",
  stopGrace: "0s",
  stopTimeout: "20s",
  priority: -1,
  concurrencyKey: "db"
}

describe("policies of a chain file", () => {
  it("are those of the wire, and of a sequence on its first job", () => {
    const { jobChain } = Result.getOrThrow(parse(text))
    assert.deepInclude(jobChain, { timeout: "1h", limits: { jobs: 3, types: { shell: 2 }, keys: { db: 1 } } })
    assert.deepInclude(jobChain.jobs?.a, policies)
    assert.deepInclude(jobChain.jobs?.["s.b"], {
      timeout: "1s",
      sequenceRetryPolicy: { factor: 3 },
      sequenceTimeout: "10m",
      sequenceSiblings: "finish"
    })
  })

  it("are the same in the builder", () => {
    const built = ChainBuilder.make({
      timeout: "1h",
      limits: { jobs: 3, types: { shell: 2 }, keys: { db: 1 } },
      jobs: {
        a: { run: "a", retry: 3, ...policies },
        s: {
          needs: "a",
          retryPolicy: { factor: 3 },
          timeout: "10m",
          siblings: "finish",
          sequence: { b: { run: "b", timeout: "1s" } }
        }
      }
    })
    assert.deepStrictEqual(built, { ...Result.getOrThrow(parse(text)).jobChain, requestId: "" })
  })

  it("are faults with their places where they do not fit, all at once", () => {
    const faults = parse(`
timeout: 0s
limits: { jobs: 0, types: { shell: 1.5 }, job: 1 }
jobs:
  a: { run: a, timeout: soon, totalTimeout: 0s, priority: 1.5, concurrencyKey: "" }
  b: { run: b, retryPolicy: { factor: 0.5, jitter: 2, maxWait: -1s, exits: 75, errors: [1], max: 2 } }
  s: { siblings: wait, timeout: 5, totalTimeout: 1s, sequence: { c: { run: c, siblings: finish } } }
`)
    if (Result.isSuccess(faults)) return assert.fail("no faults")
    assert.deepStrictEqual(
      faults.failure.message.split("\n").filter((line) => line.startsWith("chain.yaml")).map((line) =>
        line.replace(/^chain\.yaml:/, "")
      ),
      [
        `2:10: timeout: expected a duration > 0 such as "500ms", "5s" or "1m30s", got "0s"`,
        "3:17: jobs: expected a number of jobs from 1, got 0",
        "3:36: shell: expected a number of jobs from 1, got 1.5",
        `3:43: unknown key "job"; did you mean "jobs"?`,
        `5:25: timeout: expected a duration > 0 such as "500ms", "5s" or "1m30s", got "soon"`,
        `5:45: totalTimeout: expected a duration > 0 such as "500ms", "5s" or "1m30s", got "0s"`,
        "5:59: priority: expected a whole number, got 1.5",
        `5:80: concurrencyKey: expected a text that is not empty, got ""`,
        "6:39: factor: expected a number ≥ 1, got 0.5",
        "6:52: jitter: expected a number from 0 to 1, got 2",
        `6:64: maxWait: expected a duration ≥ 0 such as "500ms", "5s" or "1m30s", got "-1s"`,
        "6:76: exits: expected a list of exit codes, got 75",
        "6:89: errors: expected an error tag, got 1",
        `6:93: unknown key "max"; the keys here are factor, maxWait, jitter, maxElapsed, exits, errors`,
        `7:18: siblings: expected "interrupt" or "finish", got "wait"`,
        `7:33: timeout: expected a duration > 0 such as "500ms", "5s" or "1m30s", got 5`,
        `7:36: "totalTimeout" does not go with the other keys here`,
        `7:79: unknown key "siblings"; the keys here are run, needs, when, each, retry, retryWait, retryPolicy, timeout, ` +
        "totalTimeout, stopGrace, stopTimeout, priority, concurrencyKey, name, data"
      ]
    )
  })
})
