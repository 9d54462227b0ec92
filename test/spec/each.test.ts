/**
 * Jobs and sequences that are repeated for each item of a list that the file gives.
 */
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import type { JobChain } from "../../src/domain/JobChain.ts"
import * as Validation from "../../src/domain/Validation.ts"
import * as ChainBuilder from "../../src/spec/ChainBuilder.ts"
import * as ChainFile from "../../src/spec/ChainFile.ts"

const chainOf = (text: string): JobChain => {
  const { jobChain } = Result.getOrThrow(ChainFile.parse(text, { file: "chain.yaml" }))
  assert.deepStrictEqual(Validation.faultsOfNew(jobChain), [])
  return jobChain
}

const faultsOf = (text: string): ReadonlyArray<string> => {
  const parsed = ChainFile.parse(text, { file: "chain.yaml" })
  return Result.isFailure(parsed) ? parsed.failure.message.split("\n") : []
}

const jobOf = (chain: JobChain, id: string) => chain.jobs?.[id] ?? assert.fail(`there is no job ${id}`)

const withEach = (each: string) => faultsOf(`jobs:\n  a: { each: ${each}, run: x }\n`)

describe("a job with each", () => {
  it("is there once for each item, between a job that begins them all and one that ends them", () => {
    const chain = chainOf(`jobs:
  fetch: { run: fetch }
  build: { needs: fetch, each: [linux, mac], run: make }
  pack: { needs: build, run: pack }
`)
    assert.deepStrictEqual(chain.adjacencyList, {
      fetch: ["build"],
      build: ["build[linux]", "build[mac]", "build.end"],
      "build[linux]": ["build.end"],
      "build[mac]": ["build.end"],
      "build.end": ["pack"]
    })
    assert.strictEqual(jobOf(chain, "build").type, "noop")
    assert.deepStrictEqual(jobOf(chain, "build[mac]"), {
      id: "build[mac]",
      name: "build[mac]",
      type: "shell",
      state: 1,
      args: { command: "make" },
      item: { item: "mac" }
    })
  })

  it("says on the wire how many of its instances may be under way at once", () => {
    const chain = chainOf("jobs: { build: { each: { of: [a, b], parallel: 1 }, run: make } }")
    assert.strictEqual(jobOf(chain, "build").parallel, 1)
    const faults = Validation.faultsOfNew({
      ...chain,
      jobs: { ...chain.jobs, build: { ...chain.jobs?.build, parallel: 0.5 } }
    })
    assert.deepStrictEqual(faults.map(({ message }) => message), [
      `The parallel of job "build" is 0.5, expected a number of instances from 1`
    ])
  })

  it("is nothing but its begin and its end for an empty list", () => {
    const chain = chainOf("jobs: { build: { each: [], run: make } }")
    assert.deepStrictEqual(chain.adjacencyList, { build: ["build.end"] })
  })

  it("has each item in its data and in its args, whole or within a text", () => {
    const chain = chainOf(`jobs:
  call:
    each: { of: [{ name: a, port: 1, tags: [x] }], as: host, key: name }
    name: call of \${host.name}
    type: http
    args: { url: "https://\${host.name}:\${host.port}/", port: "\${host.port}", all: ["\${host}"], tags: "is \${host.tags}" }
`)
    const host = { name: "a", port: 1, tags: ["x"] }
    const { args, item, name } = jobOf(chain, "call[a]")
    assert.deepStrictEqual([name, item], ["call of a", { host }])
    assert.deepStrictEqual(args, { url: "https://a:1/", port: 1, all: [host], tags: "is [\"x\"]" })
  })

  it("leaves alone what is escaped, what names other variables, and what a shell is to run", () => {
    const chain = chainOf(`jobs:
  call: { each: [a], type: x, args: { text: "$\${item} \${items} \${HOME} $\${HOME} \${item}" } }
  run: { each: [a], run: "echo \${item} \${item.name} $\${item}" }
  shell: { each: [a], type: shell, args: { command: "echo \${item}", env: { ITEM: "\${item}" } } }
`)
    assert.deepStrictEqual(jobOf(chain, "call[a]").args, { text: "${item} ${items} ${HOME} $${HOME} a" })
    assert.deepStrictEqual(jobOf(chain, "run[a]").args, { command: "echo ${item} ${item.name} $${item}" })
    assert.deepStrictEqual(jobOf(chain, "shell[a]").args, { command: "echo ${item}", env: { ITEM: "a" } })
  })

  it("belongs to the sequence it stands in, also where it is the first of it", () => {
    const chain = chainOf("jobs: { all: { retry: 2, sequence: { one: { each: [a], run: x } } } }")
    assert.deepInclude(jobOf(chain, "all.one"), { sequenceId: "all.one", sequenceRetry: 2 })
    assert.notProperty(jobOf(chain, "all.one[a]"), "sequenceRetry")
    for (const id of ["all.one[a]", "all.one.end"]) assert.strictEqual(jobOf(chain, id).sequenceId, "all.one")
  })
})

