import { assert, describe, it } from "@effect/vitest"
import * as Arguments from "../../scripts/bench/Arguments.ts"
import * as Workloads from "../../scripts/bench/Workloads.ts"
import * as Flags from "../../scripts/Flags.ts"

const namesOf = (...args: ReadonlyArray<string>) => Arguments.parse(args).workloads.map(({ name }) => name)

const groupsOf = (only: string) => new Set(Arguments.parse(["--only", only]).workloads.map(({ group }) => group))

/** The message of what is thrown. */
const refusalOf = (...args: ReadonlyArray<string>): string => {
  try {
    Arguments.parse(args)
  } catch (error) {
    assert.instanceOf(error, Flags.BadArguments)
    return error.message
  }
  return assert.fail("nothing was thrown")
}

describe("parse", () => {
  it("takes every workload and seven rounds unless told otherwise", () => {
    const { rounds, workloads } = Arguments.parse([])
    assert.strictEqual(rounds, 7)
    assert.deepStrictEqual(workloads, Workloads.all)
  })

  it("leaves the largest workloads out of a quick run, unless they are named", () => {
    assert.strictEqual(Arguments.parse(["--quick"]).rounds, 3)
    assert.notInclude(namesOf("--quick"), "W6")
    assert.deepStrictEqual(namesOf("--quick", "--only", "memory,W6"), ["W6"])
  })

  it("takes the workloads that are named, and all parts of one", () => {
    assert.deepStrictEqual(namesOf("--only", "memory,W5, W1,W1"), ["W5", "W1"])
    assert.deepStrictEqual(namesOf("--only", "W10"), ["W10a", "W10b", "W10b-half"])
  })

  it("takes the workloads of a group, and of those that are named only these", () => {
    assert.deepStrictEqual(groupsOf("durable"), new Set(["durable"]))
    assert.deepStrictEqual(groupsOf("memory,reading"), new Set(["memory", "reading"]))
    assert.deepStrictEqual(groupsOf("W1"), new Set(["memory", "durable"]))
    assert.deepStrictEqual(namesOf("--only", "durable,W1,W2"), ["W1", "W2"])
    assert.notInclude(namesOf("--only", "durable", "--quick"), "W5")
  })

  it("says what there is when asked for what there is not", () => {
    assert.match(
      refusalOf("--only", "W1,W99"),
      /^There is no workload "W99"; the workloads are W1, W2, .* in the groups memory, durable, /
    )
    assert.match(refusalOf("--only", "durable,start"), /^--only names no workload/)
    assert.match(refusalOf("--only", ","), /^--only names no workload; the workloads are W1, /)
    assert.match(refusalOf("--fast"), /'--fast'; the flags are --quick, --only, /)
    assert.match(refusalOf("--rounds", "0"), /^--rounds is "0", expected a number from 1/)
    assert.match(refusalOf("fast"), /'fast'/)
  })
})

describe("the workloads", () => {
  it("have each contestant once under a name, and let take part quickly only those who take part", () => {
    const names = Workloads.all.flatMap(({ contestants, name }) => contestants.map((contestant) => name + contestant))
    assert.strictEqual(new Set(names).size, names.length)
    for (const { contestants, quick } of Workloads.all) assert.includeMembers([...contestants], [...quick])
  })
})
