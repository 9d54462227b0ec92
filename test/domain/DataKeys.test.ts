import { assert, describe, it } from "@effect/vitest"
import * as DataKeys from "../../src/domain/DataKeys.ts"
import * as Graph from "../../src/domain/Graph.ts"
import { chainOf } from "../../src/testing/index.ts"

const types: Readonly<Record<string, DataKeys.TypeKeys>> = {
  nothing: { needs: [], reads: [], sets: [] },
  build: { needs: [], reads: [], sets: ["version"] },
  deploy: { needs: ["version"], reads: ["version", "channel"], sets: ["url"] },
  check: { needs: ["url"], reads: ["url"], sets: [] }
}

/** What is found in a drawing in which each job is of the type of its name, up to a digit. */
const find = (drawing: string, fields: Parameters<typeof chainOf>[1] = {}): ReadonlyArray<string> => {
  const graph = Graph.make(chainOf(drawing, fields))
  const named = { ...graph, jobs: graph.jobs.map((job) => ({ ...job, type: job.id?.replace(/\d$/, "") ?? "" })) }
  return DataKeys.find(named, (type) => types[type]).map(({ job, key, kind, setBy }) =>
    [job, key, kind, ...setBy ?? []].join(" ")
  )
}

describe("DataKeys", () => {
  describe("find", () => {
    it("finds nothing where all that is needed is set before, and all that is set is read", () => {
      assert.deepStrictEqual(find("build -> nothing\nnothing -> deploy\ndeploy -> check"), [])
    })

    it("finds keys that are needed and set by nothing before the job", () => {
      assert.deepStrictEqual(find("nothing -> check build\ncheck -> deploy\nbuild -> deploy\ndeploy -> nothing2"), [
        "check url never-set",
        "deploy url never-read"
      ])
      assert.deepStrictEqual(find("nothing -> check", { check: { data: { url: "x" } } }), [])
      assert.deepStrictEqual(find("nothing -> check", { nothing: { data: { url: "x" } } }), [])
    })

    it("takes an item for set, and a list that is not known yet to bring jobs that read and set anything", () => {
      const each = { from: "url", as: "item", template: { jobs: { "": { id: "", state: 1 } } } }
      assert.deepStrictEqual(find("nothing -> check", { check: { item: { url: "x" } } }), [])
      assert.deepStrictEqual(find("build -> nothing\nnothing -> check", { nothing: { each } }), [])
    })

    it("finds keys that are set and read by nothing after the job, or only once another has set them", () => {
      assert.deepStrictEqual(find("build1 -> build2\nbuild2 -> nothing"), [
        "build1 version never-read",
        "build2 version never-read"
      ])
      assert.deepStrictEqual(find("build1 -> build2\nbuild2 -> deploy\ndeploy -> check"), ["build1 version never-read"])
    })

    it("finds keys that two jobs set of which either may win, where somebody reads them", () => {
      const fork = "nothing -> build1 build2\nbuild1 -> nothing1\nbuild2 -> nothing1\nnothing1 -> "
      assert.deepStrictEqual(find(`${fork}deploy\ndeploy -> check`), ["nothing1 version either-wins build1 build2"])
      assert.deepStrictEqual(find(`${fork}build3\nbuild3 -> deploy\ndeploy -> check`), [
        "build1 version never-read",
        "build2 version never-read"
      ])
      // A job that hands on what it got hands it on over what was set beside it.
      assert.deepStrictEqual(find("build1 -> nothing1 build2\nnothing1 -> deploy\nbuild2 -> deploy\ndeploy -> check"), [
        "deploy version either-wins build1 build2"
      ])
    })

    it("expects everything of jobs whose types do not say what they read or set, and of conditions", () => {
      assert.deepStrictEqual(find("any -> check\ncheck -> build\nbuild -> any2"), [])
      assert.deepStrictEqual(find("build -> nothing", { nothing: { when: "data.version == 1" } }), [])
    })
  })
})