describe("a sequence with each", () => {
  const chain = chainOf(`jobs:
  fetch: { run: fetch }
  host:
    each: { of: [db-01, db-02], as: host }
    retry: 2
    retryWait: 5s
    sequence:
      stop: { run: stop }
      disk: { needs: stop, each: [1, 2], type: check, args: { of: "\${host}/\${item}" } }
      start: { needs: [disk, fetch], run: start }
`)

  it("is a sequence of its own for each item", () => {
    for (const host of ["db-01", "db-02"]) {
      const sequenceId = `host[${host}].stop`
      assert.deepInclude(jobOf(chain, sequenceId), { sequenceId, sequenceRetry: 2, sequenceRetryWait: "5s" })
      for (const part of ["disk", "disk[2]", "disk.end", "start"]) {
        const job = jobOf(chain, `host[${host}].${part}`)
        assert.deepStrictEqual([job.name, job.sequenceId, job.sequenceRetry], [job.id, sequenceId, undefined])
      }
    }
  })

  it("can have lists inside of lists", () => {
    assert.deepStrictEqual(jobOf(chain, "host[db-02].disk[1]").args, { of: "db-02/1" })
    assert.deepStrictEqual(jobOf(chain, "host[db-02].stop").item, { host: "db-02" })
  })

  it("begins when what its jobs need from outside is complete", () => {
    assert.deepStrictEqual(chain.adjacencyList?.fetch, ["host"])
    assert.deepStrictEqual(chain.adjacencyList?.["host[db-01].disk.end"], ["host[db-01].start"])
  })

  it("gets a begin and an end inside of each instance where several jobs are first or last", () => {
    const { adjacencyList } = chainOf("jobs: { s: { each: [x], sequence: { a: { run: a }, b: { run: b } } } }")
    assert.deepStrictEqual(adjacencyList, {
      s: ["s[x].begin", "s.end"],
      "s[x].begin": ["s[x].a", "s[x].b"],
      "s[x].a": ["s[x].end"],
      "s[x].b": ["s[x].end"],
      "s[x].end": ["s.end"]
    })
  })

  it("hides the item of an outer list behind one of the same name", () => {
    const hidden = chainOf(
      "jobs: { s: { each: [x], sequence: { a: { each: [{ f: 1 }], type: t, args: { is: \"${item.f}\" } } } } }"
    )
    assert.deepStrictEqual(jobOf(hidden, "s[x].a[0]").args, { is: 1 })
  })
})

describe("a list", () => {
  it.each([
    ["[]", []],
    ["{}", [`chain.yaml:2:8: each: "of" is missing`]],
    ["7", [`chain.yaml:2:14: each: expected a list, the key of one in job data or a map with "of", got 7`]],
    ["{ of: [a], as: 1x }", [
      `chain.yaml:2:29: as: expected a name of letters, digits, _ and -, starting with a letter or _, got "1x"`
    ]],
    ["{ of: [a], parallel: 0 }", [
      "chain.yaml:2:35: parallel: expected a number of instances from 1, got 0"
    ]],
    ["[a, b, a]", [`chain.yaml:2:21: each: "a" names the item with number 1, too`]],
    ["[1, \"1\"]", [`chain.yaml:2:18: each: "1" names the item with number 1, too`]],
    ["[\"\", \"a]\"]", [
      `chain.yaml:2:15: each: "" cannot name an item: expected 1 to 100 characters other than brackets and control characters`,
      `chain.yaml:2:19: each: "a]" cannot name an item: expected 1 to 100 characters other than brackets and control characters`
    ]],
    ["{ of: [{ name: a }, { nam: b }], key: name }", [
      `chain.yaml:2:34: of: the item has no field "name" with a text or number`
    ]]
  ])("is read where it is %s, or all its faults are told with their places", (each, expected) => {
    assert.deepStrictEqual(withEach(each), expected)
  })

  it("is refused where it is longer than can be made at once", () => {
    const list = JSON.stringify(Array.from({ length: 10_001 }, (_, index) => index))
    assert.deepStrictEqual(withEach(list), ["chain.yaml:2:8: each: expected at most 10000 items, got 10001"])
  })

  it("must give each item the fields that jobs ask for", () => {
    const faults = faultsOf(`jobs:
  a:
    each: [{ port: 1 }, { prot: 2 }]
    type: http
    args: { url: "https://example.com:\${item.port}" }
`)
    assert.deepStrictEqual(faults, [`chain.yaml:3:25: each: the item has no field "port", which "a" asks for`])
  })
})

describe("the place of a fault", () => {
  it("is where the job is written, for each of its instances", () => {
    const text = "jobs:\n  s:\n    each: [x]\n    sequence:\n      a: { type: t, args: { n: 1 } }\n"
    const { locate } = Result.getOrThrow(ChainFile.parse(text, { file: "chain.yaml" }))
    assert.deepStrictEqual(locate(["jobs", "s[x].a", "args", "n"]), { line: 5, column: 32 })
  })
})

describe("ChainBuilder.make", () => {
  it("makes the same of it as a file", () => {
    const built = ChainBuilder.make({
      jobs: { host: { each: { of: ["a", "b"], as: "host" }, retry: 1, sequence: { stop: { run: "stop" } } } }
    })
    assert.deepStrictEqual(
      built,
      chainOf("jobs: { host: { each: { of: [a, b], as: host }, retry: 1, sequence: { stop: { run: stop } } } }")
    )
  })
})
