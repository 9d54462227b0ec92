import { assert, describe, it } from "@effect/vitest"
import { language } from "../../src/conditions/CelConditions.ts"

describe("the keys of a condition in CEL", () => {
  it.each([
    [`data.version != "" && args.env == "production"`, ["version"], ["version"]],
    [`data["version"] == data.other.part`, ["version", "other"], ["version", "other"]],
    [`has(data.version)`, [], ["version"]],
    [`has(data.version) && data.version == "1"`, [], ["version"]],
    [`data.?version.orValue("") == data[?"other"].orValue("")`, [], ["version", "other"]],
    [`"version" in data && data.hosts.exists(host, host == data.main)`, ["hosts", "main"], [
      "hosts",
      "main",
      "version"
    ]],
    [`args.data.version == "1"`, [], []],
    [`data[args.key] ? true : false`, undefined, undefined],
    [`data.all(key, key != "x")`, undefined, undefined],
    [`size(data) > 0`, undefined, undefined]
  ])("of %s are %j and %j", (text, needs, reads) => {
    const keys = language.keysOf?.(text)
    assert.deepStrictEqual([keys?.needs, keys?.reads], [needs, reads])
  })

  it("are none that are known where the text cannot be read", () => {
    assert.isUndefined(language.keysOf?.("data.version =="))
  })
})
