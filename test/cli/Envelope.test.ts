import { assert, describe, it } from "@effect/vitest"
import * as Envelope from "../../src/cli/Envelope.ts"

const chain = {
  requestId: "r",
  jobChain: {
    requestId: "r",
    state: 7,
    finishedJobs: 1,
    jobs: {
      a: { id: "a", type: "noop", state: 3 },
      b: { id: "b", type: "noop", state: 1, data: { z: 1, y: [1, "ä"] } }
    },
    adjacencyList: { a: ["b"] }
  },
  totalJobTries: { a: 1 }
}

const sealed = Envelope.seal(chain, new Date(0))

/** Returns a value with one of its parts put in, or taken out where it is `undefined`. */
const changed = (value: unknown, [key, ...rest]: ReadonlyArray<string>, part: unknown): unknown =>
  key === undefined ? part : { ...Object(value), [key]: changed(Reflect.get(Object(value), key), rest, part) }

/** What is found in an envelope of which a part was changed. */
const alterations = (path: string, part: unknown) =>
  Envelope.open(JSON.stringify(changed(sealed, path.split("."), part))).alterations

describe("Envelope", () => {
  it("gives back the chain that was put in, in whatever layout and order", () => {
    const { chain: _, ...head } = sealed
    const { jobChain, ...rest } = chain
    const reordered = {
      ...head,
      chain: {
        jobChain: { ...jobChain, jobs: Object.fromEntries(Object.entries(jobChain.jobs).toReversed()) },
        ...rest
      }
    }
    for (const text of [JSON.stringify(sealed), JSON.stringify(sealed, null, 7), JSON.stringify(reordered)]) {
      assert.deepStrictEqual(Envelope.open(text), { chain, alterations: [] })
    }
  })

  it.each<[string, unknown, ReadonlyArray<string>]>([
    ["chain.jobChain.jobs.b.data.y", ["ä", 1], ["jobChain.jobs.b: altered"]],
    ["chain.jobChain.jobs.c", {}, ["jobChain.jobs.c: added"]],
    ["chain.jobChain.jobs.a", undefined, ["jobChain.jobs.a: removed"]],
    ["chain.jobChain.adjacencyList.a", [], ["jobChain.adjacencyList.a: altered"]],
    ["chain.jobChain.adjacencyList", null, ["jobChain.adjacencyList: added", "jobChain.adjacencyList.a: removed"]],
    ["chain.jobChain.finishedJobs", 2, ["jobChain.finishedJobs: altered"]],
    ["chain.totalJobTries.a", 0, ["totalJobTries: altered"]],
    ["exportedAt", "", ["what is around the chain: altered"]],
    ["checksums.all", "", ["what is around the chain: altered"]],
    ["checksums.parts.requestId", "", ["requestId: altered"]]
  ])("finds what was altered: %s = %j", (path, part, expected) => {
    assert.deepStrictEqual(alterations(path, part), expected)
  })

  it("finds everything altered where the checksums are gone", () => {
    assert.include(alterations("checksums", undefined), "jobChain.jobs.a: added")
  })

  it.each<[string, string, RegExp]>([
    ["a text that is cut off", JSON.stringify(sealed).slice(0, -9), /^damaged: /],
    ["something else", "[]", /^damaged: it is no exported chain$/],
    ["a newer version", JSON.stringify({ ...sealed, version: 2 }), /^it has version 2 of the format .* knows 1$/]
  ])("cannot open %s", (_, text, message) => {
    assert.throws(() => Envelope.open(text), message)
  })
})
