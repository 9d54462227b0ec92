import { assert, describe, it } from "@effect/vitest"
import * as DataKeys from "../../src/domain/DataKeys.ts"
import { chainOf } from "../../src/testing/index.ts"

const types: Readonly<Record<string, DataKeys.TypeKeys>> = {
  nothing: { needs: [], reads: [], sets: [] },
  build: { needs: [], reads: [], sets: ["version"] },
  deploy: { needs: ["version"], reads: ["version", "channel"], sets: ["url"] },
  check: { needs: ["url"], reads: ["url"], sets: [] }
}

type Fields = NonNullable<Parameters<typeof chainOf>[1]>[string]

const conditions: Readonly<Record<string, DataKeys.ConditionKeys>> = {
  "version is 1": { needs: ["version"], reads: ["version"] },
  "has url": { needs: [], reads: ["url"] }
}

/** What is found in a drawing in which each job is of the type of its name, up to a digit. */
const find = (drawing: string, fields: Parameters<typeof chainOf>[1] = {}): Array<string> => {
  const chain = chainOf(drawing, fields)
  const jobs = Object.entries(chain.jobs ?? {}).map(([id, job]) =>
    [id, { ...job, type: id.replace(/\d$/, "") }] as const
  )
  const named = { ...chain, jobs: Object.fromEntries(jobs) }
  return DataKeys.find(named, { keysOf: (type) => types[type], keysOfCondition: (text) => conditions[text] }).map((
    { job, key, kind, setBy }
  ) => [job, key, kind, ...setBy ?? []].join(" "))
}

const job = (type: string) => ({ type, state: 1 })
/** A list whose items have jobs of types, one after the other. */
const listed = (as: string, ...types: Array<string>): Fields => ({
  each: {
    from: "list",
    as,
    template: {
      jobs: Object.fromEntries(types.map((type) => [`.${type}`, { id: `.${type}`, ...job(type) }])),
      adjacencyList: Object.fromEntries(types.slice(1).map((type, index) => [`.${types[index]}`, [`.${type}`]]))
    }
  }
})
/** What is found where a list that is not known yet stands behind a build. */
const findInList = (fields: Fields) => find("build -> nothing\nnothing -> nothing2", { nothing: fields })

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
      const each = { from: "version", as: "item", template: { jobs: { "": { id: "", state: 1 } } } }
      assert.deepStrictEqual(find("nothing -> check", { check: { item: { url: "x" } } }), [])
      assert.deepStrictEqual(find("build -> nothing\nnothing -> check", { nothing: { each } }), [])
    })

    it("finds lists that nothing before sets", () => {
      const each = { from: "hosts", as: "item", template: { jobs: { "": { id: "", state: 1 } } } }
      assert.deepStrictEqual(find("build -> nothing", { nothing: { each } }), ["nothing hosts never-set"])
      assert.deepStrictEqual(find("any -> nothing", { nothing: { each } }), [])
    })

    it("finds keys that conditions take and nothing before sets, and takes what they look at for read", () => {
      assert.deepStrictEqual(find("nothing -> deploy", { nothing: { when: "version is 1" } }), [
        "nothing version never-set",
        "deploy version never-set",
        "deploy url never-read"
      ])
      assert.deepStrictEqual(find("build -> nothing", { nothing: { when: "version is 1" } }), [])
      assert.deepStrictEqual(
        find("nothing1 -> nothing2", { nothing1: { data: { url: 1 } }, nothing2: { when: "has url" } }),
        []
      )
    })

    it("leaves it to conditions, also those of a sequence around, whether a key they look at is needed", () => {
      assert.deepStrictEqual(find("nothing -> check", { check: { when: "has url" } }), [])
      assert.deepStrictEqual(find("nothing -> check", { check: { when: "anything" } }), [])
      const inSequence = (sequenceWhen: string) =>
        find("nothing1 -> nothing2\nnothing2 -> check\ncheck -> nothing3", {
          nothing2: { sequenceId: "nothing2", sequenceWhen },
          check: { sequenceId: "nothing2" }
        })
      assert.deepStrictEqual(inSequence("has url"), [])
      assert.deepStrictEqual(inSequence("version is 1"), ["nothing2 version never-set", "check url never-set"])
    })

    it("finds what jobs start with and nothing reads", () => {
      assert.deepStrictEqual(find("nothing1 -> nothing2", { nothing1: { data: { a: 1 } } }), ["nothing1 a never-read"])
      assert.deepStrictEqual(find("nothing1 -> any", { nothing1: { data: { a: 1 } } }), [])
      assert.deepStrictEqual(find("nothing -> check", { check: { data: { url: "x" } } }), [])
    })

    it("finds what the jobs of large chains start with", () => {
      const size = 20_000
      const jobs = Object.fromEntries(
        Array.from({ length: size }, (_, i) => [`j${i}`, { id: `j${i}`, type: "nothing", data: { [`k${i}`]: i } }])
      )
      const adjacencyList = Object.fromEntries(Array.from({ length: size - 1 }, (_, i) => [`j${i}`, [`j${i + 1}`]]))
      assert.lengthOf(DataKeys.find({ jobs, adjacencyList }, { keysOf: (type) => types[type] }), size)
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

    describe("where a list is not known yet", () => {
      it("looks at what its jobs need, of what is set before, by each other, or is their item", () => {
        const ofList = "nothing list never-set"
        assert.sameMembers(findInList(listed("item", "deploy", "check")), [ofList])
        assert.sameMembers(findInList(listed("item", "check", "deploy")), [
          ofList,
          "nothing[*].check url never-set",
          "nothing[*].deploy url never-read"
        ])
        assert.sameMembers(findInList(listed("url", "check")), [ofList, "build version never-read"])
      })

      it("looks at what comes after it, and into inner ones", () => {
        assert.sameMembers(find("build -> nothing\nnothing -> check", { nothing: listed("item", "deploy") }), [
          "nothing list never-set"
        ])
        const { each } = listed("inner", "check")
        const inner = {
          jobs: { "": { id: "", type: "nothing", state: 1, each }, ".end": { id: ".end", type: "nothing" } }
        }
        const outer = { from: "list", as: "url2", template: { ...inner, adjacencyList: { "": [".end"] } } }
        assert.sameMembers(findInList({ each: outer }), [
          "nothing list never-set",
          "nothing[*] list never-set",
          "nothing[*][*].check url never-set",
          "build version never-read"
        ])
      })
    })
  })
})
